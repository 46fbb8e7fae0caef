"""One fault at a time: a photograph is spoilt by it, and is nearer to itself when it is put right."""

import numpy as np
import pytest

from tasks.enhancement import backdrop, contrast, exposure, noise, sharpness, vividness, white_balance
from tasks.enhancement.corrections import correct
from tasks.enhancement.planes import brightness, recoloured, sample
from tasks.images.loading import Pixels
from tests.unit.enhancement.pictures import (
    PHOTOGRAPHS,
    as_levels,
    blurred,
    delta_e,
    edge_energy,
    exposed,
    hazy,
    noisy,
    photograph,
    product,
    psnr,
    spread,
    street,
    tinted,
)

REACHING = ("coffee", "astronaut", "rocket")
"""Photographs that reach from black to white."""


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize(("deviation", "gain"), [(8, 4.0), (16, 5.5)])
def test_noise_goes_and_the_picture_stays(name: str, deviation: float, gain: float) -> None:
    clean = photograph(name)
    spoilt = noisy(clean, deviation)
    found = noise.measure(spoilt)
    assert found.amount > 0.5
    assert psnr(noise.corrected(spoilt, found), clean) > psnr(spoilt, clean) + gain


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_noise_is_measured(name: str) -> None:
    # Of noise that is the same in red, green and blue but not together, brightness has two thirds.
    for deviation in (6, 12):
        found = noise.measure(noisy(photograph(name), deviation))
        assert found.deviation * 255 == pytest.approx(deviation * 0.668, rel=0.2)


def without_cast(spoilt: Pixels) -> Pixels:
    cast = white_balance.measure(sample(spoilt))
    return recoloured(spoilt, lambda each: white_balance.corrected(each, cast))


@pytest.mark.parametrize("light", [(1.0, 0.84, 0.6), (0.68, 0.84, 1.0)])
def test_cast_of_lamps_and_shade_goes(light: tuple[float, float, float]) -> None:
    clean = photograph("astronaut")
    spoilt = tinted(clean, *light)
    assert delta_e(without_cast(spoilt), clean) < 0.75 * delta_e(spoilt, clean)


@pytest.mark.parametrize("light", [(1.0, 0.84, 0.6), (0.74, 0.86, 1.0), (0.85, 1.0, 0.8)])
def test_what_may_be_the_colour_of_things_is_not_made_worse(light: tuple[float, float, float]) -> None:
    """In a picture of brown wood and a red cup little tells the light from the things."""
    clean = photograph("coffee")
    spoilt = tinted(clean, *light)
    assert delta_e(without_cast(spoilt), clean) < delta_e(spoilt, clean) + 0.5


def test_light_of_a_low_sun_stays_and_that_of_a_lamp_goes() -> None:
    """Both are as warm where they reach; the shade of the sun has the blue of the sky."""
    lamp, sun = (
        white_balance.measure(sample(street((1.0, 0.84, 0.6), shade))).amount
        for shade in ((1.0, 0.84, 0.6), (0.65, 0.85, 1.0))
    )
    assert lamp > 0.6
    assert sun < 0.5 * lamp


def test_cast_on_a_product_goes_with_its_backdrop() -> None:
    clean = product()
    spoilt = exposed(tinted(clean, 1.0, 0.86, 0.66), -0.4)
    assert delta_e(correct(spoilt, "standard", "auto").pixels, clean) < 0.5 * delta_e(spoilt, clean)


@pytest.mark.parametrize("name", REACHING)
@pytest.mark.parametrize("range_", [(0.2, 0.75), (0.0, 0.6), (0.15, 1.0)])
def test_flat_light_spreads_towards_what_it_was(name: str, range_: tuple[float, float]) -> None:
    clean = photograph(name)
    spoilt = hazy(clean, *range_)
    found = exposure.measure(sample(spoilt))
    mended = recoloured(spoilt, lambda each: exposure.corrected(each, found))
    assert abs(spread(mended) - spread(clean)) < 0.6 * abs(spread(spoilt) - spread(clean))
    assert psnr(mended, clean) > psnr(spoilt, clean)


@pytest.mark.parametrize("name", ["coffee", "astronaut"])
@pytest.mark.parametrize("stops", [-1.5, -0.8])
def test_too_dark_gets_nearer(name: str, stops: float) -> None:
    clean = photograph(name)
    spoilt = exposed(clean, stops)
    found = exposure.measure(sample(spoilt))
    mended = recoloured(spoilt, lambda each: exposure.corrected(each, found))
    assert abs(mended.mean() - clean.mean()) < 0.5 * abs(spoilt.mean() - clean.mean())


@pytest.mark.parametrize("name", ["astronaut", "chelsea"])
def test_too_bright_gets_nearer(name: str) -> None:
    clean = photograph(name)
    spoilt = exposed(hazy(clean, 0.1, 1.0), 1.3)
    found = exposure.measure(sample(spoilt))
    mended = recoloured(spoilt, lambda each: exposure.corrected(each, found))
    assert abs(mended.mean() - clean.mean()) < 0.85 * abs(spoilt.mean() - clean.mean())


@pytest.mark.parametrize("name", ["coffee", "astronaut", "rocket"])
def test_blur_gets_sharper_without_halos(name: str) -> None:
    clean = photograph(name)
    spoilt = blurred(clean, 1.6)
    found = sharpness.measure(spoilt)
    assert found.amount > 0.3
    mended = sharpness.corrected(spoilt, found, 0.0)
    assert edge_energy(spoilt) * 1.15 < edge_energy(mended) < edge_energy(clean)
    assert psnr(mended, clean) > psnr(spoilt, clean)
    # No halo: nothing is brighter or darker than everything within two pixels was.
    before, after = (brightness(each) * 255 for each in (spoilt, mended))
    around = [np.roll(before, (down - 2, across - 2), axis=(0, 1)) for down, across in np.ndindex(5, 5)]
    assert (after <= np.maximum.reduce(around) + 6)[4:-4, 4:-4].mean() > 0.999
    assert (after >= np.minimum.reduce(around) - 6)[4:-4, 4:-4].mean() > 0.999


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_sharp_pictures_need_no_sharpening(name: str) -> None:
    assert sharpness.measure(photograph(name)).amount == 0


def test_flat_surfaces_get_form() -> None:
    clean = photograph("astronaut")
    base = blurred(clean, 25).astype(float)
    spoilt = as_levels(base + (clean - base) * 0.2)
    found = contrast.measure(spoilt)
    assert found.amount > 0.2
    mended = contrast.corrected(spoilt, found)
    assert psnr(mended, clean) > psnr(spoilt, clean)


def test_pale_colours_come_back_and_skin_least() -> None:
    clean = photograph("coffee")
    grey = clean.mean(axis=2, keepdims=True)
    spoilt = (grey + (clean - grey) * 0.22).astype(np.uint8)
    found = vividness.measure(sample(spoilt))
    assert found.amount > 0.5
    mended = recoloured(spoilt, lambda each: vividness.corrected(each, found))
    assert delta_e(mended, clean) < delta_e(spoilt, clean)
    face, sky = np.array([[0.80, 0.60, 0.50], [0.50, 0.60, 0.80]], np.float32)
    more = vividness.vibrant(np.stack([face, sky]), 0.4)
    assert np.ptp(more[0]) - np.ptp(face) < 0.5 * (np.ptp(more[1]) - np.ptp(sky))


def lit_unevenly(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    light = 0.95 - 0.22 * x - 0.1 * (y - 0.5) ** 2
    return as_levels(pixels * light[..., None] * [1.0, 0.97, 0.9])


def test_uneven_backdrop_is_evened_and_the_shadow_stays() -> None:
    clean = product((236, 236, 236))
    spoilt = lit_unevenly(clean)
    found = backdrop.measure(spoilt)
    assert found is not None
    assert found.amount > 0.8
    mended = backdrop.corrected(spoilt, found)
    ground = [mended[row, column].astype(float) for row in (20, 200, 300) for column in (15, 385)]
    assert np.ptp(ground) < 8
    # The shadow is as much darker than its paper as it was.
    before, after = (each[418, 200].mean() / each[418, 20].mean() for each in (clean, mended))
    assert after == pytest.approx(before, abs=0.04)
    # Of the bottle's outline nothing is lost.
    across = mended[200, 100:300].mean(axis=1)
    assert across.min() < 90


def test_backdrop_becomes_white_where_that_was_asked_for() -> None:
    spoilt = lit_unevenly(product((225, 225, 225)))
    found = backdrop.measure(spoilt, "on")
    assert found is not None
    mended = backdrop.corrected(spoilt, found, "on")
    assert min(mended[row, column].min() for row in (20, 200, 300) for column in (15, 385)) >= 250


def test_coloured_backdrop_keeps_its_colour() -> None:
    pink = product((240, 190, 200))
    found = backdrop.measure(pink)
    assert found is not None
    kept = backdrop.corrected(pink, found)
    assert np.abs(kept[20, 20].astype(int) - pink[20, 20]).max() <= 6


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_scenes_have_no_backdrop(name: str) -> None:
    assert backdrop.measure(photograph(name)) is None


def test_evening_sky_is_no_backdrop() -> None:
    rows = np.linspace(0, 1, 300)[:, None, None]
    sky = np.repeat(np.array([150, 170, 215]) * (1 - rows) + np.array([235, 215, 190]) * rows, 400, axis=1)
    assert backdrop.measure(noisy(as_levels(sky), 1.0)) is None
    sky[240:300, 150:260] = 40
    assert backdrop.measure(noisy(as_levels(sky), 1.0)) is None
