"""How far the noise of a recording lies below its speech: what decides whether there is anything to remove."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from tasks.media.pcm import Samples

SAMPLE_RATE = 16_000
"""Hertz at which sound is measured: the band that recognisers hear."""

CLEAN = 18.0
"""Decibels between speech and noise from which a recogniser is better off with the noise: removing it saves no word,
and takes sentence marks and capitals with it (telephone talk 33 dB above its noise kept 2 of 9 marks). Below, it
saves words: measured with white and pink noise and hum, in English and Portuguese."""

_FRAME = SAMPLE_RATE * 30 // 1000
_STRETCH_FRAMES = 333
"""Frames of about ten seconds, in which every speaker pauses."""

_PAUSES = 5
"""Percentile of a stretch's frames whose level counts as that of its pauses. So low because pauses that a program has
filled with digital silence do not count, and noise then shows only at their edges."""

_LOUD = 90
"""Percentile of a stretch's frames whose level counts as that of its speech."""

_WORST = 90
"""Percentile of the stretches that decides: a recording is as clean as nearly all of it."""

_DIGITAL_SILENCE = -95.0
"""dBFS below which frames were put there by a program: a gate, or a cut. They say nothing about the noise under the
speech. Just above the dither of 16 bits."""

_MUCH_QUIETER = 30.0
"""Decibels below the loudest stretches from which a stretch holds no speech to compare with."""


class NoiseFloor(BaseModel):
    """Levels of a recording in dBFS (RMS)."""

    model_config = ConfigDict(frozen=True)

    speech: float
    noise: float

    @property
    def distance(self) -> float:
        """Decibels from the noise up to the speech."""
        return self.speech - self.noise

    @property
    def is_clean(self) -> bool:
        """Whether there is no noise that is worth removing."""
        return self.distance >= CLEAN


def why_clean(blocks: Iterable[Samples]) -> str:
    """Why no noise is to be removed from mono sound at `SAMPLE_RATE`, for people; empty if there is some."""
    floor = measure_noise_floor(blocks)
    if floor is None:
        return "there is no sound"
    return f"clear enough: the noise lies {floor.distance:.0f} dB below the speech" if floor.is_clean else ""


def measure_noise_floor(blocks: Iterable[Samples]) -> NoiseFloor | None:
    """Measures mono sound at `SAMPLE_RATE`; None if it holds nothing but digital silence.

    Music and other sound without pauses counts as noise. Keeps two numbers for every ten seconds.
    """
    levels = _Levels()
    for block in blocks:
        levels.add(block[:, 0])
    return levels.floor()


class _Levels:
    def __init__(self) -> None:
        self._rest: NDArray[np.float32] = np.zeros(0, dtype=np.float32)
        self._loud: list[float] = []
        self._quiet: list[float] = []

    def add(self, samples: NDArray[np.float32]) -> None:
        self._rest = np.concatenate((self._rest, samples))
        whole = _FRAME * _STRETCH_FRAMES
        while len(self._rest) >= whole:
            self._stretch(self._rest[:whole])
            self._rest = self._rest[whole:]

    def floor(self) -> NoiseFloor | None:
        # What is left is too short for pauses to be sure of, unless there is nothing else.
        if not self._loud and len(self._rest) >= _FRAME:
            self._stretch(self._rest[: len(self._rest) // _FRAME * _FRAME])
        if not self._loud:
            return None
        loud, quiet = np.array(self._loud), np.array(self._quiet)
        speech = float(np.percentile(loud, _LOUD))
        spoken = quiet[loud > speech - _MUCH_QUIETER]
        return NoiseFloor(speech=speech, noise=float(np.percentile(spoken, _WORST)))

    def _stretch(self, samples: NDArray[np.float32]) -> None:
        power = np.square(samples.reshape(-1, _FRAME), dtype=np.float64).mean(axis=1)
        level = 10 * np.log10(power + 1e-12)
        heard = level[level > _DIGITAL_SILENCE]
        if heard.size:
            self._loud.append(float(np.percentile(heard, _LOUD)))
            self._quiet.append(float(np.percentile(heard, _PAUSES)))
