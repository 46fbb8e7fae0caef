"""A night stays a night; what was merely taken in too little light does not stay dark."""

import numpy as np
import pytest

from tasks.enhancement.corrections import correct
from tasks.enhancement.nightfall import nightfall
from tasks.enhancement.planes import luma, sample
from tasks.images.loading import Pixels
from tests.unit.enhancement.pictures import PHOTOGRAPHS, as_levels, photograph


def night(violet: float = 0.0) -> Pixels:
    """A blue sky with stars over black mountains with a little light on them."""
    rng = np.random.default_rng(3)
    sky = np.linspace(0.10, 0.26, 240)[:, None, None] * np.array([0.45 + violet, 0.6, 1.6])
    picture = np.repeat(sky, 360, axis=1)
    picture[rng.random(picture.shape[:2]) < 0.002] = (0.55, 0.58, 0.62)
    picture[170:] = np.array([0.11, 0.12, 0.19]) * rng.uniform(0.3, 1.6, (70, 360, 1))
    return as_levels(picture * 255)


def brightness(pixels: Pixels) -> float:
    return float(np.median(luma(sample(pixels))))


def warmth(pixels: Pixels) -> float:
    red, _, blue = pixels.reshape(-1, 3).astype(float).mean(axis=0)
    return float(red / blue)


@pytest.mark.parametrize("violet", [0.0, 0.2, 0.4])
def test_a_night_is_not_made_a_day(violet: float) -> None:
    dark = night(violet)
    made = correct(dark, "standard", "auto").pixels
    assert brightness(made) < 1.25 * brightness(dark)
    assert abs(warmth(made) - warmth(dark)) < 0.1 * warmth(dark)


@pytest.mark.parametrize("name", [name for name in PHOTOGRAPHS if name != "rocket"])
def test_too_little_light_is_put_right(name: str) -> None:
    dark = as_levels(photograph(name) * 0.4)
    assert nightfall(sample(dark)) == 0
    assert brightness(correct(dark, "standard", "auto").pixels) > 1.5 * brightness(dark)
