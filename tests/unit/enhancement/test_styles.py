"""Styles differ clearly, spare what has to be right, and are the same every time."""

from functools import partial
from itertools import combinations
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tasks.enhancement.options import ImagesConfig, Style
from tasks.enhancement.picture import enhance
from tasks.enhancement.planes import luma, recoloured
from tasks.enhancement.styles import LOOKS, styled
from tasks.enhancement.variants import variant_of
from tests.unit.enhancement.pictures import FOLDER, delta_e, photograph

STYLES: tuple[Style, ...] = get_args(Style)


def test_every_style_has_a_look() -> None:
    assert set(LOOKS) == set(STYLES)


@pytest.mark.parametrize("name", ["coffee", "astronaut"])
def test_any_two_styles_are_told_apart(name: str) -> None:
    small = photograph(name)[::4, ::4]
    looks = {style: recoloured(small, partial(styled, style=style)) for style in STYLES}
    for one, other in combinations(STYLES, 2):
        # 2.3 is a difference that is just seen.
        assert delta_e(looks[one], looks[other]) > 2.5, (one, other)


@pytest.mark.parametrize("style", [style for style in STYLES if style != "moody"])
def test_white_stays_white(style: Style) -> None:
    white = styled(np.array([[1.0] * 3, [0.97] * 3], np.float32), style)
    assert white.min() > 0.955


@given(st.sampled_from(STYLES), st.lists(st.integers(0, 255), min_size=2, max_size=2))
def test_brighter_grey_stays_brighter(style: Style, levels: list[int]) -> None:
    low, high = sorted(levels)
    greys = np.repeat(np.array([[low], [high]], np.float32) / 255, 3, axis=1)
    made = luma(styled(np.asarray(greys, np.float32), style))
    assert made[0] <= made[1] + 1e-4


@pytest.mark.parametrize("style", [style for style in STYLES if style != "mono"])
def test_brand_colours_keep_their_hue(style: Style) -> None:
    brand = np.array([[0.80, 0.05, 0.10], [0.05, 0.35, 0.75], [0.10, 0.55, 0.25]], np.float32)
    made = styled(brand, style)
    assert (made.argmax(axis=1) == brand.argmax(axis=1)).all()
    assert (np.abs(hue(made) - hue(brand)) < 0.35).all()


@pytest.mark.parametrize("style", [style for style in STYLES if style != "mono"])
def test_skin_stays_skin(style: Style) -> None:
    skins = np.array([[0.93, 0.78, 0.70], [0.78, 0.58, 0.46], [0.42, 0.28, 0.21]], np.float32)
    assert (np.abs(hue(styled(skins, style)) - hue(skins)) < 0.25).all()


def hue(
    colours: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """As an angle, of colours without red's turn."""
    red, green, blue = colours[:, 0], colours[:, 1], colours[:, 2]
    return np.asarray(np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue), np.float64)


def test_mono_has_no_colour() -> None:
    made = recoloured(photograph("coffee"), lambda colours: styled(colours, "mono")).astype(int)
    assert np.ptp(made, axis=2).max() <= 1


def test_variants_of_an_image_differ_and_come_out_the_same_again() -> None:
    config = ImagesConfig(count=6, aspect="4:5", longest_side=320)
    made = [np.asarray(enhance(FOLDER / "coffee.jpg", config, number).image) for number in range(6)]
    for one, other in combinations(range(6), 2):
        assert delta_e(made[one][::4, ::4], made[other][::4, ::4]) > 2.5, (one, other)
    again = np.asarray(enhance(FOLDER / "coffee.jpg", config, 3).image)
    assert np.array_equal(again, made[3])


def test_first_variant_is_what_was_asked_for() -> None:
    for style in STYLES:
        first = variant_of(ImagesConfig(style=style), 0)
        assert (first.style, first.closeness) == (style, 1.0)
        assert len({variant_of(ImagesConfig(style=style), number).style for number in range(7)}) == 7


def test_small_image_on_a_large_canvas_is_told(tmp_path: Path) -> None:
    path = tmp_path / "small.jpg"
    Image.fromarray(photograph("coffee")).resize((200, 133)).save(path, quality=95)
    made = enhance(path, ImagesConfig(aspect="1:1", longest_side=600))
    assert made.image.size == (600, 600)
    assert made.warnings == ("The image is very small: it was enlarged 4.5 times and is not sharp.",)
