"""Local contrast: pictures whose parts are flat although the whole reaches from black to white.

What lies around each pixel is smoothed without crossing edges (He and Sun, Fast guided filter, 2015), so what is made
stronger is texture and form, with no halos around the product.
"""

from dataclasses import dataclass

import numpy as np

from tasks.enhancement.planes import (
    Plane,
    brightened,
    brightness,
    mean_around,
    ramp,
    ramps,
    resized_plane,
    tiles,
)
from tasks.images.loading import Pixels

_SIDE = 256
"""Pixels of the longer side of the copy in which surroundings are looked at."""
_REACH = 10
_EDGE = 0.004
"""Variance of what counts as an edge."""
_FLAT = (0.05, 0.022)
"""Deviations within squares that have structure: fine, and flat."""
_STRUCTURE = 0.012
_MOST = 0.5


@dataclass(frozen=True)
class Flatness:
    """How little the parts of the picture stand out of themselves."""

    deviation: float
    """Median of the brightness within small squares that have structure."""

    @property
    def amount(self) -> float:
        """How much it needs: 0 to 1."""
        return ramp(self.deviation, *_FLAT)


def measure(pixels: Pixels) -> Flatness:
    """Looks at squares of a sixteenth of the picture."""
    plane = brightness(pixels)
    size = _small_size(plane)
    inside = tiles(resized_plane(plane, size), max(8, max(size) // 16)).std(axis=1)
    structured = inside[inside > _STRUCTURE]
    # A product on an empty ground is judged by itself, and nothing at all is no flat product.
    return Flatness(float(np.median(structured)) if len(structured) >= 8 else 1.0)


def corrected(pixels: Pixels, flatness: Flatness, strength: float = 1.0) -> Pixels:
    """With more of what lies between the surroundings and the pixel."""
    plane = brightness(pixels)
    detail = plane - _surroundings(plane)
    # Nothing is pushed out of the range, and the ends stay clean.
    inner = ramps(plane, 0.0, 0.15) * (1 - ramps(plane, 0.85, 0.98))
    return brightened(pixels, detail * inner * np.float32(_MOST * flatness.amount * strength))


def _surroundings(plane: Plane) -> Plane:
    size = _small_size(plane)
    small = resized_plane(plane, size)
    mean = mean_around(small, _REACH)
    variance = np.maximum(mean_around(small * small, _REACH) - mean * mean, 0)
    slope: Plane = np.asarray(variance / (variance + np.float32(_EDGE)), np.float32)
    whole = (plane.shape[1], plane.shape[0])
    level = resized_plane(mean_around(mean * (1 - slope), _REACH), whole)
    return level + resized_plane(mean_around(slope, _REACH), whole) * plane


def _small_size(plane: Plane) -> tuple[int, int]:
    scale = min(1.0, _SIDE / max(plane.shape))
    return max(1, round(plane.shape[1] * scale)), max(1, round(plane.shape[0] * scale))
