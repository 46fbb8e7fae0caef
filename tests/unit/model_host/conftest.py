"""A model host, work for it, and real models with something to hear."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from deployments.model_host.models import Limits
from tasks.inference.client import perform
from tasks.speech.options import RecognitionOptions
from tasks.speech.work import Recognition
from tasks.voice.work import Speaking
from tests.material import HARBOUR, with_noise
from tests.servers.model_host import RunningHost, model_host
from tests.servers.model_work import Trial

MakeTrial = Callable[..., Trial]


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
    work = Speaking(text=HARBOUR, language="en", target=target, models_dir=models_dir, deadline=60)
    assert perform(work, host=host.socket).engine == "hibari"
    return target


@pytest.fixture(scope="session")
def noisy_talk(talk: Path) -> Path:
    """Its first three seconds with noise that is worth removing."""
    target = talk.with_name("noisy.wav")
    target.write_bytes(with_noise(talk.read_bytes(), seconds=3))
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
