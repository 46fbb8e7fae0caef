"""What tests hear and see: texts, recordings, photographs, films; and how well a text was understood."""

import io
import re
import wave
from pathlib import Path

import av
import jiwer
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.media.ffmpeg import run_ffmpeg

ENGLISH = """\
The city council approved a plan to plant thousands of trees along the river before next spring.
When the train finally arrived, most passengers had already decided to take the bus.
"""
PORTUGUESE = """\
O médico explicou que o tratamento dura muitos meses e exige acompanhamento constante.
Não se esqueça de trancar a porta e apagar as luzes antes de sair de casa.
"""
HARBOUR = (
    "The harbour was quiet when the first boats came home. Nobody had expected them before noon, and yet the "
    "whole town was waiting. She opened the letter slowly, read it twice, and laughed."
)
"""About 12 s when it is spoken."""
NARRATION = Path(__file__).parent / "unit" / "speech" / "narration_en.txt"
"""Paragraphs of varied English prose."""


def bare_words(text: str) -> str:
    """Lower case, no punctuation: what counts when words are compared."""
    return " ".join(re.sub(r"[^\w\s]", " ", text.lower().replace("'", "")).split())


def word_error_rate(said: str, heard: str | None) -> float:
    """Share of the words that were got wrong, regardless of case and punctuation."""
    return float(jiwer.wer(bare_words(said), bare_words(heard or "")))


def as_wav(sound: NDArray[np.floating], rate: int) -> bytes:
    """One channel of samples from -1 to 1, as WAV."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(sound, -1, 1) * 32_767).astype("<i2").tobytes())
    return buffer.getvalue()


def with_noise(recording: bytes, *, seconds: float | None = None) -> bytes:
    """A WAV recording, or its beginning, with noise that is worth removing."""
    with wave.open(io.BytesIO(recording)) as clean, wave.open(target := io.BytesIO(), "wb") as noisy:
        noisy.setparams(clean.getparams())
        count = clean.getnframes() if seconds is None else round(seconds * clean.getframerate())
        sound = np.frombuffer(clean.readframes(count), dtype="<i2")
        noise = np.random.default_rng(1).normal(0, 600, sound.size)
        noisy.writeframes(np.clip(sound + noise, -32768, 32767).astype("<i2").tobytes())
    return target.getvalue()


def photograph(seed: int, size: tuple[int, int] = (200, 150)) -> bytes:
    """A JPEG of coloured clouds, different for each seed."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8))
    data = io.BytesIO()
    coarse.resize(size, Image.Resampling.BICUBIC).save(data, "JPEG")
    return data.getvalue()


def frames_of(path: Path) -> list[NDArray[np.uint8]]:
    """The pictures of a film, as RGB."""
    with av.open(str(path)) as container:
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in container.decode(video=0)]


def film(
    path: Path,
    *arguments: str,
    seconds: float = 0.5,
    picture: str = "testsrc2",
    size: str = "160x90",
    rate: int = 12,
    sound: bool = True,
) -> Path:
    """Makes a film of a picture source of ffmpeg and, if it is to have sound, a tone; `arguments` are ffmpeg's."""
    source = f"{picture}{':' if '=' in picture else '='}size={size}:rate={rate}:duration={seconds}"
    tone = ("-f", "lavfi", "-i", f"sine=duration={seconds}") if sound else ()
    run_ffmpeg(
        ["-f", "lavfi", "-i", source, *tone, "-pix_fmt", "yuv420p", *arguments],
        output=path,
        duration=seconds,
        deadline=120,
    )
    return path
