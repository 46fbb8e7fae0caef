"""Frames are cut alike with and without the fast library."""

from importlib.util import find_spec

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tasks.images import cutting
from tasks.images.cutting import Cutter, resized


def samples(height: int, width: int, channels: int) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 255, (height, width, channels), dtype=np.uint8)


@pytest.mark.skipif(find_spec("cykooz_resizer") is None, reason="the library has no wheel for this machine")
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("height", "width"), [(130, 230), (131, 77), (1, 90), (3, 2), (540, 960)])
@pytest.mark.parametrize(
    "place", [(0.0, 0.0, 1.0, 1.0), (0.013, 0.21, 0.87, 0.94), (-0.001, 0.4, 1.0, 1.0001)]
)
def test_it_is_cut_as_pillow_cuts(
    monkeypatch: pytest.MonkeyPatch,
    channels: int,
    height: int,
    width: int,
    place: tuple[float, float, float, float],
) -> None:
    whole = samples(height, width, channels)
    box = (place[0] * width, place[1] * height, place[2] * width, place[3] * height)
    size = (64, 36)
    quick = np.frombuffer(Cutter(whole, size).cut(box), np.uint8).reshape(36, 64, channels)
    monkeypatch.setattr(cutting, "fast", None)
    plain = np.frombuffer(Cutter(whole, size).cut(box), np.uint8).reshape(36, 64, channels)
    assert np.abs(quick.astype(int) - plain.astype(int)).max() <= 1


@pytest.mark.parametrize("channels", [1, 2])
def test_what_was_cut_before_leaves_no_trace(channels: int) -> None:
    """Only the rows that count are resized: the others hold what an earlier cut needed."""
    whole, size = samples(131, 77, channels), (64, 36)
    boxes = [
        (0.0, 0.0, 77.0, 131.0),
        (3.2, 40.7, 60.1, 77.3),
        (10.0, 100.1, 70.0, 131.0),
        (0.0, 0.0, 9.5, 7.25),
    ]
    one = Cutter(whole, size)
    for box in (*boxes, *reversed(boxes)):
        assert one.cut(box) == Cutter(whole, size).cut(box)


def test_an_image_is_made_smaller_and_larger_as_sharply(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, columns = np.mgrid[0:300, 0:400]
    waves = 127 + 100 * np.sin(columns / 5) * np.cos(rows / 7)
    image = Image.fromarray(np.repeat(waves[:, :, np.newaxis], 3, axis=2).astype(np.uint8))
    for size in ((200, 120), (800, 500)):
        quick = np.asarray(resized(image, size, (3.5, 10.25, 390.0, 280.0))).astype(int)
        with monkeypatch.context() as without:
            without.setattr(cutting, "fast", None)
            plain = np.asarray(resized(image, size, (3.5, 10.25, 390.0, 280.0))).astype(int)
        assert np.abs(quick - plain).max() <= 2
