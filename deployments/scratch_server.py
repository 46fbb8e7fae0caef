"""A Prefect server for one run in this process: a child on a free port with a database of its own.

Nothing is shared with another server or another run, so two at once do not meet. The child ends with its parent,
however that ends: it reads its standard input, which the parent holds open and never writes to.
"""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import httpx

from blocks.scratch import scratch_directory
from deployments.services.process import ServiceError, last_lines

_START_SECONDS = 120
_STOP_SECONDS = 10
_POLL_SECONDS = 0.1


@contextmanager
def scratch_server(home: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """The URL of the API of a server that lives as long as the `with` block.

    Raises:
        ServiceError: it does not start; the message carries the last lines of its log.
    """
    with scratch_directory(home, "server") as directory, socket.create_server(("127.0.0.1", 0)) as listener:
        database, log = directory / "prefect.db", directory / "server.log"
        template = home / "prefect" / f"empty-{version('prefect')}.db"
        if template.exists():
            _copy_database(template, database)
        api_url = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
        with log.open("wb") as output:
            child = subprocess.Popen(
                [sys.executable, "-m", "deployments.scratch_server", str(listener.fileno())],
                env={
                    **environment,
                    "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{database}",
                    "PREFECT_UI_ENABLED": "false",
                    # Without the background services, as Prefect's own temporary server.
                    "PREFECT__SERVER_EPHEMERAL": "1",
                },
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[listener.fileno()],
                # Ctrl-C reaches the whole foreground group; the server must outlive the flow that reports to it.
                start_new_session=True,
            )
        try:
            _wait_until_ready(child, api_url, log)
            if not template.exists():
                # Making the tables takes seconds: the next run copies them.
                _copy_database(database, template)
            yield api_url
        finally:
            _stop(child)


def _wait_until_ready(child: subprocess.Popen[bytes], api_url: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while child.poll() is None and time.monotonic() < deadline:
        try:
            # The socket listens before the server reads it: this waits for the answer.
            if httpx.get(f"{api_url}/health", timeout=_START_SECONDS, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(_POLL_SECONDS)
    raise ServiceError(
        "The temporary Prefect server did not start.", hint=f"The end of its log:\n{last_lines(log)}"
    )


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(_STOP_SECONDS)


def _copy_database(source: Path, target: Path) -> None:
    """Copy a database that may be in use, so that the target is whole or absent."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    with sqlite3.connect(f"file:{source}?mode=ro", uri=True) as original, sqlite3.connect(temporary) as copy:
        original.backup(copy)
        # A template in write-ahead mode would need files beside it even for reading.
        copy.execute("PRAGMA journal_mode = DELETE")
    original.close()
    copy.close()
    temporary.replace(target)


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _serve(descriptor: int) -> None:
    import uvicorn  # noqa: PLC0415 - the parent needs neither
    from prefect.server.api.server import create_app  # noqa: PLC0415

    threading.Thread(target=_end_with_parent, daemon=True).start()
    server = uvicorn.Server(uvicorn.Config(create_app(), log_level="warning", timeout_graceful_shutdown=3))
    server.run(sockets=[socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
