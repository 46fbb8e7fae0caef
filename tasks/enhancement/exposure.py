"""Light: a picture that does not reach from black to white, or whose middle is too dark or too bright.

Black and white point are moved apart, then the middle is bent. In values of sRGB moving the white point is nearly the
same as a longer exposure: a factor of light is a factor of its power.
"""

from dataclasses import dataclass

import numpy as np

from tasks.enhancement.planes import Colours, luma, ramp

_ENDS = (0.5, 99.5)
"""Percentiles taken for black and white."""
_BLACK = (0.05, 0.15)
"""A black point at the first needs nothing, at the second it is put right."""
_WHITE = (0.95, 0.84)
_BLACK_AIM, _WHITE_AIM = 0.02, 0.97
_MOST_BLACK = 0.24
_MOST_GAIN = 2.4
"""Of the white point: two and a half stops. Beyond it there is only noise."""
_GROUND = 0.965
"""Brighter is taken for a white backdrop or a light, of which the exposure is not judged."""
_MIDDLE = (0.28, 0.68)
"""Medians between these are fine."""
_GAMMA = (0.85, 1.4)
_BURNT = (0.06, 0.2)
"""Share of burnt out places from which brightness is a fault and no white room."""
_BURNT_OUT = 0.985
_BACKDROP = (0.4, 0.7)
"""Share of the edges that is burnt out where it is white paper."""
_HIGH_KEY = (0.6, 0.85)
"""Medians of pictures that are meant to be light: their darkest tone is no black."""
_NIGHT = (0.35, 0.6)
"""Share of nearly black pixels of a night or a black backdrop: its middle is meant to be dark."""
_NEARLY_BLACK = 0.09


@dataclass(frozen=True)
class Exposure:
    """What is to be done about the light."""

    black: float
    white: float
    """Values that become black and white."""
    gamma: float
    """Below 1 the middle gets brighter."""

    @property
    def amount(self) -> float:
        """0 for nothing; 1 for as much as is ever done."""
        ends = max(self.black / _MOST_BLACK, (1 / self.white - 1) / (_MOST_GAIN - 1))
        return min(1.0, max(ends, abs(float(np.log(self.gamma))) / 0.4))

    def lessened(self, share: float) -> "Exposure":
        """A share (0 to 1) of it."""
        return Exposure(self.black * share, 1 - (1 - self.white) * share, self.gamma**share)


def measure(colours: Colours) -> Exposure:
    """What the picture's light needs. `colours`: of a small copy, height × width × 3."""
    flat = colours.reshape(-1, 3)
    bright = luma(flat)
    low = float(np.percentile(bright, _ENDS[0]))
    # By the strongest of the three: nothing that has a colour is to lose it by getting brighter.
    high = float(np.percentile(flat.max(axis=1), _ENDS[1]))
    light = 0.7 * ramp(float(np.median(bright)), *_HIGH_KEY)
    burnt = _burnt(colours)
    faded = ramp(low, *_BLACK) * (1 - light * (1 - ramp(burnt, *_BURNT)))
    black = min(0.85 * faded * max(low - _BLACK_AIM, 0.0), _MOST_BLACK)
    needed = max(_WHITE_AIM / max(high, 0.05), 1.0)
    gain = 1 + (min(needed, _MOST_GAIN) - 1) * ramp(high, *_WHITE)
    white = 1 / gain
    judged = np.clip((bright[bright < _GROUND] - black) / (white - black), 0, 1)
    gamma = _gamma(judged, burnt) if judged.size > 0.05 * bright.size else 1.0
    return Exposure(black, white, gamma)


def _burnt(colours: Colours) -> float:
    """Share of what is burnt out, where that is not the backdrop."""
    gone = colours.max(axis=-1) > _BURNT_OUT
    at_edge = np.concatenate([gone[0], gone[:, 0], gone[:, -1]])
    return float(gone.mean() * (1 - ramp(float(at_edge.mean()), *_BACKDROP)))


def _gamma(judged: Colours, burnt: float) -> float:
    middle = float(np.clip(np.median(judged), 0.02, 0.98))
    darkest, brightest = _MIDDLE
    if middle < darkest:
        night = ramp(float((judged < _NEARLY_BLACK).mean()), *_NIGHT)
        wanted = np.log(darkest) / np.log(middle)
        return float(max(wanted, _GAMMA[0]) * (1 - night) + night)
    if middle > brightest:
        wanted = min(np.log(brightest) / np.log(middle), _GAMMA[1])
        return float(1 + (wanted - 1) * ramp(burnt, *_BURNT))
    return 1.0


def corrected(colours: Colours, exposure: Exposure) -> Colours:
    """With the light put right."""
    spread = np.clip((colours - exposure.black) / (exposure.white - exposure.black), 0, 1)
    return np.asarray(spread**exposure.gamma, np.float32)
