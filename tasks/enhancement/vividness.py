"""Colour: pictures that are paler than they need be; and how skin is spared where colours get stronger."""

from dataclasses import dataclass

import numpy as np

from tasks.enhancement.planes import Colours, luma, ramp, ramps

_PALE = (0.085, 0.045)
"""Mean differences of colours from grey, of what has one, that are fine and that are pale."""
_GREY = (0.012, 0.022)
"""Below: black and white, or nothing but greys."""
_COLOURED = 0.02
_MOST = 0.25
_SKIN = (2.15, 0.33)
"""Middle and reach of skin's hue, of all peoples, as the angle of Cr and Cb in radians."""


@dataclass(frozen=True)
class Paleness:
    """How pale the colours are."""

    strength: float
    """Mean of those that are there."""

    @property
    def amount(self) -> float:
        """How much more they need: 0 to 1."""
        return ramp(self.strength, *_PALE) * ramp(self.strength, *_GREY)


def measure(colours: Colours) -> Paleness:
    """Of a small copy."""
    flat = colours.reshape(-1, 3)
    away = np.abs(flat - luma(flat)[:, None]).mean(axis=1)
    # Of the fifth that has most: a product on a white ground is not pale for its ground.
    strongest = away[away >= np.percentile(away, 80)]
    return Paleness(float(strongest.mean()))


def corrected(colours: Colours, paleness: Paleness) -> Colours:
    """With stronger colours where they are weak."""
    return vibrant(colours, _MOST * paleness.amount)


def vibrant(colours: Colours, amount: float) -> Colours:
    """Colours stronger (or, below 0, weaker) by up to `amount`: weak ones more than strong ones, skin least."""
    bright = luma(colours)[..., None]
    chroma = (colours.max(axis=-1) - colours.min(axis=-1))[..., None]
    room = (1 - ramps(chroma, 0.35, 0.95)) if amount > 0 else np.float32(1)
    spared = 1 - 0.75 * skin(colours)[..., None] if amount > 0 else np.float32(1)
    return np.asarray(np.clip(bright + (colours - bright) * (1 + amount * room * spared), 0, 1), np.float32)


def skin(colours: Colours) -> Colours:
    """How much each colour is one that skin has: 0 to 1."""
    bright = luma(colours)
    blue, red = (colours[..., 2] - bright) * np.float32(0.564), (colours[..., 0] - bright) * np.float32(0.713)
    angle, far = np.arctan2(red, blue), np.hypot(red, blue)
    near = 1 - ramps(np.abs(angle - _SKIN[0]), 0.6 * _SKIN[1], 1.6 * _SKIN[1])
    return np.asarray(near * ramps(far, 0.02, 0.05) * (1 - ramps(far, 0.2, 0.3)), np.float32)
