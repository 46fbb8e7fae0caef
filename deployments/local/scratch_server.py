"""A Prefect server for one run in this process: a child on a free port with a database of its own.

Nothing is shared with another server or another run, so two at once do not meet. The child ends with its
parent, however that ends: it reads its standard input, which the parent holds open and never writes to.

Prefect has temporary servers, too. They would do for tests; measured with 3.8.8 on two cores, seconds until the server
answers, three starts each:

    this one, first start in a home             12.3  13.1  13.4
    this one, on copied tables                   6.3   7.2   8.1
    SubprocessASGIServer, first start           13.4  14.0  14.2   and 3.5 to 4.9 before, for its import
    SubprocessASGIServer, same database again    4.8   5.7   7.3   and 3.4 to 3.9
    prefect_test_harness, always a first start  12.6  15.0  16.2   and 3.5 to 4.8

Not used, because of what they lack:

- They import the server into the caller; here the flow is imported while the child starts.
- `SubprocessASGIServer` keeps its tables in the database of Prefect's home, which two servers at once share along with
  all earlier runs; the harness has a database of its own and makes its tables each time.
- They end by `atexit`: of a caller that was killed (SIGKILL) both left a server behind.
- They are in the caller's process group, so that Ctrl-C ends the server before the run can tell it that it has ended.
- They choose a port, close it and hope that nobody takes it before the server does; here the child inherits a
  socket that listens.
"""

import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import httpx

from blocks.scratch import scratch_directory
from deployments.processes.service import ServiceError, last_lines
from deployments.server.prefect_internals import EPHEMERAL_VARIABLE, application

_START_SECONDS = 120
_STOP_SECONDS = 10
_POLL_SECONDS = 0.1
_ANSWER_SECONDS = 5


@dataclass(frozen=True)
class ScratchServer:
    """A server that is starting: its address is known at once, its answers come after `wait_until_ready`."""

    api_url: str
    auth: str
    """Its credentials, user:password: a port is open to every user of the machine."""
    child: "subprocess.Popen[bytes]"
    database: Path
    template: Path
    log: Path

    def wait_until_ready(self) -> None:
        """Return when it answers.

        Raises:
            ServiceError: it ended or took too long; the message carries the last lines of its log.
        """
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self.child.poll() is not None or time.monotonic() > deadline:
                raise ServiceError(
                    "The temporary Prefect server did not start.",
                    hint=f"The end of its log:\n{last_lines(self.log)}",
                )
            time.sleep(_POLL_SECONDS)
        if not self.template.exists():
            # Making the tables takes seconds: the next run copies them.
            _copy_database(self.database, self.template)

    def _answers(self) -> bool:
        try:
            # The socket listens from the first moment; the answer comes when the server begins to read it.
            return httpx.get(f"{self.api_url}/health", timeout=_ANSWER_SECONDS, trust_env=False).is_success
        except httpx.TransportError:
            return False


@contextmanager
def scratch_server(home: Path, environment: Mapping[str, str]) -> Iterator[ScratchServer]:
    """A server that lives as long as the `with` block, on tables copied from an earlier one if possible."""
    with scratch_directory(home, "server") as directory, socket.create_server(("127.0.0.1", 0)) as listener:
        auth = f"contraponto:{secrets.token_urlsafe(24)}"
        database, log = directory / "prefect.db", directory / "server.log"
        template = home / "prefect" / f"empty-{version('prefect')}.db"
        if template.exists():
            _copy_database(template, database)
        with log.open("wb") as output:
            child = subprocess.Popen(
                [sys.executable, "-m", "deployments.local.scratch_server", str(listener.fileno())],
                env={
                    **environment,
                    "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{database}",
                    "PREFECT_SERVER_API_AUTH_STRING": auth,
                    "PREFECT_UI_ENABLED": "false",
                    # Without the background services, as Prefect's own temporary server.
                    EPHEMERAL_VARIABLE: "1",
                },
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[listener.fileno()],
                # Ctrl-C reaches the whole foreground group; the server must outlive the flow that reports to
                # it.
                start_new_session=True,
            )
        api_url = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
        try:
            yield ScratchServer(api_url, auth, child, database, template, log)
        finally:
            _stop(child)


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
    import uvicorn  # noqa: PLC0415 - the parent does not need it

    threading.Thread(target=_end_with_parent, daemon=True).start()
    server = uvicorn.Server(uvicorn.Config(application(), log_level="warning", timeout_graceful_shutdown=3))
    server.run(sockets=[socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
