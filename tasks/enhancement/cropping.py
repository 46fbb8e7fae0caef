"""Which part of an image a picture of another shape shows, and how it is laid on its canvas."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from tasks.enhancement.backdrop import Side, edge_colour, plain_sides
from tasks.enhancement.options import Fit
from tasks.enhancement.planes import ramp
from tasks.images.cutting import resized
from tasks.images.faces import Box
from tasks.images.loading import Pixels
from tasks.video.framing import MARGIN, frame_subject
from tasks.video.subject import WHOLE, Subject

Way = Literal["crop", "continued", "blur"]
"""A part of the image; all of it with its plain ground going on; all of it over its own blur."""

_SAME_SHAPE = 0.01
_BLUR, _DIM = 0.04, 0.7
"""As clips have it (`tasks.video.picture`)."""
_BRIGHT, _DIM_BRIGHT = 0.72, 0.93
"""Brightness from which the blur of a light picture stays light: grey bars beside white paper look dirty."""
_BLIND_LOSS = 0.35
"""Of an image in which nothing stands out: more is not cut off."""
_SEAM = 0.04
"""Of the shorter side: over so much a continued ground takes over."""


@dataclass(frozen=True)
class Window:
    """What of an image is shown."""

    box: Box
    """In shares of the image."""
    way: Way
    ground: tuple[int, int, int] | None = None
    """The colour that a ground goes on in, if it is one; else each of its lines goes on."""


def choose_window(
    subject: Subject, pixels: Pixels, shape: float | None, fit: Fit, closeness: float = 1.0
) -> Window:
    """The window for pictures `shape` times as wide as high (None: as the image).

    `closeness`: how many times closer than need be; less where the subject needs the room.
    """
    height, width = pixels.shape[:2]
    aspect = width / height
    if shape is None or abs(aspect / shape - 1) < _SAME_SHAPE:
        # Almost the same shape: cut, as bars of three pixels would look like a mistake.
        size = (1.0, 1.0) if shape is None else (min(1.0, shape / aspect), min(1.0, aspect / shape))
        left, top = (1 - size[0]) / 2, (1 - size[1]) / 2
        return Window(closer((left, top, left + size[0], top + size[1]), subject, closeness), "crop")
    background = "fill" if fit == "crop" else fit
    if fit == "auto" and subject.kind == "none" and min(aspect / shape, shape / aspect) < 1 - _BLIND_LOSS:
        # Nobody knows what would be cut off.
        background = "blur"
    framing = frame_subject(subject, aspect, shape, background, 0.0)
    if framing.background == "fill":
        return Window(closer(framing.crop, subject, closeness), "crop")
    beside: set[Side] = {"left", "right"} if aspect < shape else {"top", "bottom"}
    if fit == "auto" and (ground := edge_colour(pixels)) is not None:
        return Window(WHOLE, "continued", ground)
    return Window(WHOLE, "continued" if fit == "auto" and beside <= plain_sides(pixels) else "blur")


def closer(box: Box, subject: Subject, closeness: float) -> Box:
    """A smaller window of the same shape inside `box`, around the subject and with all of it that `box` had."""
    if closeness <= 1 or subject.kind == "none":
        return box if closeness <= 1 else _shrunk(box, (0.5, 0.5), closeness)
    across, down = box[2] - box[0], box[3] - box[1]
    kept = tuple(min(max(side, box[axis % 2]), box[axis % 2 + 2]) for axis, side in enumerate(subject.wanted))
    room = max((kept[2] - kept[0]) / across, (kept[3] - kept[1]) / down) + 2 * MARGIN
    closeness = min(closeness, max(1.0, 1 / room))
    middle = ((kept[0] + kept[2]) / 2, (kept[1] + kept[3]) / 2)
    return _shrunk(box, ((middle[0] - box[0]) / across, (middle[1] - box[1]) / down), closeness)


def _shrunk(box: Box, around: tuple[float, float], closeness: float) -> Box:
    sides = []
    for axis in (0, 1):
        length = box[axis + 2] - box[axis]
        size = length / closeness
        begin = min(max(box[axis] + around[axis] * length - size / 2, box[axis]), box[axis + 2] - size)
        sides.append((begin, begin + size))
    (left, right), (top, bottom) = sides
    return left, top, right, bottom


def laid(image: Image.Image, window: Window, canvas: tuple[int, int]) -> Image.Image:
    """The window of an RGB image on a canvas of this size, as sharp as it can be."""
    if window.way == "crop":
        left, top, right, bottom = window.box
        return resized(
            image,
            canvas,
            (left * image.width, top * image.height, right * image.width, bottom * image.height),
        )
    scale = min(canvas[0] / image.width, canvas[1] / image.height)
    size = (min(canvas[0], round(image.width * scale)), min(canvas[1], round(image.height * scale)))
    whole = resized(image, size, (0.0, 0.0, float(image.width), float(image.height)))
    place = ((canvas[0] - size[0]) // 2, (canvas[1] - size[1]) // 2)
    if window.way == "continued":
        return _continued(whole, place, canvas, window.ground)
    small = ImageOps.fit(image, (max(1, canvas[0] // 8), max(1, canvas[1] // 8)), Image.Resampling.BOX)
    blurred = small.filter(ImageFilter.GaussianBlur(_BLUR * small.width))
    bright = float(np.median(np.asarray(small.convert("L")))) / 255
    dim = _DIM + (_DIM_BRIGHT - _DIM) * ramp(bright, _BRIGHT - 0.15, _BRIGHT)
    behind = blurred.resize(canvas, Image.Resampling.BICUBIC).point(lambda level: level * dim)
    behind.paste(whole, place)
    return behind


def laid_alpha(alpha: Image.Image, window: Window, canvas: tuple[int, int]) -> Image.Image:
    """The same for opacity; beyond the image there is nothing."""
    if window.way == "crop":
        left, top, right, bottom = window.box
        box = (left * alpha.width, top * alpha.height, right * alpha.width, bottom * alpha.height)
        return alpha.resize(canvas, Image.Resampling.LANCZOS, box=box)
    whole = ImageOps.contain(alpha, canvas, Image.Resampling.LANCZOS)
    empty = Image.new("L", canvas, 0)
    empty.paste(whole, ((canvas[0] - whole.width) // 2, (canvas[1] - whole.height) // 2))
    return empty


def _continued(
    whole: Image.Image, place: tuple[int, int], canvas: tuple[int, int], ground: tuple[int, int, int] | None
) -> Image.Image:
    if ground is not None:
        behind = Image.new("RGB", canvas, ground)
        behind.paste(whole, place)
        return behind
    pixels = np.asarray(whole)
    upright = canvas[1] > whole.height
    lines = pixels if upright else pixels.transpose(1, 0, 2)
    before = place[1] if upright else place[0]
    after = (canvas[1] if upright else canvas[0]) - lines.shape[0] - before
    seam = max(2, round(_SEAM * min(whole.size)))
    grain = lines.astype(np.float32)
    first, last = (_calm(each) for each in (grain[:seam], grain[-seam:]))
    full = np.concatenate([np.repeat(first, before, axis=0), grain, np.repeat(last, after, axis=0)])
    # The edge line itself is noisy: the ground beyond is that of a strip, which takes over gradually.
    share = np.linspace(1, 0, seam, dtype=np.float32)[:, None, None]
    full[before : before + seam] = first * share + grain[:seam] * (1 - share)
    full[before + len(grain) - seam : before + len(grain)] = last * share[::-1] + grain[-seam:] * (
        1 - share[::-1]
    )
    levels = np.clip(np.rint(full), 0, 255).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(levels if upright else levels.transpose(1, 0, 2)))


def _calm(
    strip: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """One line of a strip of ground, without its grain: medians down, means along."""
    line = np.median(strip, axis=0)
    reach = max(1, len(line) // 200)
    padded = np.pad(line, ((reach + 1, reach), (0, 0)), mode="edge").cumsum(axis=0)
    return np.asarray(
        (padded[2 * reach + 1 :] - padded[: -2 * reach - 1])[None] / (2 * reach + 1), np.float32
    )
