"""What is as it should be comes out as it was."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tasks.enhancement.options import EnhancementLevel, ImagesConfig
from tasks.enhancement.picture import enhance, write
from tasks.images.loading import Pixels
from tests.unit.enhancement.pictures import (
    PHOTOGRAPHS,
    logo,
    low_key,
    photograph,
    product,
    screenshot,
    ssim,
    sunset,
)


def in_grey() -> Pixels:
    return np.asarray(Image.fromarray(photograph("astronaut")).convert("L").convert("RGB"))


FINE: dict[str, Callable[[], Pixels]] = {
    **{name: partial(photograph, name) for name in PHOTOGRAPHS},
    "white backdrop": product,
    "sunset": sunset,
    "low key": low_key,
    "black and white": in_grey,
}


@pytest.mark.parametrize("level", ["basic", "standard", "premium"])
@pytest.mark.parametrize("name", FINE)
def test_fine_photograph_stays(name: str, level: EnhancementLevel, tmp_path: Path) -> None:
    fine = FINE[name]()
    path = tmp_path / "fine.jpg"
    Image.fromarray(fine).save(path, quality=95, subsampling=0)
    made = enhance(path, ImagesConfig(enhancement_level=level))
    assert ssim(np.asarray(made.image), fine) >= 0.95
    assert not made.drawn
    assert made.warnings == ()


def test_grey_stays_grey(tmp_path: Path) -> None:
    path = tmp_path / "grey.png"
    Image.fromarray(in_grey()).save(path)
    made = np.asarray(enhance(path, ImagesConfig(enhancement_level="premium")).image).astype(int)
    assert np.abs(made - made.mean(axis=2, keepdims=True)).max() <= 2


def test_screenshot_stays_pixel_for_pixel(tmp_path: Path) -> None:
    path = tmp_path / "screen.png"
    screenshot().save(path)
    made = enhance(path, ImagesConfig(style="vivid"))
    assert made.drawn
    assert np.array_equal(np.asarray(made.image), np.asarray(screenshot()))
    assert made.warnings == ("The image is a drawing or a screenshot: its colours were left as they are.",)


def test_logo_keeps_its_colours_and_what_is_transparent(tmp_path: Path) -> None:
    path, target = tmp_path / "logo.png", tmp_path / "made.png"
    logo().save(path)
    made = enhance(path, ImagesConfig(enhancement_level="premium"))
    write(made, target)
    kept, was = np.asarray(Image.open(target)).astype(int), np.asarray(logo()).astype(int)
    assert made.drawn
    assert np.array_equal(kept[..., 3], was[..., 3])
    solid = was[..., 3] == 255
    assert np.abs(kept[solid] - was[solid]).max() <= 1
