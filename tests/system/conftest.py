"""One stack for the session, in a copy of the project: nothing is shared with a stack that runs here."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.processes.sockets import free_port
from tests.servers.media import MediaServer
from tests.system.checkout import Checkout


@pytest.fixture(scope="session")
def web() -> Iterator[MediaServer]:
    """The one web server on this machine that jobs of the stack may reach."""
    server = MediaServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def checkout(
    tmp_path_factory: pytest.TempPathFactory, web: MediaServer, models_dir: Path
) -> Iterator[Checkout]:
    settings = {
        "CONTRAPONTO_MODELS_DIR": str(models_dir),
        "CONTRAPONTO_ALLOWED_PRIVATE_HOSTS": f"127.0.0.1:{web.port}",
        "CONTRAPONTO_METRICS_PORT": str(free_port()),
    }
    copy = Checkout.copy(tmp_path_factory.mktemp("checkout"), settings)
    try:
        copy.contraponto("up")
        yield copy
    finally:
        copy.contraponto("down")


@pytest.fixture(scope="session")
def chromium() -> str:
    if os.environ.get("CONTRAPONTO_TEST_ENGINE") != "1":
        pytest.skip("needs packages of Debian: `make test-engine` installs them and runs it")
    program = shutil.which("chromium")
    assert program, "chromium is not installed; `make test-engine` installs it on Debian"
    return program
