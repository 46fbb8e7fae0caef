"""What tests of every kind use: the models of this machine, and servers that may be reached."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from blocks.settings import PROJECT_ROOT
from tasks.net.addresses import AddressPolicy
from tests.servers.endpoint import WebhookEndpoint
from tests.servers.media import MediaServer, wav
from tests.servers.traps import Traps

# How long an example takes depends on what else the machine does: no test may fail by it.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# Read before any test changes the environment.
_HOME = Path(os.environ.get("CONTRAPONTO_HOME") or PROJECT_ROOT / ".contraponto")
_MODELS = Path(os.environ.get("CONTRAPONTO_MODELS_DIR") or _HOME / "models").absolute()


_NAMED = ("speakers", "fonts", "fonts-cjk")
"""Models that only those tests need which name them: `models("speakers")`."""


def pytest_runtest_setup(item: pytest.Item) -> None:
    if marker := item.get_closest_marker("models"):
        from deployments.cli.models import FOR_TESTS  # noqa: PLC0415 - most tests need no command line

        wanted = marker.args or [name for name in FOR_TESTS if name not in _NAMED]
        missing = [name for name in wanted if not (_MODELS / name).is_dir()]
        if missing:
            pytest.fail(f"not in {_MODELS}: {', '.join(missing)}; `contraponto models get --for-tests`")


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """What a shell starts in the background ignores SIGINT, and so would all that is started here.

    Prefect's workers end by it: they turn SIGTERM into SIGINT.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def models_dir() -> Path:
    return _MODELS


@pytest.fixture
def server() -> Iterator[MediaServer]:
    running = MediaServer()
    yield running
    running.close()


@pytest.fixture
def endpoint() -> Iterator[WebhookEndpoint]:
    running = WebhookEndpoint()
    yield running
    running.close()


@pytest.fixture
def traps(tmp_path: Path) -> Iterator[Traps]:
    (tmp_path / "traps").mkdir()
    watched = Traps(tmp_path / "traps")
    yield watched
    watched.close()


@pytest.fixture
def loopback() -> AddressPolicy:
    """The policy that lets tests reach the servers above, and no other private address."""
    return AddressPolicy(("127.0.0.1",))


@pytest.fixture(scope="session")
def tone() -> bytes:
    """A second of one tone, as WAV."""
    return wav()
