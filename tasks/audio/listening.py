"""Listening to the channels of one track: how much speech is in each of the sounds that can be made of them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.audio.voice_activity import SAMPLE_RATE, speech_stretches
from tasks.media.pcm import Samples

LOOK_SECONDS = 30.0
"""How much is listened to at once."""

ENOUGH_SECONDS = 3.0
"""Speech after which a sound needs no further look: more than a click or a note that only resembles a voice."""

SPEECH_LEVEL = -26.0
"""dBFS (RMS) to which quiet speech is raised: the level at which ITU-T P.830 has speech recorded for tests."""

ABOVE_HUM = "highpass=f=200:t=q:w=0.5412,highpass=f=200:t=q:w=1.3066"
"""The ffmpeg filter that leaves what a telephone passes on, 24 dB an octave: mains hum and rumble are gone."""

_SECOND_LOOK_SECONDS = 600.0
"""How much of a long recording the second look listens to, spread over all of it."""

_HEARD_SECONDS = 0.3
"""Less speech in a whole recording is a click or a note; see `tasks.speech.quality`."""

_CANCELLED = 10 ** (-6 / 10)
"""Power of the mix over that of the channels from which on they cancel each other. Channels that have nothing in common
lose 3 dB, equal ones none."""

_OPPOSED = -0.9
"""Correlation below which one channel is the other turned over: their difference is the sound."""

_UNLIKE = 0.5
"""Correlation below which the channels may hold different things."""

_ALIVE = 10 ** (-40 / 10)
"""Power over that of the other channel below which a channel is dead, and does not disturb the mix."""

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


def mixes(channels: int) -> list[str]:
    """What can be listened to instead of the mix."""
    if channels == 2:
        return ["left", "right", "difference"]
    return [f"channel {number}" for number in range(1, channels + 1)] if channels > 2 else []


def pan(mix: str, channels: int) -> str:
    """The ffmpeg filter that makes one channel of a track of so many."""
    if mix == "difference":
        return "pan=mono|c0=0.5*c0-0.5*c1"
    number = {"left": 0, "right": 1}.get(mix, 0) if channels == 2 else int(mix.split()[1]) - 1
    return f"pan=mono|c0=c{number}"


class Ear:
    """Counts the speech in one sound."""

    def __init__(self, mix: str, *, above_hum: bool = False, raised: bool = False) -> None:
        """`raised`: the sound is brought to the level of speech before it is listened to."""
        self._mix = mix
        self._above_hum = above_hum
        self._raised = raised
        self._seconds = 0.0
        self._power = 0.0
        self.gain = -math.inf
        """The most decibels by which it was raised."""

    def listen(self, audio: NDArray[np.float32]) -> None:
        """Takes mono sound at 16 kHz."""
        gain = self._gain(audio) if self._raised else 0.0
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
        return Sound(self._mix, self._above_hum, self._seconds, level)

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

    def add(self, block: Samples) -> None:
        """Takes the next `LOOK_SECONDS`."""
        self.blocks += 1
        if self.channels == 2:
            self._products += block.T.astype(np.float64) @ block
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
    def is_cancelled(self) -> bool:
        """Whether the channels are louder than their mix because they cancel each other."""
        power = self._products.trace() / 2
        return self.channels == 2 and power > 0 and float(self._products.sum()) / 4 < _CANCELLED * power

    @property
    def is_opposed(self) -> bool:
        """Whether one channel is the other turned over."""
        return self.correlation < _OPPOSED

    @property
    def is_unlike(self) -> bool:
        """Whether the channels may hold different things."""
        return self.correlation < _UNLIKE


class SecondLook:
    """Listens to one more sound of a track, spread over a long one; as it is, and above the hum where that is asked."""

    def __init__(
        self, mix: str, duration: float, *, above_hum: bool = False, most: int | None = None
    ) -> None:
        """`duration` in seconds, 0 where it is unknown; `most`: how many blocks to listen to."""
        self._every = max(1, math.ceil(duration / _SECOND_LOOK_SECONDS))
        self._most = most
        self._ear = Ear(mix, above_hum=above_hum, raised=True)
        self._blocks = 0

    def add(self, block: Samples) -> None:
        """Takes the next `LOOK_SECONDS` of the sound, already made of the channels and filtered."""
        if self._blocks % self._every == 0:
            self._ear.listen(block[:, 0])
        self._blocks += 1

    @property
    def is_enough(self) -> bool:
        """Whether nothing more needs to be read."""
        if self._most is not None:
            return self._blocks >= self._most
        return self._ear.sound.speech >= ENOUGH_SECONDS

    @property
    def sound(self) -> Sound:
        """What was heard so far."""
        return self._ear.sound

    @property
    def tried(self) -> Iterator[str]:
        """What was listened to, for people."""
        yield self.sound.name
        if self._ear.gain > 1:
            yield f"{self._ear.gain:+.0f} dB"
