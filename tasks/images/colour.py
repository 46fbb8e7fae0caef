"""Colours as cameras, phones and HDR screens name them, brought to those of usual screens: sRGB.

Names are the numbers of ITU-T H.273, which PNG (cICP), AVIF, HEIC and videos have in common. HDR is toned down as ITU-R
BT.2390-8 (5.4.1) has it: up to a knee nothing changes, above it brightness goes up to the white of a usual screen.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Light = NDArray[np.float32]
"""Red, green and blue in the last axis."""
Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""x and y of red, green, blue and white."""

_D65 = (0.3127, 0.3290)
_BT709: Chromaticities = (0.640, 0.330, 0.300, 0.600, 0.150, 0.060, *_D65)
_PRIMARIES: dict[int, Chromaticities] = {
    1: _BT709,
    5: (0.640, 0.330, 0.290, 0.600, 0.150, 0.060, *_D65),
    6: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65),
    7: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65),
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *_D65),
    11: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351),
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_D65),
}
_GAMMA_22, _GAMMA_28, _LINEAR, PQ, HLG = 4, 5, 8, 16, 18
_WHITE_NITS = 203.0
"""Of diffuse white in HDR (ITU-R BT.2408), which is the white of a usual screen."""
_PEAK_NITS = 1000.0
"""Of the screens that HDR is mastered for; HLG is defined for it."""
_HLG_GAMMA = 1.2
_NEAR = 0.002
"""Chromaticities that differ by less are the same, rounded."""


@dataclass(frozen=True)
class ColourSpace:
    """What the numbers of a picture mean."""

    primaries: Chromaticities
    transfer: int
    """Of H.273; 0 if `gamma` says it."""
    gamma: float = 0.0

    @property
    def hdr(self) -> bool:
        """Whether it reaches beyond the white of a usual screen."""
        return self.transfer in (PQ, HLG)

    @property
    def usual(self) -> bool:
        """Whether it is what usual screens show, so that nothing is to be done. Broadcasts' curves count as theirs."""
        plain = self.transfer not in (0, _GAMMA_28, _LINEAR, PQ, HLG)
        close = max(abs(one - other) for one, other in zip(self.primaries, _BT709, strict=True)) < _NEAR
        return plain and close


def coded(primaries: int, transfer: int) -> ColourSpace:
    """The colour space of two numbers of H.273; what is unknown is taken for usual."""
    return ColourSpace(_PRIMARIES.get(primaries, _BT709), transfer or 2)


def in_srgb(values: Light, space: ColourSpace) -> Light:
    """Values from 0 to 1 in `space` as values from 0 to 1 in sRGB."""
    light = _linear(np.clip(values, 0, 1).astype(np.float32), space)
    if space.hdr:
        light = _toned_down(light)
    light = light @ _to_bt709(space.primaries).astype(np.float32).T
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055).astype(np.float32)


def _linear(values: Light, space: ColourSpace) -> Light:
    """Light, of which 1 is diffuse white."""
    match space.transfer:
        case 0:
            return values**space.gamma
        case 4:
            return values**2.2
        case 5:
            return values**2.8
        case 8:
            return values
        case 16:
            return np.asarray(_from_pq(values) / _WHITE_NITS, np.float32)
        case 18:
            # ITU-R BT.2100: scene light, then the OOTF of a screen of 1000 nits.
            a, b, c = 0.17883277, 0.28466892, 0.55991073
            scene = np.where(values <= 0.5, values**2 / 3, (np.exp((values - c) / a) + b) / 12)
            brightness = scene @ np.array([0.2627, 0.6780, 0.0593], np.float32)
            shown = scene * np.maximum(brightness, 1e-6)[..., None] ** (_HLG_GAMMA - 1)
            return np.asarray(shown * _PEAK_NITS / _WHITE_NITS, np.float32)
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(np.float32)


_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
"""Of SMPTE ST 2084."""


def _from_pq(values: Light) -> Light:
    power = values ** np.float32(1 / _M2)
    return np.asarray(10_000 * (np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1), np.float32)


def _to_pq(nits: Light) -> Light:
    power = (np.clip(nits, 0, 10_000) / 10_000) ** _M1
    return np.asarray(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2, np.float32)


def _toned_down(light: Light) -> Light:
    """Brings the strongest of the three to at most 1 and keeps their ratio, and with it the hue."""
    peak = float(_to_pq(np.array(_PEAK_NITS, np.float32)))
    most = float(_to_pq(np.array(_WHITE_NITS, np.float32))) / peak
    knee = 1.5 * most - 0.5
    strongest = np.maximum(light.max(axis=-1), 1e-6)
    level = np.minimum(_to_pq(strongest * _WHITE_NITS) / peak, 1)
    t = np.maximum((level - knee) / (1 - knee), 0)
    curve = (
        (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * most
    )
    toned = _from_pq(np.where(level < knee, level, curve).astype(np.float32) * np.float32(peak)) / _WHITE_NITS
    return np.asarray(light * (toned / strongest)[..., None], np.float32)


def _to_bt709(primaries: Chromaticities) -> NDArray[np.float64]:
    """From linear light of these primaries to that of BT.709; another white becomes D65 (Bradford)."""
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    found, wanted = (bradford @ _xyz(*space[6:]) for space in (primaries, _BT709))
    adapted = np.linalg.inv(bradford) @ np.diag(wanted / found) @ bradford
    return np.asarray(np.linalg.inv(_rgb_to_xyz(_BT709)) @ adapted @ _rgb_to_xyz(primaries), np.float64)


def _rgb_to_xyz(primaries: Chromaticities) -> NDArray[np.float64]:
    columns = np.stack([_xyz(*primaries[place : place + 2]) for place in (0, 2, 4)], axis=1)
    return columns * np.linalg.solve(columns, _xyz(*primaries[6:]))


def _xyz(x: float, y: float) -> NDArray[np.float64]:
    return np.array([x / y, 1, (1 - x - y) / y])
