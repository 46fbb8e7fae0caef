"""How well a title is read: measured on what is really behind its letters."""

import numpy as np
from numpy.typing import NDArray

from tasks.film.drawing.palette import contrast
from tasks.film.storyboard import Layer

_OPAQUE = 250
_ALIKE = 12
"""Difference of colours (0 to 255) within which two are one."""


def legibility(layer: Layer, under: NDArray[np.uint8]) -> float | None:
    """Least contrast of the letters of a title to what is behind them: 1 to 21, 4.5 and more can be read.

    Args:
        layer: Of a title.
        under: The frame (height × width × 3) with all that lies under it.

    Returns:
        None for logos, and where a text is of emoji alone.
    """
    if layer.ink is None:
        return None
    if layer.plate is not None:
        return float(contrast(layer.ink, layer.plate))
    opaque = layer.pixels[..., 3] >= _OPAQUE
    away = np.abs(layer.pixels[..., :3].astype(np.int16) - np.array(layer.ink, np.int16)).max(axis=2)
    letters = opaque & (away <= _ALIKE)
    height, width = opaque.shape
    behind = under[layer.top : layer.top + height, layer.left : layer.left + width][letters]
    return float(contrast(behind.astype(np.float64), layer.ink).min()) if len(behind) else None
