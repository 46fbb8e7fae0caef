"""A Prefect server for the session, empty for each file; for each test a web server, an own home and empty caches."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import psutil
import pytest
from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import (
    PREFECT_API_SSL_CERT_FILE,
    PREFECT_API_URL,
    PREFECT_CLIENT_CSRF_SUPPORT_ENABLED,
    PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED,
    PREFECT_LOCAL_STORAGE_PATH,
    PREFECT_LOGGING_TO_API_ENABLED,
    PREFECT_SERVER_ANALYTICS_ENABLED,
    PREFECT_SERVER_DATABASE_CONNECTION_URL,
    temporary_settings,
)
from prefect.testing import utilities

from blocks.settings import OLD_NAMES, get_settings
from deployments.server.api import one_authority
from tests.flow.recordings import Recordings
from tests.material import ENGLISH, PORTUGUESE
from tests.servers.mailbox import Mailbox
from tests.servers.media import MediaServer
from tests.servers.postgres import running_postgres

Configure = Callable[..., None]

_END_SECONDS = 20
_LOCK_SECONDS = 60
_KEPT = ("alembic_version", "configuration", "block_type", "block_schema", "block_schema_reference")
"""Tables of the server that are the same whatever tests do; their rows are made once, and clients know their ids."""

# Prefect's engine leaves its own connections to the server for the garbage collector to close.
_PREFECTS_WARNINGS = (
    "ignore:unclosed <socket:ResourceWarning",
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning",
)


def pytest_itemcollected(item: pytest.Item) -> None:
    for warning in _PREFECTS_WARNINGS:
        item.add_marker(pytest.mark.filterwarnings(warning))


@pytest.fixture(scope="session")
def mailbox() -> Iterator[Mailbox]:
    """Takes what the server alerts people to."""
    running = Mailbox()
    yield running
    running.close()


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox) -> Iterator[str]:
    """A server that answers at Prefect's own settings; the address of its database.

    The database is of the product's kind. SQLite, which Prefect's harness has, lets one write and the others ask
    again and again, out of turn: on a busy machine one of them gives up.
    """
    settings = {
        PREFECT_SERVER_ANALYTICS_ENABLED: False,
        PREFECT_LOGGING_TO_API_ENABLED: False,
        # As the product has it where a server is its own: each client would ask twice before its first request.
        PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED: False,
        PREFECT_CLIENT_CSRF_SUPPORT_ENABLED: False,
    }
    with running_postgres(tmp_path_factory.mktemp("postgres")) as database, temporary_settings(settings):
        here = {
            PREFECT_SERVER_DATABASE_CONNECTION_URL: database.replace("postgresql:", "postgresql+asyncpg:", 1)
        }

        class Server(SubprocessASGIServer):
            def start(self, timeout: int | None = None) -> None:
                with temporary_settings(here):
                    super().start(timeout)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(utilities, "SubprocessASGIServer", Server)
            patched.setenv("CONTRAPONTO_ALERTS_TO", "mailto:ops@example.org")
            patched.setenv("CONTRAPONTO_ALERTS_SMTP", f"smtp+insecure://127.0.0.1:{mailbox.port}")
            with utilities.prefect_test_harness(server_startup_timeout=120):
                (authority,) = one_authority(PREFECT_API_URL.value(), tmp_path_factory.mktemp("tls")).values()
                with temporary_settings({PREFECT_API_SSL_CERT_FILE: authority}):
                    yield database


@pytest.fixture(scope="module", autouse=True)
def empty_server(prefect_server: str) -> None:
    """Nothing of other files' tests is on the server, for those that look at all of it: sweeps, numbers."""
    asyncio.run(_empty(prefect_server))


async def _empty(address: str) -> None:
    database = await asyncpg.connect(address, timeout=_LOCK_SECONDS, command_timeout=_LOCK_SECONDS)
    try:
        async with database.transaction():
            # Tables refer to one another in circles.
            await database.execute("SET LOCAL session_replication_role = replica")
            for (name,) in await database.fetch(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ):
                if name not in _KEPT:
                    await database.execute(f'DELETE FROM "{name}"')  # noqa: S608 - a table of the server's own
    finally:
        await database.close()


@pytest.fixture(autouse=True)
def home(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    empty_server: None,
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
    before = _children()
    yield
    _, alive = psutil.wait_procs(_children() - before, timeout=_END_SECONDS)
    assert not alive, f"still running: {[child.cmdline() for child in alive]}"
    assert not list(home.glob("scratch/*")), "scratch files were left"
    assert not list(home.rglob("*.part")), "unfinished files were left"


def _children() -> set[psutil.Process]:
    """But for those of the database, which has one for each connection."""
    found = set()
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if child.name() != "postgres":
                found.add(child)
    return found


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
