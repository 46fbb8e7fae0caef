"""How a picture becomes a stage for the camera: which part of it, filled or over its own blur, and how close."""

from dataclasses import dataclass
from typing import Literal

from tasks.images.faces import Box
from tasks.video.motion import Focus, widest_subject
from tasks.video.subject import WHOLE, Subject

Background = Literal["auto", "fill", "blur"]
"""Images of another shape: `fill` crops them around what they show, `blur` shows them whole over their own blurred
enlargement, `auto` fills where what they show fits and blurs where it does not."""
UsedBackground = Literal["fill", "blur"]

MARGIN = 0.03
"""Left on each side of the subject, of the stage, as far as the picture goes."""
_CLOSE = 0.004
"""The same over a blur, where the picture has an edge of its own."""
_SMALL_LOSS = 0.27
"""Of the picture by cropping: the body below a face, and what merely stands out, may lose that. 4:3 loses a quarter in
16:9, 2:3 a third in a square."""
_EYES = 0.42
"""Where the middle of faces with their hair comes to lie, of the height: the eyes are then a third from the top."""
_SAME_SHAPE = 0.004
"""Shapes that differ by less than a few pixels are the same."""


@dataclass(frozen=True)
class Framing:
    """What of the picture the stage shows, and what the camera keeps in sight."""

    background: UsedBackground
    crop: Box
    """Of a filled stage: the part of the picture that it shows, in shares; all of it over a blur."""
    inset: float
    """Over a blur: the size of the picture, of the largest that has room. Smaller than 1 where what it shows reaches
    its edges, so that the camera can move without cutting it."""
    focus: Focus
    """In shares of the stage."""


def frame_subject(
    subject: Subject, aspect: float, shape: float, background: Background, seconds: float
) -> Framing:
    """How a picture `aspect` times as wide as high is shown in clips of `shape`.

    A filled stage holds the subject with a margin, small enough for the camera to keep it in sight while it moves;
    where that cannot be, `auto` takes `blur`.
    """
    widest = widest_subject(seconds)
    if abs(aspect / shape - 1) < _SAME_SHAPE:
        return _filled(subject, WHOLE, _kept(subject, (1.0, 1.0), widest) or subject.wanted)
    size = (min(1.0, shape / aspect), min(1.0, aspect / shape))
    kept = _kept(subject, size, widest)
    if background == "blur" or (background == "auto" and kept is None):
        return _over_blur(subject, (min(1.0, aspect / shape), min(1.0, shape / aspect)), widest)
    kept = kept or subject.first
    crop = _placed(subject, kept, size)
    return _filled(subject, crop, kept)


def _filled(subject: Subject, crop: Box, kept: Box) -> Framing:
    width, height = crop[2] - crop[0], crop[3] - crop[1]
    box = (
        (kept[0] - crop[0]) / width,
        (kept[1] - crop[1]) / height,
        (kept[2] - crop[0]) / width,
        (kept[3] - crop[1]) / height,
    )
    return Framing("fill", crop, 1.0, _focus(subject, box, MARGIN))


def _kept(subject: Subject, size: tuple[float, float], widest: float) -> Box | None:
    """What of the subject a window of this size can hold; None if too much of it would be lost."""
    room = (size[0] * (widest - 2 * MARGIN), size[1] * (widest - 2 * MARGIN))

    def fits(box: Box) -> bool:
        return box[2] - box[0] <= room[0] and box[3] - box[1] <= room[1]

    if subject.kind == "none" or fits(subject.wanted):
        return subject.wanted
    if min(size) < 1 - _SMALL_LOSS or not fits(subject.core):
        return None
    return _trimmed(subject, room)


def _trimmed(subject: Subject, room: tuple[float, float]) -> Box:
    """As much of the subject as there is room for, with its core: of people from the crown down."""
    wanted, core = subject.wanted, subject.core
    sides = []
    for axis in (0, 1):
        first, last = wanted[axis], wanted[axis + 2]
        length = min(last - first, room[axis])
        begin = first if subject.kind == "face" and axis == 1 else (first + last - length) / 2
        begin = min(max(begin, core[axis + 2] - length), core[axis])
        sides.append((begin, begin + length))
    (left, right), (top, bottom) = sides
    return left, top, right, bottom


def _placed(subject: Subject, kept: Box, size: tuple[float, float]) -> Box:
    """The window of this size over the picture that has the subject where it belongs, with its margins."""
    if subject.kind == "none":
        left, top = (1 - size[0]) / 2, (1 - size[1]) / 2
    else:
        left = _place((kept[0], kept[2]), size[0], 0.5)
        top = _place((kept[1], kept[3]), size[1], _height(subject))
    return left, top, left + size[0], top + size[1]


def _place(sides: tuple[float, float], size: float, at: float) -> float:
    """Where a window begins that has the middle between these sides `at` this share of itself, and both in it."""
    margin = MARGIN * size
    begin = sum(sides) / 2 - at * size
    if sides[1] - sides[0] + 2 * margin <= size:
        begin = min(max(begin, sides[1] + margin - size), sides[0] - margin)
    return min(max(begin, 0.0), 1.0 - size)


def _height(subject: Subject) -> float:
    return _EYES if subject.kind == "face" else 0.5


def _over_blur(subject: Subject, size: tuple[float, float], widest: float) -> Framing:
    """The picture whole, which takes `size` of the stage where it is largest."""
    box = subject.wanted
    taken = max((box[2] - box[0]) * size[0], (box[3] - box[1]) * size[1])
    inset = 1.0 if subject.kind == "none" else min(1.0, (widest - 2 * _CLOSE) / taken)
    width, height = size[0] * inset, size[1] * inset
    left, top = (1 - width) / 2, (1 - height) / 2
    shown = (left + box[0] * width, top + box[1] * height, left + box[2] * width, top + box[3] * height)
    return Framing("blur", WHOLE, inset, _focus(subject, shown, _CLOSE))


def _focus(subject: Subject, box: Box, margin: float) -> Focus:
    if subject.kind == "none":
        return Focus()
    grown = (
        max(box[0] - margin, 0.0),
        max(box[1] - margin, 0.0),
        min(box[2] + margin, 1.0),
        min(box[3] + margin, 1.0),
    )
    return Focus(grown, _height(subject))
