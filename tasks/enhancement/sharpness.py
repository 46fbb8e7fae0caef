"""Sharpness: edges that are wider than they need be.

Blur is measured as Crété et al. do (The blur effect, 2007): a sharp picture changes much when it is blurred again, a
blurred one hardly. It is judged by the sharpest squares, so that a soft background is no fault. Sharpening steepens
edges and never leaves the range of what lies around them, so there are no halos.
"""

from dataclasses import dataclass

import numpy as np

from tasks.enhancement.planes import Plane, brightened, brightness, mean_around, ramp, smoothed, tiles
from tasks.images.loading import Pixels

_TILE = 32
_SHARPEST = 15.0
"""Percentile of squares by their blur."""
_STRUCTURE = 0.012
"""Mean steepness of squares that have something to be sharp."""
_BLURRED = (0.44, 0.64)
"""Blur that is none, and blur that is put right as far as it can be."""
_STRONGEST = 1.6
_OVERSHOOT = 0.015
"""Beyond the range of the neighbours; hardly seen, and it keeps texture from looking flat."""
_NOISE = 1.5
"""Changes smaller than so many deviations of the noise would sharpen that."""


@dataclass(frozen=True)
class Blur:
    """How blurred the sharpest parts are."""

    effect: float
    """0 is sharp, 1 is fog."""

    @property
    def amount(self) -> float:
        """How much sharpening it needs: 0 to 1."""
        return ramp(self.effect, *_BLURRED)


def measure(pixels: Pixels) -> Blur:
    """The blur at the picture's own size."""
    plane = brightness(pixels)
    effects = []
    for one in (plane, plane.T):
        if min(one.shape) < 2 * _TILE:
            return Blur(0.0)
        again = _along(one)
        steep, less = np.abs(np.diff(one, axis=0)), np.abs(np.diff(again, axis=0))
        lost = np.maximum(steep - less, 0)
        own, gone = tiles(steep, _TILE).mean(axis=1), tiles(lost, _TILE).mean(axis=1)
        full = own > _STRUCTURE
        if full.sum() < 4:
            continue
        effects.append(float(np.percentile(1 - gone[full] / own[full], _SHARPEST)))
    # Shaken pictures are sharp in one direction.
    return Blur(max(effects, default=0.0))


def corrected(pixels: Pixels, blur: Blur, noise: float, strength: float = 1.0) -> Pixels:
    """Sharper. `noise`: deviation of what is left of it, which is not to be sharpened."""
    plane = brightness(pixels)
    wide = smoothed(smoothed(plane, 1), 1 if blur.effect < 0.5 else 2)
    change = (plane - wide) * np.float32(_STRONGEST * (0.4 + blur.amount) * strength)
    if noise:
        change = np.sign(change) * np.maximum(np.abs(change) - np.float32(_NOISE * noise), 0)
    low, high = _range_around(plane)
    aim = np.clip(plane + change, low - _OVERSHOOT, high + _OVERSHOOT)
    return brightened(pixels, (aim - plane) * np.float32(min(1.0, blur.amount * 1.5)))


def _along(plane: Plane) -> Plane:
    """Means of nine rows."""
    padded = np.pad(plane, ((4, 4), (0, 0)), mode="edge")
    total = sum(padded[shift : shift + plane.shape[0]] for shift in range(9))
    return np.asarray(total, np.float32) / np.float32(9)


def _range_around(plane: Plane) -> tuple[Plane, Plane]:
    """The darkest and the brightest of the square of five pixels around each."""
    low = high = plane
    for _ in range(2):
        low, high = (
            np.ascontiguousarray(extreme.reduce(_shifted(one)).T)
            for extreme, one in ((np.minimum, low), (np.maximum, high))
        )
    return low, high


def _shifted(plane: Plane) -> list[Plane]:
    padded = np.pad(plane, ((2, 2), (0, 0)), mode="edge")
    return [padded[shift : shift + plane.shape[0]] for shift in range(5)]


def edge_energy(pixels: Pixels) -> float:
    """Mean steepness, for tests and reports."""
    plane = brightness(pixels)
    return float(np.abs(plane - mean_around(plane, 1)).mean())
