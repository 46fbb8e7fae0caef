"""Recordings as they come: our own voices through a telephone, in noise, with long silences, over and over."""

import re
import subprocess
import wave
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.material import Recording, recording
from tasks.media.ffmpeg import ffmpeg_binary

Samples = NDArray[np.float64]

_RATE = 16_000
_SECONDS = 60.0
_FILTERS = {
    "telephone": "highpass=f=300,lowpass=f=3400,aresample=8000",
    "quiet": "volume=-40dB",
    "room": "aecho=0.8:0.7:23|41|67:0.35|0.25|0.18",
}


def make_mixes(folder: Path, models_dir: Path) -> list[Path]:
    """The recordings with their references beside them, made once and kept in `folder`."""
    made: list[Path] = []
    folder.mkdir(parents=True, exist_ok=True)
    for language in ("en", "pt"):
        spoken = recording(language, _SECONDS, folder=folder.parent, models_dir=models_dir)
        sentences = list(_sentences(spoken))
        texts = [sentence.text for sentence in spoken.sentences]
        speech = np.concatenate(sentences)
        for name, filters in _FILTERS.items():
            path = _named(folder, name, language)
            if not path.is_file():
                _write(path, speech, spoken.text)
                filtered = path.with_suffix(".part.wav")
                command = [
                    ffmpeg_binary(),
                    "-v",
                    "error",
                    "-y",
                    "-i",
                    str(path),
                    "-af",
                    filters,
                    str(filtered),
                ]
                subprocess.run(command, check=True)
                filtered.replace(path)
            made.append(path)
        rng = np.random.default_rng(3)
        for name, decibels in (("noise20", -20.0), ("noise10", -10.0)):
            level = np.sqrt(np.mean(speech[np.abs(speech) > 0.02] ** 2)) * 10 ** (decibels / 20)
            noisy = speech + rng.normal(0, level, speech.size)
            made.append(_written(_named(folder, name, language), noisy, spoken.text))
        silent = [part for sentence in sentences for part in (sentence, np.zeros(25 * _RATE))]
        made.append(_written(_named(folder, "silences", language), np.concatenate(silent), spoken.text))
        pause = np.zeros(_RATE // 2)
        tenfold = [part for sentence in sentences[:10] for part in (sentence, pause) * 10]
        said = " ".join(text for text in texts[:10] for _ in range(10))
        made.append(_written(_named(folder, "tenfold", language), np.concatenate(tenfold), said))
    return made


def _sentences(spoken: Recording) -> Iterator[Samples]:
    """Every sentence with the pause after it."""
    with wave.open(str(spoken.path)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") / 32768
    count = round(samples.size * _RATE / rate)
    sound = np.interp(np.arange(count) / _RATE, np.arange(samples.size) / rate, samples)
    starts = [0.0, *(sentence.start - 0.1 for sentence in spoken.sentences[1:]), spoken.duration]
    for start, end in pairwise(starts):
        yield sound[round(start * _RATE) : round(end * _RATE)]


def _named(folder: Path, name: str, language: str) -> Path:
    return folder / f"{re.sub(r'[^a-z0-9]', '', name)}.{language}.wav"


def _written(path: Path, sound: Samples, text: str) -> Path:
    if not path.is_file():
        _write(path, sound, text)
    return path


def _write(path: Path, sound: Samples, text: str) -> None:
    path.with_suffix(".txt").write_text(text, encoding="utf-8")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
