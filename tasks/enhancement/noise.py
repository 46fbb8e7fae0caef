"""Noise: grain that a sensor or hard compression left, most seen where the picture is even.

It is measured where the picture has least of its own (the evenest squares) and taken off by shrinking the details of
an undecimated wavelet transform as Wiener's filter does: by how much of each neighbourhood's variance is noise.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from tasks.enhancement.planes import Plane, brightness, mean_around, ramp, resized_plane, smoothed, tiles
from tasks.images.loading import Pixels

_NOISY = (2.2 / 255, 5.0 / 255)
"""Standard deviations that are nothing, and that are put right."""
_TILE = 8
_EVENEST = 12.0
"""Percentile of the squares by their variance: those of the noise alone, where there is anything even."""
_BIAS = 1.12
"""By which the evenest squares have too little by chance."""
_LEVELS = (0.890, 0.201, 0.086)
"""Standard deviation of white noise in the three finest levels of the transform, of its own."""
_COLOUR = 1.2
"""Noise of colours is coarser and seen as blotches: more of it goes."""
_REACH = 1
"""Places to each side in which the variance is measured, at half the size: six pixels across."""
_CHANCE = 1.2
"""By which so few pixels of noise have more variance than it has, now and then."""
_KEPT = 0.1
"""Of the brightness' noise; without any, things look like plastic."""


@dataclass(frozen=True)
class Noise:
    """The noise of a picture."""

    deviation: float
    """Of brightness, where white is 1."""

    @property
    def amount(self) -> float:
        """How much of it is taken off: 0 to 1."""
        return ramp(self.deviation, *_NOISY)


def measure(pixels: Pixels) -> Noise:
    """The noise at the picture's own size."""
    plane = brightness(pixels)
    rows, columns = plane.shape[0] // 2 * 2, plane.shape[1] // 2 * 2
    if min(rows, columns) < 4 * _TILE:
        return Noise(0.0)
    a, b = plane[:rows:2, :columns:2], plane[:rows:2, 1:columns:2]
    c, d = plane[1:rows:2, :columns:2], plane[1:rows:2, 1:columns:2]
    diagonal = tiles((a - b - c + d) * np.float32(0.5), _TILE)
    level = tiles((a + b + c + d) * np.float32(0.25), _TILE).mean(axis=1)
    # In what is clipped there is no noise, however much there is elsewhere.
    counted = diagonal[(level > 0.04) & (level < 0.95)]
    if len(counted) < 20:
        return Noise(0.0)
    return Noise(float(np.percentile(counted.std(axis=1), _EVENEST)) * _BIAS)


def corrected(pixels: Pixels, noise: Noise) -> Pixels:
    """With less of the noise."""
    bright, *colours = (
        np.asarray(band, np.float32) * np.float32(1 / 255)
        for band in Image.fromarray(pixels).convert("YCbCr").split()
    )
    clean = _shrunk(bright, noise.deviation, _LEVELS)
    planes = [bright + (clean - bright) * np.float32(noise.amount * (1 - _KEPT))]
    whole = (bright.shape[1], bright.shape[0])
    half = (-(-whole[0] // 2), -(-whole[1] // 2))
    for colour in colours:
        # Coarse noise is cheaper to find at half the size, where a mean of four has taken half of it.
        small = resized_plane(colour, half)
        fine = colour - resized_plane(small, whole)
        coarse = resized_plane(_shrunk(small, noise.deviation * _COLOUR / 2, _LEVELS), whole)
        clean = coarse + fine * _share_of_picture(fine, noise.deviation * _COLOUR)
        planes.append(colour + (clean - colour) * np.float32(noise.amount))
    levels = np.clip(np.rint(np.stack(planes, -1) * 255), 0, 255).astype(np.uint8)
    return np.asarray(
        Image.frombytes("YCbCr", (bright.shape[1], bright.shape[0]), levels.tobytes()).convert("RGB")
    )


def _shrunk(plane: Plane, deviation: float, levels: tuple[float, ...]) -> Plane:
    rest, total = plane, np.zeros_like(plane)
    for number, share in enumerate(levels):
        smooth = smoothed(rest, 2**number)
        detail = rest - smooth
        total += detail * _share_of_picture(detail, share * deviation)
        rest = smooth
    return rest + total


def _share_of_picture(detail: Plane, deviation: float) -> Plane:
    """How much of each place's variance is more than that of the noise."""
    # Variances change slowly: at half the size they take a quarter of the time.
    whole = (detail.shape[1], detail.shape[0])
    half = (-(-whole[0] // 2), -(-whole[1] // 2))
    energy = resized_plane(mean_around(resized_plane(detail * detail, half), _REACH), whole)
    noise = np.float32(_CHANCE * deviation**2)
    return np.asarray(np.maximum(energy - noise, 0) / np.maximum(energy, np.float32(1e-12)), np.float32)
