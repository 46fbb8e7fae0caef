"""Speaking sentences into files of their own, with the times of their words."""

import os
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from tasks.media.ffmpeg import written_atomically
from tasks.progress import Progress, ignore_progress
from tasks.voice.choice import choose_voice
from tasks.voice.engine import Interval, Samples16
from tasks.voice.saying import check_speed, say
from tasks.voice.speech import as_16_bit


class SpokenFile(BaseModel):
    """A sentence in a WAV file, without silence around it."""

    model_config = ConfigDict(frozen=True)

    frames: int
    sample_rate: int
    words: tuple[Interval, ...] | None
    """When each word of what was spoken (what stands between blanks) is heard, in seconds of the file; None: the engine
    does not know."""


def speak_sentences(
    sentences: Sequence[str],
    targets: Sequence[Path],
    *,
    language: str,
    voice: str,
    models_dir: Path,
    speed: float = 1.0,
    progress: Progress = ignore_progress,
) -> tuple[SpokenFile, ...]:
    """Speaks each sentence into the WAV file (mono, 16 bit) of the same place in `targets`.

    Raises InvalidInputError, UnknownLanguageError, MissingEngineError, EngineError.
    """
    check_speed(speed)
    engine = choose_voice(language, models_dir, voice).offer.load()
    spoken: list[SpokenFile] = []
    letters = sum(map(len, sentences)) or 1
    done = 0
    for sentence, target in zip(sentences, targets, strict=True):
        progress(done / letters)
        said = say(engine, sentence, voice=voice, speed=speed)
        write_samples(target, as_16_bit(said.samples), engine.sample_rate)
        spoken.append(SpokenFile(frames=len(said.samples), sample_rate=engine.sample_rate, words=said.words))
        done += len(sentence)
    progress(1.0)
    return tuple(spoken)


def write_samples(target: Path, samples: Samples16, rate: int) -> None:
    """Writes mono sound; the file is there whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with written_atomically(target) as partial:
        with wave.open(os.fspath(partial), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(samples.astype("<i2", copy=False).tobytes())
        partial.chmod(0o644)


def read_samples(path: Path) -> tuple[Samples16, int]:
    """Samples and their rate, of a file that `write_samples` wrote."""
    with wave.open(os.fspath(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16), file.getframerate()
