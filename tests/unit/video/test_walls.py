"""Over a blur, a plain wall of the picture goes on to the edge of the stage; anything else does not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.images.loading import Pixels
from tasks.video.framing import Framing
from tasks.video.motion import Focus, View
from tasks.video.picture import Picture

WALL = 224
_WHOLE = (0.0, 0.0, 1.0, 1.0)


def _room(*, grain: float = 2.0) -> Pixels:
    """A plain wall above a striped floor, three times as wide as high."""
    levels = np.full((200, 600, 3), WALL, np.float32)
    levels[120:] = (np.arange(600) // 12 % 2 * 160 + 40)[np.newaxis, :, np.newaxis]
    noise = np.random.default_rng(1).normal(0, grain, levels.shape)
    return np.clip(levels + noise, 0, 255).astype(np.uint8)


def _bright(pixels: Pixels, size: tuple[int, int], *, inset: float = 1.0) -> NDArray[np.uint8]:
    framing = Framing("blur", _WHOLE, inset, Focus())
    bright, _ = Picture(pixels, size, framing, continued=True).frame(View(0.5, 0.5, 1.0))
    return np.frombuffer(bright, np.uint8).reshape(size[1], size[0])


def _level(shade: float) -> float:
    return 16 + shade * 219 / 255


@pytest.mark.parametrize(
    ("turns", "size"), [(0, (240, 400)), (1, (400, 240)), (2, (240, 400)), (3, (400, 240))]
)
def test_on_whichever_side_it_is(turns: int, size: tuple[int, int]) -> None:
    shown = np.rot90(_bright(np.rot90(_room(), turns).copy(), size), -turns)
    assert np.abs(shown[:100].astype(float) - _level(WALL)).max() < 4, "the wall goes on"
    assert shown[-60:].mean() < _level(WALL) * 0.7, "the floor's side has its blur"


def test_a_picture_that_is_smaller_on_all_sides_has_its_wall_up_to_the_corners() -> None:
    shown = _bright(_room(), (240, 400), inset=0.8)
    assert np.abs(shown[:80].astype(float) - _level(WALL)).max() > 4, (
        "beside the floor and the wall it is not plain"
    )
    plain = np.full((200, 600, 3), WALL, np.uint8)
    assert np.abs(_bright(plain, (240, 400), inset=0.8).astype(float) - _level(WALL)).max() < 3


def test_a_rough_wall_is_none() -> None:
    assert _bright(_room(grain=30), (240, 400))[:60].mean() < _level(WALL) * 0.85
