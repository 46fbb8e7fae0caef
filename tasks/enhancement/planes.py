"""What the corrections have in common: brightness as a plane of numbers, smoothing, statistics, tables of colours."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from tasks.images.loading import Pixels

Plane = NDArray[np.float32]
"""Height × width, from 0 to 1."""
Colours = NDArray[np.float32]
"""Red, green and blue in the last axis, values of sRGB from 0 to 1."""
Recolouring = Callable[[Colours], Colours]
"""Makes colours of colours, whatever lies beside them."""

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_TABLE = 33
"""Colours a side of a table: with values between them it is within a level of the function for smooth ones."""
_SAMPLE = 320
"""Pixels of the longer side of the copy that statistics are made of; averaging takes the noise off it."""


def luma(colours: Colours) -> Plane:
    """Brightness as JPEG has it (ITU-R BT.601)."""
    return np.asarray(colours @ _LUMA, np.float32)


def brightness(pixels: Pixels) -> Plane:
    """Luma of a picture of whole levels."""
    return np.asarray(Image.fromarray(pixels).convert("L"), np.float32) * np.float32(1 / 255)


def brightened(pixels: Pixels, change: Plane) -> Pixels:
    """The picture with its brightness changed by this much, colour differences kept."""
    levels = np.rint(change * np.float32(255)).astype(np.int16)[..., None]
    changed: Pixels = np.clip(pixels.astype(np.int16) + levels, 0, 255).astype(np.uint8)
    return changed


def recoloured(pixels: Pixels, function: Recolouring) -> Pixels:
    """Every pixel put through `function`, by a table of some thousand colours."""
    steps = np.linspace(0, 1, _TABLE, dtype=np.float32)
    # Of the table, red runs fastest.
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    table = np.clip(function(np.stack([red, green, blue], -1).reshape(-1, 3)), 0, 1)
    lookup = ImageFilter.Color3DLUT(_TABLE, table.astype(np.float32).ravel())
    found: Pixels = np.asarray(Image.fromarray(pixels).filter(lookup))
    return found


def sample(pixels: Pixels) -> Colours:
    """A small copy of the picture, for statistics of its colours."""
    image = Image.fromarray(pixels)
    image.thumbnail((_SAMPLE, _SAMPLE), Image.Resampling.BOX, reducing_gap=None)
    return np.asarray(image, np.float32) * np.float32(1 / 255)


def resized_plane(plane: Plane, size: tuple[int, int]) -> Plane:
    """In this width and height: averaged where it gets smaller, smooth where it gets larger."""
    smaller = size[0] <= plane.shape[1] and size[1] <= plane.shape[0]
    way = Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(np.ascontiguousarray(plane)).resize(size, way), np.float32)


def mean_around(plane: Plane, reach: int) -> Plane:
    """Means of squares that reach so many pixels to each side."""
    side = 2 * reach + 1
    for _ in range(2):
        padded = np.pad(plane, ((reach, reach), (0, 0)), mode="edge")
        total = padded[: plane.shape[0]].copy()
        for shift in range(1, side):
            total += padded[shift : shift + plane.shape[0]]
        plane = np.ascontiguousarray((total / side).T)
    return plane


def smoothed(plane: Plane, spacing: int) -> Plane:
    """Put through the cubic B-spline (1 4 6 4 1)/16 with its taps so far apart, in both directions."""
    for _ in range(2):
        rows = plane.shape[0]
        padded = np.pad(plane, ((2 * spacing, 2 * spacing), (0, 0)), mode="edge")
        near = padded[spacing : spacing + rows] + padded[3 * spacing : 3 * spacing + rows]
        far = padded[:rows] + padded[4 * spacing : 4 * spacing + rows]
        plane = np.ascontiguousarray((plane * 6 + near * 4 + far).T) * np.float32(1 / 16)
    return plane


def tiles(plane: Plane, side: int) -> NDArray[np.float32]:
    """The plane cut in squares of `side`, one a row; what is left at its right and lower edge is left out."""
    rows, columns = plane.shape[0] // side, plane.shape[1] // side
    cut = plane[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return cut.transpose(0, 2, 1, 3).reshape(rows * columns, side * side)


def ramp(value: float, begin: float, end: float) -> float:
    """0 at `begin`, 1 at `end` and beyond, smooth between; `begin` may be the larger."""
    share = min(max((value - begin) / (end - begin), 0.0), 1.0)
    return share * share * (3 - 2 * share)


def ramps(values: NDArray[np.float32], begin: float, end: float) -> NDArray[np.float32]:
    """`ramp` of many values."""
    share = np.clip((values - begin) / (end - begin), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)
