"""A Prefect server for the session; for each test a web server, an own home and empty caches."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from prefect.settings import (
    PREFECT_LOCAL_STORAGE_PATH,
    PREFECT_LOGGING_TO_API_ENABLED,
    PREFECT_SERVER_ANALYTICS_ENABLED,
    temporary_settings,
)
from prefect.testing.utilities import prefect_test_harness

from blocks.settings import OLD_NAMES, get_settings
from tests.flow.recordings import Recordings
from tests.material import ENGLISH, PORTUGUESE
from tests.servers.media import MediaServer

Configure = Callable[..., None]

_END_SECONDS = 20

# Prefect's engine leaves its own connections to the server for the garbage collector to close.
_PREFECTS_WARNINGS = (
    "ignore:unclosed <socket:ResourceWarning",
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning",
)


def pytest_itemcollected(item: pytest.Item) -> None:
    for warning in _PREFECTS_WARNINGS:
        item.add_marker(pytest.mark.filterwarnings(warning))


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    settings = {PREFECT_SERVER_ANALYTICS_ENABLED: False, PREFECT_LOGGING_TO_API_ENABLED: False}
    with temporary_settings(settings), prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture(autouse=True)
def home(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prefect_server: None,
    server: MediaServer,
    models_dir: Path,
) -> Iterator[Path]:
    """A home with nothing in it; of all private addresses only the test's web server may be reached."""
    home, workplace = tmp_path / "home", tmp_path / "workplace"
    workplace.mkdir()
    monkeypatch.chdir(workplace)
    for name in [name for name in os.environ if name.startswith("CONTRAPONTO_")]:
        monkeypatch.delenv(name)
    for name in [old for names in OLD_NAMES.values() for old in names]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CONTRAPONTO_HOME", str(home))
    monkeypatch.setenv("CONTRAPONTO_MODELS_DIR", str(models_dir))
    monkeypatch.setenv("CONTRAPONTO_ALLOWED_PRIVATE_HOSTS", f"127.0.0.1:{server.port}")
    monkeypatch.setenv("CONTRAPONTO_RETRY_BACKOFF_BASE_SECONDS", "0.05")
    get_settings.cache_clear()
    with temporary_settings({PREFECT_LOCAL_STORAGE_PATH: home / "results"}):
        yield home
    get_settings.cache_clear()


@pytest.fixture
def configure(home: Path, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Changes settings by name."""

    def change(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"CONTRAPONTO_{name.upper()}", str(value))
        get_settings.cache_clear()

    return change


@pytest.fixture(autouse=True)
def nothing_left_behind(home: Path) -> Iterator[None]:
    """However a job ends, its scratch folders and its child processes are gone."""
    this = psutil.Process()
    before = set(this.children(recursive=True))
    yield
    _, alive = psutil.wait_procs(set(this.children(recursive=True)) - before, timeout=_END_SECONDS)
    assert not alive, f"still running: {[child.cmdline() for child in alive]}"
    assert not list(home.glob("scratch/*")), "scratch files were left"
    assert not list(home.rglob("*.part")), "unfinished files were left"


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Recordings:
    return Recordings(tmp_path_factory.mktemp("recordings"), models_dir)


@pytest.fixture(scope="session")
def english(recordings: Recordings) -> bytes:
    """The text ENGLISH, spoken."""
    return recordings.spoken(ENGLISH, "en")


@pytest.fixture(scope="session")
def portuguese(recordings: Recordings) -> bytes:
    """The text PORTUGUESE, spoken."""
    return recordings.spoken(PORTUGUESE, "pt")
