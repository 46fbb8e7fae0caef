"""Recordings for the jobs of the tests: real speech, and everything that is not quite a recording."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasks.voice.speech import speak
from tests.material import as_wav, film

_RATE = 16_000


@dataclass(frozen=True)
class Recordings:
    """Makes recordings in a folder; each is the content of a file."""

    folder: Path
    models_dir: Path

    def spoken(self, text: str, language: str) -> bytes:
        """The text in the voice of that language, as WAV."""
        path = self.folder / f"{language}.wav"
        speech = speak(text, language=language, target=path, models_dir=self.models_dir)
        assert speech.engine in ("hibari", "kokoro"), f"{language} was spoken by {speech.engine}"
        return path.read_bytes()

    def film(self, *, sound: bool, index_first: bool = False) -> bytes:
        """Eight seconds of MP4."""
        arguments = ["-movflags", "+faststart"] if index_first else []
        path = self.folder / f"film-{sound}-{index_first}.mp4"
        film(path, *arguments, "-b:v", "400k", seconds=8, size="320x240", rate=25, sound=sound)
        return path.read_bytes()


def silence(seconds: float) -> bytes:
    """Digital silence, as WAV."""
    return as_wav(np.zeros(int(seconds * _RATE)), _RATE)


def music(seconds: float) -> bytes:
    """Plucked chords over a beat, without a voice, as WAV."""
    time = np.arange(int(seconds * _RATE)) / _RATE
    sound = np.zeros_like(time)
    noise = np.random.default_rng(1).standard_normal(time.size)
    for number, root in enumerate((220.0, 174.6, 261.6, 196.0) * 20):
        since = time - number * 0.6
        struck = np.where(since >= 0, np.exp(-4 * np.clip(since, 0, None)), 0)
        for ratio in (1, 1.26, 1.5, 2):
            sound += struck * np.sin(2 * np.pi * root * ratio * time)
        sound += 0.5 * noise * np.where(since >= 0, np.exp(-60 * np.clip(since, 0, None)), 0)
    return as_wav(0.5 * sound / np.abs(sound).max(), _RATE)
