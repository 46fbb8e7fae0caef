"""What a service of the embedded stack is, and how the processes of a stack are told from others."""

import contextlib
import hashlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from tasks.errors import ContrapontoError

STACK_VARIABLE = "_CONTRAPONTO_STACK"
"""Environment variable that every process of a stack inherits; its value is the stack's home."""

_ROUNDS = 10
_KILL_SECONDS = 5
_POLL_SECONDS = 0.05


class ServiceError(ContrapontoError):
    """A service (the Prefect server, one of the embedded stack) does not start, answer or stay up."""

    code = "service_failed"


@dataclass(frozen=True)
class Service:
    """How one service is started, when it counts as ready, and how it is asked to stop."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    is_ready: Callable[[int], bool]
    """Whether the service whose process has this pid answers."""
    revision: str = ""
    """What it has read when it started, in short: `up` restarts it when this or its command has changed."""
    port: int | None = None
    attempts: int = 5
    """How often it is started again, each time a second later, before it counts as failed."""
    settle_seconds: int = 10
    """One that ends sooner than this after its start has failed to start."""
    start_seconds: float = 60.0
    """How long it may take until `is_ready`."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15.0
    """How long it may take to end after `stop_signal`; then its process group is killed."""
    in_turn: bool = False
    """Others do the same: when it has changed, it is restarted when they answer, not together with them."""


def listens(pid: int, port: int) -> bool:
    """Whether a process, or one below it, has a TCP port open: an answer there might be somebody else's."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return any(
            connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
            for member in family
            for connection in member.net_connections(kind="tcp")
        )
    except psutil.Error:
        return False


def listening_ports(pid: int) -> frozenset[int]:
    """The TCP ports that a process itself has open; none when there is no such process."""
    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except psutil.Error:
        return frozenset()
    return frozenset(each.laddr.port for each in connections if each.status == psutil.CONN_LISTEN)


def processes_of(home: Path) -> list[psutil.Process]:
    """Live processes that descend from a stack's services, also those whose parent is gone.

    This process and those above it are left out: `down` may be called from within a job.
    """
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        if process.pid in own:
            continue
        with contextlib.suppress(psutil.Error, OSError):
            if (
                process.environ().get(STACK_VARIABLE) == str(home)
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                found.append(process)
    return found


def end_processes_of(home: Path, *, seconds: float) -> None:
    """Ask whatever is left of a stack to end, and kill what has not after `seconds`.

    Raises:
        ServiceError: something keeps coming back.
    """
    for _ in range(_ROUNDS):
        # Again, because one of them may have started another before its end.
        left = processes_of(home)
        if not left:
            return
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        stubborn = still_running(left, seconds=seconds)
        for process in stubborn:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        still_running(stubborn, seconds=_KILL_SECONDS)
    names = ", ".join(f"{process.pid}" for process in processes_of(home))
    raise ServiceError(
        f"Processes of {home} do not end: {names}.", hint="Look at them with `ps`, and end them."
    )


def still_running(processes: Iterable[psutil.Process], *, seconds: float) -> list[psutil.Process]:
    """Wait for the end of processes; those that have not ended in time. One that nobody collects has ended."""
    deadline = time.monotonic() + seconds
    left = [process for process in processes if _runs(process)]
    while left and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        left = [process for process in left if _runs(process)]
    return left


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def last_lines(log: Path, *, count: int = 15) -> str:
    """The last lines of a log, for an error message; empty when there is no log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-count:])


def revision_of(*parts: object) -> str:
    """A `Service.revision` that changes when any of the parts does; it tells nothing about them."""
    text = json.dumps(parts, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def write_atomically(path: Path, text: str, *, mode: int = 0o644, encoding: str | None = None) -> None:
    """Write a small text file so that a reader sees the old one or the new one, never a part.

    Without an encoding it is that of the locale, in which other programs read it. What fails leaves nothing.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "w", encoding=encoding, errors="surrogateescape") as file:
            file.write(text)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
