"""A model host, work for it, and real models with something to hear."""

import os
import wave
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deployments.model_host.models import Limits
from tasks.inference.client import perform
from tasks.speech.options import RecognitionOptions
from tasks.speech.work import Recognition
from tasks.voice.work import Speaking
from tests.servers.model_host import RunningHost, model_host
from tests.servers.model_work import Trial

TEXT = (
    "The harbour was quiet when the first boats came home. Nobody had expected them before noon, and yet the "
    "whole town was waiting. She opened the letter slowly, read it twice, and laughed."
)
MakeTrial = Callable[..., Trial]


@pytest.fixture(scope="session")
def models_dir() -> Path:
    home = Path(os.environ.get("CONTRAPONTO_HOME") or Path(__file__).parents[3] / ".contraponto")
    return Path(os.environ.get("CONTRAPONTO_MODELS_DIR") or home / "models").absolute()


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    """One for the tests that leave it as it is."""
    limits = Limits(queue=2, abort_seconds=0.5, overtime_seconds=0.2)
    with model_host(tmp_path_factory.mktemp("host") / "host.sock", limits) as running:
        yield running


@pytest.fixture
def trial(tmp_path: Path) -> MakeTrial:
    """Makes work for a model that no other test uses."""

    def make(name: str = "model", **values: Any) -> Trial:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        return Trial(name=str(folder), folder=folder, **values)

    return make


@pytest.fixture
def background() -> Iterator[ThreadPoolExecutor]:
    """Threads for runs that wait."""
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture(scope="session")
def talk(host: RunningHost, models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The text, spoken by the host's English voice."""
    target = tmp_path_factory.mktemp("talk") / "talk.wav"
    work = Speaking(text=TEXT, language="en", target=target, models_dir=models_dir, deadline=60)
    assert perform(work, host=host.socket).engine == "hibari"
    return target


@pytest.fixture(scope="session")
def noisy_talk(talk: Path) -> Path:
    """Its first three seconds with noise that is worth removing."""
    target = talk.with_name("noisy.wav")
    with wave.open(str(talk)) as clean, wave.open(str(target), "wb") as noisy:
        noisy.setparams(clean.getparams())
        sound = np.frombuffer(clean.readframes(3 * clean.getframerate()), dtype="<i2")
        noise = np.random.default_rng(1).normal(0, 600, sound.size)
        noisy.writeframes(np.clip(sound + noise, -32768, 32767).astype("<i2").tobytes())
    return target


@pytest.fixture
def recognition(talk: Path, models_dir: Path) -> Callable[..., Recognition]:
    """Makes the work of writing it down with the smallest model."""

    def make(model_dir: Path = models_dir / "whisper-tiny.en") -> Recognition:
        return Recognition(
            audio=talk,
            model_dir=model_dir,
            device="cpu",
            compute_type="auto",
            threads=None,
            options=RecognitionOptions(language="en"),
            deadline=60,
        )

    return make
