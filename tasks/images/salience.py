"""Finds the part of a picture that stands out, if there is one.

That is what is drawn or written on an even ground, or what differs in colour and detail from the rest of a photograph.
The measures are classical ones, on a copy of some hundred pixels, a few milliseconds: distance of colours from the mean
one (Achanta et al., Frequency-tuned salient region detection, CVPR 2009) and what the spectrum does not expect (Hou
and Zhang, Saliency detection: a spectral residual approach, CVPR 2007), weighted towards the middle. They know nothing
of things, so they are believed only where they agree on one place.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from tasks.images.faces import Box
from tasks.images.loading import Pixels, as_image, smaller

_SIDE = 160
"""Pixels of the longer side of the copy."""
_SPECTRUM_SIDE = 64
_GROUND = 20
"""Levels by which what is on an even ground differs from it."""
_GROUND_SHARE = 0.3
_GROUND_EDGE = 0.8
"""How much of a picture, and of its edge, is its ground where it has one."""
_FLAT = 0.72
_STEEP = 0.02
"""Shares of pixels that are like their neighbours, and of steep edges on the copy, in what was drawn or written by a
program. Photographs of smooth things have the first without the second."""
_STEEP_LEVELS = 40
_SPECK = 0.006
"""Rows and columns with less than this share of something are taken for empty."""
_STANDS_OUT = 2.6
"""How many times more salient than the rest a part must be, on the mean."""
_LARGEST = 0.5
"""Share of a picture above which nothing stands out in it."""
_CORE = 0.9
"""How much of what stands out its box holds, in each direction: the rest is seams and specks."""

_Map = NDArray[np.float64]


@dataclass(frozen=True)
class Salient:
    """What stands out."""

    box: Box
    """In shares of the picture."""
    whole: bool
    """Drawn or written: none of it may be left out."""


def find_salient(picture: Pixels | Image.Image) -> Salient | None:
    """The part that stands out; None if it is all the same. The same for the same picture."""
    whole = as_image(picture)
    if min(whole.size) < 8:
        return None
    image = smaller(whole, _SIDE, Image.Resampling.BOX)
    small = np.asarray(image, np.float64)
    if min(small.shape[:2]) < 2:  # a strip, in whose copy nothing has an edge
        return None
    on_ground = _on_even_ground(small)
    if on_ground is not None:
        return Salient(on_ground, whole=True)
    edges = _edges(small)
    if _flat_share(whole) > _FLAT and (edges > _STEEP_LEVELS).mean() > _STEEP:
        box = _box_of(edges > _GROUND)
        return Salient(box, whole=True) if box else None
    return _in_photograph(image)


def _on_even_ground(small: _Map) -> Box | None:
    """The box of all that lies on a ground of one colour; None if there is no such ground or nothing on it."""
    edge = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    ground = np.median(edge, axis=0)
    if (np.abs(edge - ground).max(axis=1) < _GROUND / 2).mean() < _GROUND_EDGE:
        return None
    differs = np.abs(small - ground).max(axis=2) >= _GROUND
    return _box_of(differs) if 1 - differs.mean() >= _GROUND_SHARE else None


def _box_of(there: NDArray[np.bool_]) -> Box | None:
    sides = []
    for axis in (0, 1):
        filled = np.flatnonzero(there.mean(axis=axis) > _SPECK)
        if not filled.size:
            return None
        sides.append((filled[0] / there.shape[1 - axis], (filled[-1] + 1) / there.shape[1 - axis]))
    (left, right), (top, bottom) = sides
    return float(left), float(top), float(right), float(bottom)


def _flat_share(image: Image.Image) -> float:
    """How many pixels, of some ten thousand, are like the ones right of them and below."""
    rows = np.unique(np.linspace(0, image.height - 2, 120).astype(int)).tolist()
    columns = np.unique(np.linspace(0, image.width - 2, 120).astype(int))
    # Only these rows, each with the one below: all of them as an array would be another photograph.
    pairs = np.stack([np.asarray(image.crop((0, row, image.width, row + 2))) for row in rows])
    places = ((0, columns), (0, columns + 1), (1, columns))
    here, right, below = (pairs[:, row, column].astype(int) for row, column in places)
    return float((np.maximum(np.abs(here - right), np.abs(here - below)).max(axis=2) <= 2).mean())


def _edges(small: _Map) -> _Map:
    grey = small.mean(axis=2)
    down, across = np.gradient(grey)
    steepness: _Map = np.hypot(down, across)
    return steepness


def _in_photograph(image: Image.Image) -> Salient | None:
    salience = _salience(image)
    threshold = salience.mean() + salience.std()
    there = np.where(salience > threshold, salience, 0.0)
    total = there.sum()
    if total <= 0:
        return None
    box = _core(there)
    height, width = salience.shape
    left, right = round(box[0] * width), round(box[2] * width)
    top, bottom = round(box[1] * height), round(box[3] * height)
    inside = salience[top:bottom, left:right]
    area = inside.size / salience.size
    if not 0 < area <= _LARGEST:
        return None
    outside = (salience.sum() - inside.sum()) / (salience.size - inside.size)
    return Salient(box, whole=False) if inside.mean() > _STANDS_OUT * outside else None


def _core(there: _Map) -> Box:
    """The box without the outermost of what is there, on each of four sides."""
    sides = []
    for axis in (0, 1):
        along = np.cumsum(there.sum(axis=axis))
        along /= along[-1]
        first, last = np.searchsorted(along, ((1 - _CORE) / 2, (1 + _CORE) / 2))
        sides.append((first / along.size, min(last + 1, along.size) / along.size))
    (left, right), (top, bottom) = sides
    return float(left), float(top), float(right), float(bottom)


def _salience(image: Image.Image) -> _Map:
    soft = np.asarray(image.filter(ImageFilter.GaussianBlur(1.5)), np.float64)
    # Brightness and two differences of colours, as the eye weighs them.
    red, green, blue = (soft[..., channel] for channel in range(3))
    axes = np.stack([(red + green + blue) / 3, (red - green) * 0.9, ((red + green) / 2 - blue) * 0.6], axis=2)
    contrast = np.sqrt(((axes - axes.mean(axis=(0, 1))) ** 2).sum(axis=2))
    residual = Image.fromarray(_spectral_residual(image).astype(np.float32))
    detail = np.asarray(residual.resize(image.size, Image.Resampling.BICUBIC), np.float64)
    height, width = contrast.shape
    rows, columns = np.mgrid[0:height, 0:width]
    middle = np.exp(-(((columns / width - 0.5) ** 2) + (rows / height - 0.5) ** 2) / (2 * 0.3**2))
    combined: _Map = _unit(contrast) * (0.3 + 0.7 * _unit(np.maximum(detail, 0.0))) * (0.25 + 0.75 * middle)
    return _blurred(combined, max(1, round(max(image.size) / 40)))


def _blurred(values: _Map, reach: int) -> _Map:
    """Means of squares that reach so far to each side."""
    for _ in range(2):
        padded = np.pad(values, ((reach + 1, reach), (0, 0)), mode="edge").cumsum(axis=0)
        values = ((padded[2 * reach + 1 :] - padded[: -2 * reach - 1]) / (2 * reach + 1)).T
    return values


def _spectral_residual(image: Image.Image) -> _Map:
    """What is left of the spectrum when its smooth part is taken away: the unexpected."""
    size = (
        max(8, round(_SPECTRUM_SIDE * image.width / max(image.size))),
        max(8, round(_SPECTRUM_SIDE * image.height / max(image.size))),
    )
    grey = np.asarray(image.convert("L").resize(size, Image.Resampling.BOX), np.float64)
    spectrum = np.fft.fft2(grey)
    strength = np.log(np.abs(spectrum) + 1e-6)
    unexpected = strength - _blurred(strength, 1)
    return _blurred(np.abs(np.fft.ifft2(np.exp(unexpected + 1j * np.angle(spectrum)))) ** 2, 2)


def _unit(values: _Map) -> _Map:
    """Spread over 0 to 1, without what a single pixel has."""
    low, high = np.percentile(values, (5, 99))
    spread: _Map = np.clip((values - low) / max(high - low, 1e-9), 0, 1)
    return spread
