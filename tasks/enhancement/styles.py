"""Looks that are laid over a picture that has no faults any more: tone, strength of colours, and a tint.

Each is a function of single colours. Skin moves less than the rest, greys keep their brightness order, and whites stay
white but where a look says otherwise: shops show white things.
"""

from dataclasses import dataclass

import numpy as np

from tasks.enhancement.options import Style
from tasks.enhancement.planes import Colours, luma, ramps
from tasks.enhancement.vividness import skin, vibrant

Tint = tuple[float, float, float]
"""Added to red, green and blue."""


@dataclass(frozen=True)
class Look:
    """What a style does."""

    tone: tuple[float, ...] = ()
    """What becomes of brightness 0, ¼, ½, ¾ and 1; empty: nothing."""
    colour: float = 0.0
    """How much stronger colours get, weak ones first; -1: none are left."""
    shadows: Tint = (0.0, 0.0, 0.0)
    lights: Tint = (0.0, 0.0, 0.0)
    """Tints of what is dark and what is bright."""
    whites: float = 1.0
    """How clean of tints whites stay, from 0 to 1."""


LOOKS: dict[Style, Look] = {
    "natural": Look(),
    "vivid": Look(tone=(0.0, 0.215, 0.515, 0.785, 1.0), colour=0.42),
    "warm": Look(
        tone=(0.015, 0.25, 0.52, 0.775, 1.0),
        colour=0.10,
        shadows=(0.030, 0.006, -0.030),
        lights=(0.050, 0.016, -0.060),
        whites=0.85,
    ),
    "cool": Look(
        tone=(0.0, 0.25, 0.525, 0.79, 1.0),
        colour=0.04,
        shadows=(-0.030, 0.002, 0.038),
        lights=(-0.034, 0.004, 0.036),
        whites=0.9,
    ),
    "studio": Look(tone=(0.0, 0.275, 0.61, 0.875, 1.0), colour=0.10),
    "moody": Look(
        tone=(0.025, 0.165, 0.395, 0.665, 0.93),
        colour=-0.22,
        shadows=(-0.022, 0.004, 0.030),
        lights=(0.030, 0.008, -0.026),
        whites=0.3,
    ),
    "mono": Look(tone=(0.0, 0.21, 0.51, 0.80, 1.0), colour=-1.0),
}

_PLACES = np.linspace(0, 1, 5)
_STEPS = 256
_MONO = np.array([0.34, 0.50, 0.16], np.float32)
"""Of black and white film behind a yellow filter: skin and wood get lighter, skies darker."""


def styled(colours: Colours, style: Style) -> Colours:
    """The colours in the look of that name."""
    look = LOOKS[style]
    if style == "natural":
        return colours
    if look.colour <= -1:
        colours = np.repeat((colours @ _MONO)[..., None], 3, axis=-1)
    elif look.colour:
        colours = vibrant(colours, look.colour)
    bright = luma(colours)
    toned = np.interp(bright, np.linspace(0, 1, _STEPS), _curve(look.tone)).astype(np.float32)
    # Half by factors, half by differences: factors alone wash colours out, differences alone burn them.
    factor = toned / np.maximum(bright, 0.02)
    changed = 0.5 * (colours * factor[..., None] + colours + (toned - bright)[..., None])
    colours = np.asarray(changed, np.float32)
    return np.asarray(np.clip(colours + _tints(look, toned, colours), 0, 1), np.float32)


def _tints(look: Look, bright: Colours, colours: Colours) -> Colours:
    dark = (1 - bright) * ramps(bright, 0.0, 0.12)
    light = bright * (1 - look.whites * ramps(bright, 0.72, 0.93))
    spared = 1 - 0.6 * skin(np.clip(colours, 0, 1))
    tint = dark[..., None] * np.array(look.shadows, np.float32) + light[..., None] * np.array(
        look.lights, np.float32
    )
    return np.asarray(tint * spared[..., None], np.float32)


def _curve(tone: tuple[float, ...]) -> Colours:
    """Through the five points, smooth and never falling (Fritsch and Carlson, 1980, with harmonic means)."""
    values, steps = np.array(tone), np.diff(tone) / 0.25
    inner = np.where(
        steps[:-1] * steps[1:] > 0, 2 * steps[:-1] * steps[1:] / (steps[:-1] + steps[1:] + 1e-9), 0
    )
    slopes = np.concatenate([[steps[0]], inner, [steps[-1]]])
    at = np.linspace(0, 1, _STEPS)
    part = np.minimum((at / 0.25).astype(int), 3)
    t = (at - _PLACES[part]) / 0.25
    begin, end = values[part], values[part + 1]
    curve = (
        begin * (1 + 2 * t) * (1 - t) ** 2
        + slopes[part] * 0.25 * t * (1 - t) ** 2
        + end * t * t * (3 - 2 * t)
        + slopes[part + 1] * 0.25 * t * t * (t - 1)
    )
    return np.asarray(curve, np.float32)
