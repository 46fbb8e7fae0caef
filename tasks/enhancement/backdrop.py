"""Plain backdrops: paper or a wall behind a product that is lit unevenly or has a cast.

The backdrop's light is fitted by a smooth surface over the places that are nothing but backdrop, and the whole picture
is divided by it, as flat fields are. Nothing is cut out: edges stay what they were, and the product keeps its shadow,
which is darker than the surface by the same factor as before.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.enhancement.options import GroundChoice
from tasks.enhancement.planes import Colours, luma, ramp, sample
from tasks.images.loading import Pixels

_EDGE = 0.05
"""Of the picture, from each side, that is looked at first."""
_NEAR = 0.035
"""Distance from the surface within which a place is backdrop."""
_PLAIN_EDGE, _PLAIN_ALL = 0.72, 0.3
"""How much of the edges, and of the picture, a plain backdrop takes."""
_NOTHING_ELSE = 0.965
"""Where more of the picture is ground, there is nothing on it: a sky, a wall."""
_TURNING = 0.12
"""Difference of red and blue, of the brightness, by which the colour of skies changes and that of paper does not."""
_BRIGHT = (0.54, 0.66)
"""Darker ones are moods, not paper."""
_COLOURED = 0.16
"""Chroma of backdrops that are meant to have their colour."""
_CAST = (0.012, 0.035)
_UNEVEN = (0.03, 0.09)
_WHITE = 0.995
_ROOM = 0.965
"""Of the backdrop, that becomes white where it is to be white: its own grain is then white as well."""
_SOFTLY = 252.0
"""Level from which white is come up to."""
_STRONGEST = 2.0
"""Factor by which a corner is lit at most."""
_STEP, _STEPS = 0.02, 0.05
"""Differences between lines, and how many lines may have one: skirting boards and horizons, and no pattern."""
_ONE_COLOUR, _MOST_EDGES = 3, 0.8
"""Levels within which a ground is of one colour, and how much of the edges it takes at least."""

_Surface = NDArray[np.float64]
"""Terms × red, green and blue."""


@dataclass(frozen=True)
class Backdrop:
    """A plain backdrop, and what is done to it."""

    surface: _Surface
    colour: tuple[float, float, float]
    """What it becomes everywhere."""
    amount: float
    """0 to 1."""
    share: float
    """Of the picture."""


def measure(pixels: Pixels, choice: GroundChoice = "auto") -> Backdrop | None:
    """The backdrop, if the picture has a plain and bright one."""
    small = sample(pixels).astype(np.float64)
    height, width = small.shape[:2]
    terms = _terms(width, height)
    border = max(2, round(_EDGE * min(width, height)))
    at_edge = np.zeros((height, width), bool)
    # The lower edge is where tables begin and products stand; the other three have to be plain.
    at_edge[:border] = at_edge[:, :border] = at_edge[:, -border:] = True
    flat, edges = small.reshape(-1, 3), at_edge.ravel()
    ground, surface = edges, _fitted(terms[:, :3], flat, edges)
    for reach in (5, 4, 3, 2):
        ground = edges & (np.abs(flat - terms[:, : len(surface)] @ surface).max(axis=1) < reach * _NEAR)
        if ground.sum() < _PLAIN_EDGE * edges.sum():
            return None
        surface = _fitted(terms, flat, ground)
    for order in (6, 6, 6):
        ground = np.abs(flat - terms[:, : len(surface)] @ surface).max(axis=1) < _NEAR
        if ground.sum() < _PLAIN_ALL * ground.size or ground[edges].mean() < _PLAIN_EDGE:
            return None
        surface = _fitted(terms[:, :order], flat, ground)
    light = (terms @ surface)[ground]
    tint = (light[:, 0] - light[:, 2]) / np.maximum(light.mean(axis=1), 0.05)
    if ground.mean() > _NOTHING_ELSE or np.subtract(*np.percentile(tint, (95, 5))) > _TURNING:
        return None
    colour = np.percentile(light, 75, axis=0)
    level = float(luma(colour.astype(np.float32)))
    chroma = float(colour.max() - colour.min())
    bright = ramp(level, *_BRIGHT)
    if not bright:
        return None
    uneven = float(np.subtract(*np.percentile(luma(light.astype(np.float32)), (95, 5))))
    need = max(ramp(uneven, *_UNEVEN), ramp(chroma, *_CAST) if chroma < _COLOURED else 0.0) * bright
    grey = np.full(3, level)
    if choice == "on" and chroma < _COLOURED:
        aim, need = np.full(3, _WHITE), 1.0
    else:
        aim = grey if chroma < _COLOURED else colour
    red, green, blue = (float(each) for each in aim)
    return Backdrop(surface, (red, green, blue), need, float(ground.mean()))


def corrected(pixels: Pixels, backdrop: Backdrop, choice: GroundChoice = "auto") -> Pixels:
    """With an even backdrop."""
    height, width = pixels.shape[:2]
    size = (min(width, 96), min(height, 96))
    light = (_terms(*size) @ backdrop.surface).reshape(size[1], size[0], 3)
    room = _ROOM if choice == "on" and min(backdrop.colour) >= _WHITE else 1.0
    factor = np.clip(np.array(backdrop.colour) / np.maximum(light * room, 0.05), 1 / _STRONGEST, _STRONGEST)
    factor = (1 + (factor - 1) * backdrop.amount).astype(np.float32)
    planes = [
        np.asarray(Image.fromarray(factor[..., channel]).resize((width, height), Image.Resampling.BICUBIC))
        for channel in range(3)
    ]
    lit = np.empty_like(pixels)
    for channel, plane in enumerate(planes):
        lit[..., channel] = np.rint(_rounded(pixels[..., channel] * plane))
    return lit


def _rounded(levels: Colours) -> Colours:
    """What gets brighter than white comes up to it softly, so that a white product keeps its form."""
    over = levels > _SOFTLY
    levels[over] = _SOFTLY + (255 - _SOFTLY) * np.tanh((levels[over] - _SOFTLY) / (255 - _SOFTLY))
    return levels


def _terms(width: int, height: int) -> NDArray[np.float64]:
    """Of each place: 1, x, y and their products, from -1 to 1."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], -1).reshape(-1, 6)


def _fitted(terms: NDArray[np.float64], colours: NDArray[np.float64], ground: NDArray[np.bool_]) -> _Surface:
    return np.asarray(np.linalg.lstsq(terms[ground], colours[ground], rcond=None)[0], np.float64)


Side = Literal["left", "top", "right", "bottom"]


def plain_sides(pixels: Pixels) -> frozenset[Side]:
    """The sides along which there is nothing but even ground, such as a wall and a floor, which can go on beyond."""
    small = sample(pixels)
    border = max(3, round(_EDGE * min(small.shape[:2])))
    strips: dict[Side, Colours] = {
        "left": small[:, :border],
        "top": small[:border].transpose(1, 0, 2),
        "right": small[:, -border:],
        "bottom": small[-border:].transpose(1, 0, 2),
    }
    return frozenset(side for side, strip in strips.items() if _goes_on(strip))


def edge_colour(pixels: Pixels) -> tuple[int, int, int] | None:
    """The colour of a ground that is exactly one, such as the white of a logo; None if the edges have several."""
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]).astype(np.int16)
    middle = np.median(edge, axis=0)
    if (np.abs(edge - middle).max(axis=1) <= _ONE_COLOUR).mean() < _MOST_EDGES:
        return None
    red, green, blue = (round(float(each)) for each in middle)
    return red, green, blue


def _goes_on(strip: Colours) -> bool:
    """Whether each line of a strip (line × place × colour) is of one colour, and few lines differ from the next."""
    away = np.abs(strip - np.median(strip, axis=1, keepdims=True)).max(axis=2)
    steps = np.abs(np.diff(np.median(strip, axis=1), axis=0)).max(axis=1)
    return bool(np.percentile(away, 96) < _NEAR and (steps > _STEP).mean() < _STEPS)
