"""Which picture of a film stands for it: sharp, well exposed, rich in contrast and colour, not in a fade."""

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""Rows, columns, red, green and blue."""

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""BT.709."""
_DARK, _FLAT = 16.0, 8.0
"""Mean below which a picture is black, and spread below which there is nothing in it."""
_MIDDLE, _WIDTH = 115.0, 65.0
"""Brightness that is best, and how far from it a picture may be."""
_SPREAD = 55.0
"""Standard deviation from which contrast is good."""
_FADING = 5.0
"""Levels of brightness, in the same direction before and after, from which a picture is in a fade."""


def brightness(picture: Picture) -> float:
    """Mean of the levels, 0 to 255."""
    return float((picture.astype(np.float32) @ _LUMA).mean())


def score(picture: Picture) -> float:
    """How well a picture shows something; 0 for a black, white or empty one."""
    grey = picture.astype(np.float32) @ _LUMA
    mean, spread = float(grey.mean()), float(grey.std())
    if mean < _DARK or mean > 255 - _DARK or spread < _FLAT:
        return 0.0
    edges = 4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    sharpness = float(np.log1p(edges.var()))
    exposure = float(np.exp(-(((mean - _MIDDLE) / _WIDTH) ** 2)))
    colour = picture.astype(np.float32).std(axis=2).mean() / 128
    return sharpness * exposure * min(spread / _SPREAD, 1.0) * (1 + 0.3 * float(colour))


def is_fading(before: float, at: float, after: float) -> bool:
    """Whether the brightness goes on in one direction: three moments, some tenths of a second apart."""
    return min(after - at, at - before) > _FADING or max(after - at, at - before) < -_FADING
