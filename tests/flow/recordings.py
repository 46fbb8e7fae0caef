"""Recordings for the jobs of the tests: real speech, and everything that is not quite a recording."""

import io
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.media.ffmpeg import run_ffmpeg
from tasks.voice.speech import speak

ENGLISH = """\
The city council approved a plan to plant thousands of trees along the river before next spring.
When the train finally arrived, most passengers had already decided to take the bus.
"""
PORTUGUESE = """\
O médico explicou que o tratamento dura muitos meses e exige acompanhamento constante.
Não se esqueça de trancar a porta e apagar as luzes antes de sair de casa.
"""
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
        arguments = ["-f", "lavfi", "-i", "testsrc=s=320x240:r=25:d=8"]
        if sound:
            arguments += ["-f", "lavfi", "-i", "sine=f=300:d=8:r=44100", "-c:a", "aac", "-b:a", "128k"]
        if index_first:
            arguments += ["-movflags", "+faststart"]
        path = self.folder / f"film-{sound}-{index_first}.mp4"
        run_ffmpeg([*arguments, "-c:v", "libx264", "-b:v", "400k"], output=path, duration=8, deadline=120)
        return path.read_bytes()


def silence(seconds: float) -> bytes:
    """Digital silence, as WAV."""
    return _wav(np.zeros(int(seconds * _RATE)))


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
    return _wav(0.5 * sound / np.abs(sound).max())


def _wav(sound: NDArray[np.float64]) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes((sound * 32_767).astype("<i2").tobytes())
    return buffer.getvalue()
