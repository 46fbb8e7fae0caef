"""A Prefect server for one run in this process: a fork of it on a free port, with a database of its own.

Nothing is shared with another server or another run, so two at once do not meet. The child ends with its
parent, however that ends: it reads from a socket whose other end the parent holds, and never closes.

It is forked, not started as a program, when this process has imported what both need: that is a third of all that
`contraponto run` takes for a job whose every step is cached. What only the server needs is imported in the child,
while this process imports the flow.

Prefect has temporary servers, too. They would do for tests. Not used, because of what they lack:

- They are programs of their own: Prefect is imported twice, and the server into the caller as well.
- `SubprocessASGIServer` keeps its tables in the database of Prefect's home, which two servers at once share along with
  all earlier runs; the harness has a database of its own and makes its tables each time, which takes seconds.
- They fail when they do not answer in time, although their process is at work.
- They end by `atexit`: of a caller that was killed (SIGKILL) both left a server behind.
- They are in the caller's process group, so that Ctrl-C ends the server before the run can tell it that it has ended.
- They choose a port, close it and hope that nobody takes it before the server does; here the child inherits a
  socket that listens.
"""

import contextlib
import gc
import os
import secrets
import signal
import socket
import sqlite3
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

from blocks.scratch import scratch_directory
from deployments.processes.service import ServiceError, last_lines
from deployments.server.api import one_authority
from deployments.server.prefect_internals import EPHEMERAL_VARIABLE, application
from deployments.server.prefect_startup import (
    look_first_at,
    look_up_settings_of_logging,
    make_one_application,
    make_routes_when_used,
)
from tasks.prefect_internals import PrefectMovedError

_START_SECONDS = 900
"""For a server that lives and does not answer: on a machine that is busy with other work it takes minutes."""
_TELL_SECONDS = 5
_READY = b"r"

_OF_THE_SERVER = {
    "PREFECT_UI_ENABLED": "false",
    # A block is registered when it is saved. This way the server does not look for all that may ever be.
    "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
    "PREFECT_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",
    # Nobody looks at the events and task runs of a server that goes away with its one job.
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    # Without the background services, as Prefect's own temporary server.
    EPHEMERAL_VARIABLE: "1",
    # The check of types at run time in a library that only the server imports; it takes a while to set up.
    "PY_KEY_VALUE_DISABLE_BEARTYPE": "true",
}


@dataclass(frozen=True)
class ScratchServer:
    """A server that is starting: its address is known at once, its answers come after `wait_until_ready`."""

    api_url: str
    auth: str
    """Its credentials, user:password: a port is open to every user of the machine."""
    database: Path
    template: Path
    log: Path
    _control: socket.socket

    def wait_until_ready(self, say: Callable[[str], None] | None = None) -> None:
        """Return when it answers. Says so when that takes long.

        Raises:
            ServiceError: it ended, or did not answer for a quarter of an hour; the message carries the last lines of
                its log.
        """
        started = time.monotonic()
        self._control.settimeout(_TELL_SECONDS)
        told = False
        while time.monotonic() - started < _START_SECONDS:
            with contextlib.suppress(TimeoutError):
                if self._control.recv(1) == _READY:
                    self._keep_tables()
                    return
                raise self._failed("ended before it answered")
            if say is not None and not told:
                told = True
                say("Waiting for the temporary Prefect server: the first time it makes its tables.")
        raise self._failed(f"did not answer within {_START_SECONDS // 60} minutes")

    def _failed(self, how: str) -> ServiceError:
        return ServiceError(
            f"The temporary Prefect server {how}.", hint=f"The end of its log:\n{last_lines(self.log)}"
        )

    def _keep_tables(self) -> None:
        if not self.template.exists():
            # Making the tables takes seconds: the next run copies them.
            _copy_database(self.database, self.template)


def listening() -> socket.socket:
    """A socket of this machine that listens."""
    # Said to be TCP, which `socket.create_server` leaves open: for no other does asyncio turn Nagle's algorithm off, by
    # which each answer waits 40 ms for the client to acknowledge its first half.
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.bind(("127.0.0.1", 0))
    made.listen()
    return made


@contextmanager
def scratch_server(home: Path, environment: Mapping[str, str]) -> Iterator[ScratchServer]:
    """A server that lives as long as the `with` block, on tables copied from an earlier one if possible.

    From now on `environment`, with the server's address and credentials, is that of this process. Prefect reads it when
    it is imported, which is done here, and the process is forked: the caller has not imported Prefect yet and has one
    thread.
    """
    if "prefect" in sys.modules or threading.active_count() > 1:
        raise RuntimeError("a temporary server is started before Prefect is imported and threads are started")
    with scratch_directory(home, "server") as directory, listening() as listener:
        database, log = directory / "prefect.db", directory / "server.log"
        template = home / "prefect" / f"empty-{version('prefect')}.db"
        made_before = template.exists()
        if made_before:
            _copy_database(template, database)
        api_url = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
        auth = f"contraponto:{secrets.token_urlsafe(24)}"
        of_the_server = _OF_THE_SERVER | {
            "PREFECT_SERVER_API_AUTH_STRING": auth,
            "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{database}",
            "PREFECT_API_DATABASE_MIGRATE_ON_START": "false" if made_before else "true",
        }
        inherited = {
            **environment,
            "PREFECT_API_URL": api_url,
            "PREFECT_API_AUTH_STRING": auth,
            # It is this Prefect's own, and asks for no such token.
            "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
            "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
            **one_authority(api_url, home / "prefect"),
        }
        os.environ.clear()
        os.environ.update(inherited, **of_the_server)
        with collector_rests():
            _import_what_both_need()
        ours, its = socket.socketpair()
        with ours:
            with its:
                child = _fork(listener, its, ours, log)
            # Of the child alone now: where it ends, connections are refused instead of never answered.
            listener.close()
            os.environ.clear()
            os.environ.update(inherited)
            try:
                yield ScratchServer(api_url, auth, database, template, log, ours)
            finally:
                # What it holds goes away with it: there is nothing that an orderly end would save.
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)


@contextmanager
def collector_rests() -> Iterator[None]:
    """Around imports: what they make stays, and Python's collector need not look at it, now or later.

    A process that is forked would copy all pages that its collector looks at.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _import_what_both_need() -> None:
    # A flow needs it to send its parameters.
    import fastapi.encoders  # noqa: F401, PLC0415

    with contextlib.suppress(PrefectMovedError):
        look_up_settings_of_logging()
    import prefect.client.orchestration  # noqa: PLC0415
    import prefect.main  # noqa: F401, PLC0415


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


def _fork(listener: socket.socket, control: socket.socket, parents: socket.socket, log: Path) -> int:
    """The process of the server."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    child = os.fork()
    if child == 0:
        parents.close()
        _be_the_server(listener, control, log)
    return child


def _be_the_server(listener: socket.socket, control: socket.socket, log: Path) -> NoReturn:
    code = 1
    try:
        # Ctrl-C reaches the whole foreground group; the server must outlive the flow that reports to it.
        os.setsid()
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for kept, descriptor in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(kept, descriptor)
        threading.Thread(target=_end_with_parent, args=(control,), daemon=True).start()
        _serve(listener, control)
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is, this copy of the caller's process ends here
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        # The exit of an interpreter would do what the caller has registered for its own.
        os._exit(code)


def _end_with_parent(control: socket.socket) -> None:
    control.recv(1)
    os._exit(0)


def _serve(listener: socket.socket, control: socket.socket) -> None:
    import uvicorn  # noqa: PLC0415 - the parent does not need it

    # From here to the first answer everything is made to stay.
    gc.disable()
    with contextlib.suppress(PrefectMovedError):
        make_one_application()
        make_routes_when_used()
        look_first_at("/flows", "/flow_runs", "/artifacts", "/admin", "/events")

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            gc.freeze()
            gc.enable()
            control.send(_READY)

    Server(uvicorn.Config(application(), log_level="warning")).run(sockets=[listener])
