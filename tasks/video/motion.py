"""Where the camera looks, frame by frame: smooth paths in fractions of a pixel."""

import math
from dataclasses import dataclass

from tasks.video.zoom_types import ZoomType

MAX_ZOOM = 1.2
"""The closest view shows 1/1.2 of the picture's width."""
_ZOOM_A_SECOND = 0.04
"""Short clips move less far, so that none moves fast."""
_EASING = 0.6
"""How much slower than on average the camera moves at both ends: 0 is steady, 1 starts from rest."""


@dataclass(frozen=True)
class View:
    """What a frame shows, in shares of the picture: its centre and its width (and height)."""

    x: float
    y: float
    size: float


def camera_path(zoom: ZoomType, frames: int, seconds: float) -> list[View]:
    """The view of each frame of a clip."""
    closest = min(MAX_ZOOM, 1 + _ZOOM_A_SECOND * max(seconds, 0.1))
    return [_view(zoom, _eased(number / max(frames - 1, 1)), closest) for number in range(frames)]


def _view(zoom: ZoomType, done: float, closest: float) -> View:
    if zoom == "zoompanright":
        # From the left edge to the right one, as close as the widest move allows.
        size = 1 / closest
        return View(size / 2 + (1 - size) * done, 0.5, size)
    # Equal times are equal ratios: a zoom by constant steps seems to slow down as it gets closer.
    share = done if zoom == "zoomin" else 1 - done
    return View(0.5, 0.5, closest**-share)


def _eased(time: float) -> float:
    return time - _EASING * math.sin(2 * math.pi * time) / (2 * math.pi)
