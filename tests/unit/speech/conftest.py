"""Real speech for the recognition tests: spoken by the local English voice, heard by the local model."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.speech.recognition import Recogniser, load_recogniser
from tests.material import NARRATION, as_wav

SPEECH_RATE = 24_000


@pytest.fixture(scope="session")
def whisper_base(models_dir: Path) -> Path:
    return models_dir / "whisper-base"


@pytest.fixture(scope="session")
def recogniser(whisper_base: Path) -> Recogniser:
    return load_recogniser(whisper_base, device="cpu")


@pytest.fixture(scope="session")
def voice() -> Callable[[str], NDArray[np.float32]]:
    from hibari import Hibari  # noqa: PLC0415 - only the tests with models need it

    voice: Callable[[str], NDArray[np.float32]] = Hibari()
    return voice


@pytest.fixture(scope="session")
def narration() -> list[str]:
    """Paragraphs of varied English prose."""
    return NARRATION.read_text(encoding="utf-8").strip().split("\n\n")


@pytest.fixture(scope="session")
def spoken(
    voice: Callable[[str], NDArray[np.float32]], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Path]:
    """Speaks sentences into a WAV file, with a pause (seconds) after each."""
    directory = tmp_path_factory.mktemp("speech")

    def speak(sentences: list[str], *, pause: float = 0.4, name: str) -> Path:
        silence = np.zeros(int(pause * SPEECH_RATE), np.float32)
        audio = np.concatenate([part for text in sentences for part in (voice(text), silence)])
        return write_wav(directory / name, audio, SPEECH_RATE)

    return speak


def write_wav(path: Path, sound: NDArray[np.floating], rate: int) -> Path:
    path.write_bytes(as_wav(sound, rate))
    return path


def sentences_of(paragraphs: list[str]) -> list[str]:
    return [s for paragraph in paragraphs for s in re.split(r"(?<=[.!?])\s+", paragraph.strip())]
