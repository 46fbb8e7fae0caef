"""Talk of which it is known who speaks when: turns of recorded voices joined, or recordings with an RTTM file."""

import random
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.media.pcm import decode

RATE = 16_000
_PAUSE_SECONDS = 0.3
"""Longer silences within a turn are nobody's speech."""
_QUIET = 0.08
"""Of the loudness of a turn, below which nobody speaks."""

_SOUND = (".wav", ".flac", ".mp3", ".m4a", ".ogg")

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Spoken:
    """Somebody speaks, in seconds of the recording."""

    start: float
    end: float
    speaker: str


@dataclass(frozen=True)
class Talk:
    """A recording and who speaks in it."""

    name: str
    path: Path
    duration: float
    """Seconds."""
    spoken: tuple[Spoken, ...]

    @property
    def speakers(self) -> int:
        return len({part.speaker for part in self.spoken})


@dataclass(frozen=True)
class Manner:
    """How people talk."""

    name: str
    turns: tuple[float, float]
    """Seconds of the shortest and the longest."""
    overlap: float = 0.1
    """Share of turns that begin before the one before has ended."""
    telephone: bool = False
    far: bool = False
    """Whether one microphone hears all of them across a room."""


MANNERS = (
    Manner("calm", (1.5, 8.0)),
    Manner("quick", (1.2, 3.5)),
    Manner("telephone", (1.5, 8.0), telephone=True),
    Manner("at once", (2.0, 6.0), overlap=0.4),
    Manner("far", (1.5, 8.0), far=True),
)
_ECHO_SECONDS = 0.5
"""In which the sound of the room grows weaker by 60 dB: a meeting room."""
_METRES = (1.0, 2.5)
"""From the microphone to the nearest and the farthest speaker; at one metre the room is as loud as the voice."""
_ROOM_NOISE = 0.18
"""Of the loudness of the speech: 15 dB below it."""


def recorded(folder: Path) -> Iterator[Talk]:
    """The recordings of a folder that have an RTTM file of the same name beside them."""
    for truth in sorted(folder.glob("*.rttm")):
        fields = [line.split() for line in truth.read_text(encoding="utf-8").splitlines() if line]
        spoken = tuple(Spoken(float(f[3]), float(f[3]) + float(f[4]), f[7]) for f in fields)
        for path in sorted(folder.glob(f"{truth.stem}.*")):
            if path.suffix in _SOUND:
                yield Talk(truth.stem, path, read(path).size / RATE, spoken)


def joined(voices: Path, manner: Manner, people: int, seconds: float, seed: int, target: Path) -> Talk:
    """Turns of `people` voices; each voice is a folder of `voices` with recordings of one person.

    No recording is used twice: a voice is asked for as long as it lasts.
    """
    chance = random.Random(seed)  # noqa: S311 - talk that is the same each time
    names = chance.sample(sorted(path.name for path in voices.iterdir() if path.is_dir()), people)
    left = {name: _voice(voices / name, chance.uniform(0.6, 1.5)) for name in names}
    noise = np.random.default_rng(seed)
    if manner.far:
        left = {name: _across_room(said, chance.uniform(*_METRES), noise) for name, said in left.items()}
    sound = np.zeros(round((seconds + 15) * RATE), np.float32)
    spoken: list[Spoken] = []
    at, last, began = 0.3, "", 0.0
    while at < seconds:
        name = chance.choice([name for name in names if name != last] or names)
        length = round(chance.uniform(*manner.turns) * RATE)
        said, left[name] = left[name][:length], left[name][length:]
        if said.size < RATE:
            break
        if last and chance.random() < manner.overlap:
            at = max(began + 0.3, at - chance.uniform(0.8, 1.5))
        first = round(at * RATE)
        sound[first : first + said.size] += said
        spoken += [Spoken(at + start, at + end, name) for start, end in _speech(said)]
        last, began = name, at
        at += said.size / RATE + chance.uniform(0.1, 0.9)
    sound = sound[: round(at * RATE)]
    if manner.telephone:
        spectrum, hertz = np.fft.rfft(sound), np.fft.rfftfreq(sound.size, 1 / RATE)
        spectrum[(hertz < 300) | (hertz > 3400)] = 0
        sound = np.fft.irfft(spectrum, sound.size).astype(np.float32)
    level = _ROOM_NOISE * np.sqrt((sound**2).mean()) if manner.far else 0.001
    sound = np.asarray(sound + level * noise.standard_normal(sound.size), np.float32)
    _write(target, sound)
    return Talk(f"{manner.name}, {people}", target, sound.size / RATE, tuple(spoken))


def read(path: Path) -> Samples:
    """The sound of a media file, mono at 16 kHz."""
    with decode(path, sample_rate=RATE, channels=1, deadline=600) as blocks:
        return np.concatenate([block[:, 0] for block in blocks])


def _voice(folder: Path, loudness: float) -> Samples:
    """All that a person says, without the silence at the ends of the files."""
    parts = []
    for path in sorted(folder.iterdir()):
        sound = read(path)
        heard = np.flatnonzero(np.abs(sound) > 0.01)
        parts.append(sound[heard[0] : heard[-1]])
    whole = np.concatenate(parts)
    return np.asarray(whole * (0.05 * loudness / np.sqrt((whole**2).mean())), np.float32)


def _across_room(said: Samples, metres: float, random: np.random.Generator) -> Samples:
    """The voice as a microphone hears it from so far away, as loud as it was."""
    fading = np.arange(round(_ECHO_SECONDS * RATE)) / RATE
    echo = random.standard_normal(fading.size) * 10 ** (-3 * fading / _ECHO_SECONDS)
    echo *= metres / np.sqrt((echo**2).sum())
    echo[0] += 1.0
    size = said.size + echo.size
    heard = np.fft.irfft(np.fft.rfft(said, size) * np.fft.rfft(echo, size), size)[: said.size]
    return np.asarray(heard * np.sqrt((said**2).mean() / (heard**2).mean()), np.float32)


def _speech(said: Samples) -> Iterator[tuple[float, float]]:
    """Where in a turn there is speech: a voice pauses for breath."""
    hop = RATE // 100
    frames = said[: said.size // hop * hop].reshape(-1, hop)
    loudness = np.convolve(np.sqrt((frames**2).mean(axis=1)), np.full(5, 0.2), "same")
    loud = np.flatnonzero(loudness > _QUIET * np.quantile(loudness, 0.95))
    for run in np.split(loud, np.flatnonzero(np.diff(loud) > _PAUSE_SECONDS * 100) + 1):
        if run.size > 5:
            yield float(run[0]) / 100, float(run[-1] + 1) / 100


def _write(path: Path, sound: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
