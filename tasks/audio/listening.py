"""Listening to the channels of one track: how much speech is in each of the sounds that can be made of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.audio.voice_activity import SAMPLE_RATE, speech_stretches
from tasks.media.pcm import LAYOUTS, Samples

LOOK_SECONDS = 30.0
"""How much is listened to at once."""

ENOUGH_SECONDS = 3.0
"""Speech after which a sound needs no further look: more than a click or a note that only resembles a voice."""

SPEECH_LEVEL = -26.0
"""dBFS (RMS) to which quiet speech is raised: the level at which ITU-T P.830 has speech recorded for tests."""

_HUM_HERTZ = 200
_HARMONICS = sorted({mains * number for mains in (50, 60) for number in range(3, 13)})
_NOTCH_HERTZ = 6

ABOVE_HUM = ",".join(
    [
        f"highpass=f={_HUM_HERTZ}:t=q:w=0.5412,highpass=f={_HUM_HERTZ}:t=q:w=1.3066",
        *(f"bandreject=f={harmonic}:t=h:w={_NOTCH_HERTZ}" for harmonic in _HARMONICS),
    ]
)
"""The ffmpeg filter that takes mains hum and rumble away: what lies below 200 Hz, 24 dB an octave, as a telephone does,
and the narrow lines of the harmonics of 50 and 60 Hz."""

_SECOND_LOOK_SECONDS = 600.0
"""How much of a long recording the second look listens to, spread over all of it."""

_HEARD_SECONDS = 0.3
"""Less speech in a whole recording is a click or a note; see `tasks.speech.quality`."""

_CANCELLED = 10 ** (-6 / 10)
"""Power of the mix over that of the channels from which on they cancel each other. Channels that have nothing in common
lose 3 dB, equal ones none."""

_LOUD = 10 ** (-15 / 10)
_LOST = 10 ** (-15 / 10)
"""Power of a second over that of the loudest one from which on it counts, and power of its mix over its own from which
on it is lost."""

_OPPOSED = -0.9
"""Correlation below which one channel is the other turned over: their difference is the sound."""

_UNLIKE = 0.5
"""Correlation below which the channels may hold different things."""

_ALIVE = 10 ** (-40 / 10)
"""Power over that of the other channel below which a channel is dead, and does not disturb the mix."""

_LOUDSPEAKERS = max(LAYOUTS)

_FRAME = SAMPLE_RATE * 30 // 1000


@dataclass(frozen=True)
class Sound:
    """One way to listen to a track."""

    mix: str
    """"mix", "left", "right", "difference", or "channel 3"."""
    above_hum: bool = False
    speech: float = 0.0
    """Seconds of speech heard."""
    level: float = -math.inf
    """dBFS (RMS) of the speech heard."""

    @property
    def is_heard(self) -> bool:
        """Whether there is speech in it."""
        return self.speech >= _HEARD_SECONDS

    @property
    def name(self) -> str:
        """For people."""
        return self.mix + (" above the hum" if self.above_hum else "")


def second_looks(channels: int, *, difference_first: bool) -> list[list[str]]:
    """What can be listened to instead of the mix as it is, in the order of preference, read by read.

    The channels of stereo come as they are; of any other track the mix is read first, then its channels, as many at
    once as there are loudspeakers: a read for each of the 64 of a field recorder would decode the file 64 times.
    """
    if channels == 2:
        sides = ["mix", "left", "right"]
        return [["difference", *sides] if difference_first else [*sides, "difference"]]
    single = [f"channel {number}" for number in range(1, channels + 1) if channels > 2]
    return [["mix"], *(single[at : at + _LOUDSPEAKERS] for at in range(0, len(single), _LOUDSPEAKERS))]


def is_wide(channels: int) -> bool:
    """Whether a track has more channels than loudspeakers: no program knows how to mix those of a field recorder."""
    return channels > _LOUDSPEAKERS


def pan(mix: str, channels: int) -> str:
    """The ffmpeg filter that makes one channel of a track of so many."""
    if mix == "mix":
        return f"pan=mono|c0<{'+'.join(f'c{number}' for number in range(channels))}"
    if mix == "difference":
        return "pan=mono|c0=0.5*c0-0.5*c1"
    return f"pan=mono|c0=c{_number(mix, channels)}"


def side_by_side(mixes: Sequence[str], channels: int) -> tuple[str, int]:
    """The ffmpeg filter that puts single channels of a track side by side, and how many come of it.

    ffmpeg passes only the layouts of loudspeakers on; those that are left over are silent.
    """
    width = min(count for count in LAYOUTS if count >= len(mixes))
    columns = [f"c{at}=c{_number(mix, channels)}" for at, mix in enumerate(mixes)]
    silent = [f"c{at}=0*c0" for at in range(len(mixes), width)]
    return "|".join([f"pan={LAYOUTS[width]}", *columns, *silent]), width


def _number(mix: str, channels: int) -> int:
    """Where a single channel stands in its track, from 0."""
    return {"left": 0, "right": 1}.get(mix, 0) if channels == 2 else int(mix.split()[1]) - 1


class Ear:
    """Counts the speech in one sound."""

    def __init__(self, mix: str, *, above_hum: bool = False) -> None:
        self.mix = mix
        self._above_hum = above_hum
        self._seconds = 0.0
        self._power = 0.0
        self.gain = -math.inf
        """The most decibels by which it was raised."""

    def listen(self, audio: NDArray[np.float32], *, raised: bool = False) -> None:
        """Takes mono sound at 16 kHz; `raised`: it is brought to the level of speech before it is listened to."""
        if not audio.any():
            return
        if self._above_hum:
            audio = _without_hum(audio)
        gain = self._gain(audio) if raised else 0.0
        if gain is None:
            return
        self.gain = max(self.gain, gain)
        heard = np.clip(audio * np.float32(10 ** (gain / 20)), -1, 1) if gain else audio
        for start, end in speech_stretches(heard):
            samples = audio[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
            self._seconds += end - start
            self._power += float(np.square(samples, dtype=np.float64).sum()) / SAMPLE_RATE

    @property
    def sound(self) -> Sound:
        """What was heard so far."""
        level = 10 * math.log10(self._power / self._seconds + 1e-15) if self._seconds else -math.inf
        return Sound(self.mix, self._above_hum, self._seconds, level)

    @staticmethod
    def _gain(audio: NDArray[np.float32]) -> float | None:
        """Decibels up to where the louder moments have the level of speech; None for digital silence."""
        frames = audio[: audio.size // _FRAME * _FRAME].reshape(-1, _FRAME)
        level = (
            float(np.percentile(np.square(frames, dtype=np.float64).mean(axis=1), 90)) if len(frames) else 0.0
        )
        return SPEECH_LEVEL - 10 * math.log10(level) if level > 1e-14 else None


class FirstLook:
    """Listens to the mix of a track until there is enough speech in it, and compares its channels."""

    def __init__(self, channels: int) -> None:
        self.channels = min(channels, 2) if channels <= 2 else 1
        """How many channels it wants to see."""
        self.blocks = 0
        self._ear = Ear("mix")
        self._products = np.zeros((2, 2))
        self._seconds: list[tuple[float, float]] = []

    def add(self, block: Samples) -> None:
        """Takes the next `LOOK_SECONDS`."""
        self.blocks += 1
        if self.channels == 2:
            self._products += block.T.astype(np.float64) @ block
            for start in range(0, len(block), SAMPLE_RATE):
                piece = np.square(block[start : start + SAMPLE_RATE], dtype=np.float64).sum(axis=0)
                mixed = np.square(block[start : start + SAMPLE_RATE].mean(axis=1), dtype=np.float64).sum()
                self._seconds.append((float(piece.mean()), float(mixed)))
        self._ear.listen(block.mean(axis=1))

    @property
    def sound(self) -> Sound:
        """The mix as heard so far."""
        return self._ear.sound

    @property
    def is_enough(self) -> bool:
        """Whether somebody speaks in the mix."""
        return self.sound.speech >= ENOUGH_SECONDS

    @property
    def correlation(self) -> float:
        """Of two channels, -1 to 1; 1 for any other number, and where one of the two is dead."""
        left, right = self._products[0, 0], self._products[1, 1]
        if min(left, right) <= _ALIVE * max(left, right):
            return 1.0
        return float(self._products[0, 1] / math.sqrt(left * right))

    @property
    def is_suspicious(self) -> bool:
        """Whether the channels may hold more than their mix."""
        return self.channels == 2 and (self.is_cancelled or self.is_unlike or self.is_partly_cancelled)

    @property
    def is_cancelled(self) -> bool:
        """Whether the channels are louder than their mix because they cancel each other."""
        power = self._products.trace() / 2
        return self.channels == 2 and power > 0 and float(self._products.sum()) / 4 < _CANCELLED * power

    @property
    def is_partly_cancelled(self) -> bool:
        """Whether some of the loud seconds are lost in the mix: one voice of several is turned over."""
        loud = max((channels for channels, _ in self._seconds), default=0.0) * _LOUD
        return any(channels > loud and mixed < _LOST * channels for channels, mixed in self._seconds)

    @property
    def is_opposed(self) -> bool:
        """Whether one channel is the other turned over."""
        return self.correlation < _OPPOSED

    @property
    def is_unlike(self) -> bool:
        """Whether the channels may hold different things."""
        return self.correlation < _UNLIKE


class SecondLook:
    """Listens to all that can be made of some channels, raised to the level of speech, spread over a long recording."""

    def __init__(self, mixes: Sequence[str], duration: float, *, most: int | None = None) -> None:
        """`mixes` in the order of preference. `duration` in seconds, 0 where it is unknown.

        `most`: how many blocks to compare with a mix that is heard; without it, hum is suspected too.
        """
        self._every = max(1, math.ceil(duration / _SECOND_LOOK_SECONDS))
        self._most = most
        self._ears = [
            Ear(mix, above_hum=above_hum)
            for above_hum in ((False, True) if most is None else (False,))
            for mix in mixes
        ]
        self._blocks = 0

    def add(self, block: Samples) -> None:
        """Takes the next `LOOK_SECONDS`: two channels, or the one that is the only mix."""
        if self._blocks % self._every == 0:
            for ear in self._ears:
                ear.listen(_made(block, ear.mix), raised=True)
        self._blocks += 1

    @property
    def is_enough(self) -> bool:
        """Whether nothing more needs to be read."""
        if self._most is not None:
            return self._blocks >= self._most
        return any(ear.sound.speech >= ENOUGH_SECONDS for ear in self._ears)

    @property
    def sounds(self) -> list[Sound]:
        """What was heard so far in each, in the order of preference."""
        return [ear.sound for ear in self._ears]

    @property
    def tried(self) -> list[str]:
        """What was listened to, for people."""
        gain = max((ear.gain for ear in self._ears), default=0.0)
        return [*(ear.sound.name for ear in self._ears), *([f"{gain:+.0f} dB"] if gain > 1 else [])]


def _made(block: Samples, mix: str) -> NDArray[np.float32]:
    if block.shape[1] == 1:
        return block[:, 0]
    left, right = block[:, 0], block[:, 1]
    if mix in ("left", "right"):
        return left if mix == "left" else right
    made: NDArray[np.float32] = (left - right if mix == "difference" else left + right) * np.float32(0.5)
    return made


def _without_hum(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """What `ABOVE_HUM` leaves, near enough for a look."""
    spectrum = np.fft.rfft(audio)
    bins = audio.size / SAMPLE_RATE
    spectrum[: round(_HUM_HERTZ * bins)] = 0
    for harmonic in _HARMONICS:
        spectrum[
            round((harmonic - _NOTCH_HERTZ / 2) * bins) : round((harmonic + _NOTCH_HERTZ / 2) * bins) + 1
        ] = 0
    return np.fft.irfft(spectrum, audio.size).astype(np.float32)
