"""White balance: a colour that the light laid over everything.

Two estimates of the light (the brightest places, and edges: van de Weijer et al., Edge-based color constancy, 2007) are
believed where they agree, or where the brightest places are one thing; and only if the cast is one that lamps have and
taking it away makes more of the picture neutral. A brown table or a sunset is then nobody's fault. Nor is the light of
a low sun, which is warm while the sky keeps the shade blue.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.enhancement.planes import Colours, luma, ramp, ramps

_BRIGHTEST = 95.0
"""Percentile of brightness from which places are taken for reflections of the light."""
_CLIPPED = 0.985
_BLACK = 0.06
_POWER = 4
"""Of the mean of edges: strong edges count more than texture."""
_AGREE = (0.6, 0.9)
"""Cosines between the two estimates: no and full trust."""
_SAME_COLOUR, _WHITE_THING = 0.12, (0.6, 0.85)
"""Distance within which bright places have one colour, and how many of them have it where they are a white thing."""
_CAST = (0.05, 0.12)
"""Strength (natural logarithms of the ratios of light) that is nothing, and that is put right."""
_WANTED = (0.55, 0.9)
"""Casts so strong are the subject: neon, sunsets, stages."""
_NEUTRAL = 0.05
_NEUTRAL_GAIN = (0.0, 0.06)
"""By how much the share of neutral places must grow."""
_ONE_HUE = (0.04, 0.09)
"""Chroma (95th percentile) that is left without the cast: where nothing is, the scene has one hue, such as dusk."""
_DAYLIGHTS = np.array([0.447, -0.894])
"""Direction from blue sky to a light bulb: what lights do to whites. The other direction is green or magenta."""
_ASIDE = (0.17, 0.27)
"""Strengths across that direction that lamps have, and that they have not."""
_SHADE = (10.0, 45.0)
"""Percentiles of brightness between which places are taken for shade."""
_WARM_SHADE = (0.2, 0.6)
"""Of the warmth of the brightest places, that shade has under a low sun, and that it has under a lamp: the sky lights
it as well as the sun does, and nothing lights what a lamp does not."""
_LIKED = (0.1, 0.3)
"""Warmth that is a pleasure, and that is a fault."""
_MOST_COOL, _MOST_WARM = 0.9, 0.7
"""Warm light is liked: some of it stays."""


@dataclass(frozen=True)
class Cast:
    """The light's colour, and how much of it is taken away."""

    ratios: tuple[float, float]
    """Logarithms of red and of blue to green, in light."""
    amount: float
    """0 to 1."""

    @property
    def gains(self) -> NDArray[np.float32]:
        """Factors of light of red, green and blue, with brightness kept."""
        red, blue = (-self.amount * ratio for ratio in self.ratios)
        gains = np.exp(np.array([red, 0.0, blue]))
        return np.asarray(gains / (gains @ np.array([0.2126, 0.7152, 0.0722])), np.float32)


def measure(colours: Colours) -> Cast:
    """The cast over a picture. `colours`: of a small copy, height × width × 3."""
    light = linear(colours)
    (by_highlights, alike), by_edges = _highlights(colours, light), _edges(light)
    strengths = [float(np.hypot(*ratios)) for ratios in (by_highlights, by_edges)]
    if strengths[0] < _CAST[0]:
        return Cast((0.0, 0.0), 0.0)
    cosine = float(by_highlights @ by_edges) / max(strengths[0] * strengths[1], 1e-9)
    agree, white = ramp(cosine, *_AGREE), ramp(alike, *_WHITE_THING)
    weaker = by_edges if strengths[1] < strengths[0] and agree >= white else by_highlights
    strength = float(np.hypot(*weaker))
    trust = max(agree, white) * ramp(strength, *_CAST) * (1 - ramp(strength, *_WANTED))
    along = float(weaker @ _DAYLIGHTS)
    trust *= 1 - ramp(float(np.hypot(*(weaker - along * _DAYLIGHTS))), *_ASIDE)
    if along > 0:
        trust *= 1 - along / strength * (1 - ramp(along, *_LIKED))
        trust *= ramp(float(_shade(colours, light) @ _DAYLIGHTS) / along, *_WARM_SHADE)
    whole = Cast((float(weaker[0]), float(weaker[1])), 1.0)
    without = corrected(colours, whole)
    left = float(np.percentile(without.max(axis=-1) - without.min(axis=-1), 95))
    gained = _neutral_share(without) - _neutral_share(colours)
    trust *= ramp(left, *_ONE_HUE) * ramp(gained, *_NEUTRAL_GAIN)
    return Cast(whole.ratios, trust * (_MOST_WARM if along > 0 else _MOST_COOL))


def corrected(colours: Colours, cast: Cast) -> Colours:
    """Without the cast; what was white stays bright."""
    return encoded(linear(colours) * cast.gains)


def linear(colours: Colours) -> Colours:
    """Light of values of sRGB."""
    low = colours / np.float32(12.92)
    high = ((colours + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.asarray(np.where(colours <= 0.04045, low, high), np.float32)


def encoded(light: Colours) -> Colours:
    """Values of sRGB of light."""
    light = np.clip(light, 0, 1)
    curved = 1.055 * light ** np.float32(1 / 2.4) - 0.055
    return np.asarray(np.where(light <= 0.0031308, 12.92 * light, curved), np.float32)


def _highlights(colours: Colours, light: Colours) -> tuple[NDArray[np.float64], float]:
    """The colour of the brightest places, and how many of them have it."""
    bright = luma(colours)
    # With one colour burnt out the light's is still seen, if less of it.
    usable = (np.median(colours, axis=-1) < _CLIPPED) & (bright > 0.1)
    if usable.sum() < 50:
        return np.zeros(2), 0.0
    limit = np.percentile(bright[usable], _BRIGHTEST)
    found = light[usable & (bright >= limit)]
    ratios = _ratios(found.mean(axis=0))
    each = np.log(np.maximum(found, 1e-4))
    away = np.hypot(each[:, 0] - each[:, 1] - ratios[0], each[:, 2] - each[:, 1] - ratios[1])
    return ratios, float((away < _SAME_COLOUR).mean())


def _shade(colours: Colours, light: Colours) -> NDArray[np.float64]:
    """The mean colour of the darker places that have one."""
    bright = luma(colours)
    seen = bright > _BLACK
    if not seen.any():
        return np.zeros(2)
    darkest, lightest = np.percentile(bright[seen], _SHADE)
    return _ratios(light[seen & (bright >= darkest) & (bright <= lightest)].mean(axis=0))


def _edges(light: Colours) -> NDArray[np.float64]:
    across = np.abs(np.diff(light, axis=1))[:-1]
    down = np.abs(np.diff(light, axis=0))[:, :-1]
    steep = np.hypot(across, down).reshape(-1, 3).astype(np.float64)
    return _ratios((steep**_POWER).mean(axis=0) ** (1 / _POWER))


def _ratios(light: NDArray[np.floating]) -> NDArray[np.float64]:
    red, green, blue = np.maximum(light.astype(np.float64), 1e-6)
    return np.array([np.log(red / green), np.log(blue / green)])


def _neutral_share(colours: Colours) -> float:
    """How much of what is neither black nor burnt out has no colour."""
    bright = luma(colours)
    chroma = colours.max(axis=-1) - colours.min(axis=-1)
    counted = (bright > 0.15) & (bright < _CLIPPED)
    if not counted.any():
        return 0.0
    return float((1 - ramps(chroma[counted], _NEUTRAL, 2.5 * _NEUTRAL)).mean())
