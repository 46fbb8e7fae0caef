"""Where the camera looks, frame by frame: smooth paths in fractions of a pixel, with the subject always in sight."""

import math
from dataclasses import dataclass

from tasks.video.zoom_types import ZoomType

MAX_ZOOM = 1.2
"""The closest view shows 1/1.2 of the stage's width."""
_ZOOM_A_SECOND = 0.04
"""Short clips move less far, so that none moves fast."""
_GENTLEST = 1.06
"""What is left of a long clip's zoom where the subject is large."""
_EASING = 0.6
"""How much slower than on average the camera moves at both ends: 0 is steady, 1 starts from rest."""
_ROUNDING = 1e-9


@dataclass(frozen=True)
class View:
    """What a frame shows, in shares of the stage: its centre and its width (and height)."""

    x: float
    y: float
    size: float


@dataclass(frozen=True)
class Focus:
    """What the camera keeps in sight, in shares of the stage; without it, it looks at the middle."""

    box: tuple[float, float, float, float] | None = None
    """Left, top, right and bottom, margins included."""
    height: float = 0.5
    """Where the middle of the box is to lie in the closest view, from its top."""


def closest_view(seconds: float) -> float:
    """The width of the closest view of a clip, in shares of the stage."""
    return 1 / min(MAX_ZOOM, 1 + _ZOOM_A_SECOND * max(seconds, 0.1))


def widest_subject(seconds: float) -> float:
    """How much of the stage a subject may take for the camera to keep it in sight and still to move."""
    return max(closest_view(seconds), 1 / _GENTLEST)


def camera_path(zoom: ZoomType, frames: int, seconds: float, focus: Focus | None = None) -> list[View]:
    """The view of each frame of a clip. A focus within `widest_subject` is in every view; none leaves the stage."""
    begin, end = _ends(zoom, seconds, focus or Focus())
    return [_between(begin, end, _eased(number / max(frames - 1, 1))) for number in range(frames)]


def _ends(zoom: ZoomType, seconds: float, focus: Focus) -> tuple[View, View]:
    box = focus.box or (0.5, 0.5, 0.5, 0.5)
    across, down = box[2] - box[0], box[3] - box[1]
    closest, widest = closest_view(seconds), widest_subject(seconds)
    size = min(max(closest, across, down), widest)
    y = _centre(box[1], box[3], size, focus.height)
    if zoom == "zoompanright":
        size, left, right = _pan(box, min(max(closest, down), widest), widest)
        y = _centre(box[1], box[3], size, focus.height)
        return View(left + size / 2, y, size), View(right + size / 2, y, size)
    near = View(_centre(box[0], box[2], size, 0.5), y, size)
    whole = View(0.5, 0.5, 1.0)
    return (whole, near) if zoom == "zoomin" else (near, whole)


def _pan(box: tuple[float, float, float, float], closest: float, widest: float) -> tuple[float, float, float]:
    """The size of the views of a pan, and the left edges of its first and last: as far as the subject lets it."""
    if box[2] - box[0] > widest + _ROUNDING:
        return closest, 0.0, 1 - closest

    def ends(size: float) -> tuple[float, float]:
        return max(0.0, box[2] - size), min(1 - size, box[0])

    # The way grows or shrinks steadily between these sizes.
    turns = {min(max(size, closest), widest) for size in (closest, widest, box[2], 1 - box[0])}
    sizes = [size for size in turns if size >= box[2] - box[0] - _ROUNDING]
    best = min(sizes, key=lambda size: (round(ends(size)[0] - ends(size)[1], 9), size))
    return best, *ends(best)


def _centre(first: float, last: float, size: float, at: float) -> float:
    """Of a view of this size that has the middle between two places `at` its own share, both within, if they fit."""
    begin = (first + last) / 2 - at * size
    if last - first <= size + _ROUNDING:
        begin = min(max(begin, last - size), first)
    return min(max(begin, 0.0), 1 - size) + size / 2


def _between(begin: View, end: View, done: float) -> View:
    """The view at a share of the way. Of zooms, each view lies within all wider ones, and one place stands still."""
    if begin.size == end.size:
        return View(begin.x + (end.x - begin.x) * done, begin.y + (end.y - begin.y) * done, begin.size)
    # Equal times are equal ratios: a zoom by constant steps seems to slow down as it gets closer.
    size = begin.size * (end.size / begin.size) ** done
    way = (size - begin.size) / (end.size - begin.size)
    return View(begin.x + (end.x - begin.x) * way, begin.y + (end.y - begin.y) * way, size)


def _eased(time: float) -> float:
    return time - _EASING * math.sin(2 * math.pi * time) / (2 * math.pi)
