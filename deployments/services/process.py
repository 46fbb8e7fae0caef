"""One service of the embedded stack: a detached process with a record on disk, a log, and an end.

Nothing supervises the services while they run: `contraponto up` starts what is missing, `contraponto down`
stops what the records name. A record holds the process's start mark beside its pid, so a pid that belongs to
somebody else by now is never signalled.
"""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

from tasks.errors import ContrapontoError

STACK_VARIABLE = "_CONTRAPONTO_STACK"
"""Environment variable that every process of a stack inherits; its value is the stack's home."""

KEPT_LOGS = 5
"""Logs of earlier starts that are kept beside the current one."""

_POLL_SECONDS = 0.1
_ROUNDS = 10


class ServiceError(ContrapontoError):
    """A service of the embedded stack does not start or does not stay up."""

    code = "service_failed"


class ServiceRecord(BaseModel):
    """What `home/run/<service>.json` holds while a service runs."""

    model_config = ConfigDict(frozen=True)

    name: str
    pid: int
    start_mark: str
    command: tuple[str, ...]
    port: int | None = None
    log: Path

    def is_running(self) -> bool:
        """Whether the very process that this record was written for is alive."""
        return start_mark(self.pid) == self.start_mark


@dataclass(frozen=True)
class Service:
    """How one service is started, when it counts as ready, and how it is asked to stop."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    is_ready: Callable[[int], bool]
    """Whether the service whose process has this pid answers."""
    port: int | None = None
    attempts: int = 1
    """How often it is started before it counts as failed."""
    start_seconds: float = 60.0
    """How long it may take until `is_ready`."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15.0
    """How long it may take to end after `stop_signal`; then its process group is killed."""


class ServiceFolder:
    """The services of one home: their records (`home/run`) and their logs (`home/logs`)."""

    def __init__(self, home: Path) -> None:
        self.records = home / "run"
        self.logs = home / "logs"
        # Popen objects must outlive their processes: one that is collected earlier warns about a child.
        self._children: list[subprocess.Popen[bytes]] = []

    def log(self, name: str) -> Path:
        """The current log of a service."""
        return self.logs / f"{name}.log"

    def running(self, name: str) -> ServiceRecord | None:
        """The record of a service whose process is alive, else None."""
        record = self.recorded(name)
        return record if record is not None and record.is_running() else None

    def recorded(self, name: str) -> ServiceRecord | None:
        """The record of a service, alive or not; None without one."""
        try:
            return ServiceRecord.model_validate_json(self._record_path(name).read_bytes())
        except (FileNotFoundError, ValueError):
            return None

    def start(self, service: Service) -> ServiceRecord:
        """Start a service, detached from this process and its terminal, and record it. Does not wait."""
        self.records.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.log(service.name)
        rotate(log)
        with log.open("ab") as output, _heeding_interrupts():
            output.write(f"$ {shlex.join(service.command)}\n".encode())
            output.flush()
            child = subprocess.Popen(
                service.command,
                env=dict(service.environment),
                cwd=service.directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._children.append(child)
        record = ServiceRecord(
            name=service.name,
            pid=child.pid,
            start_mark=start_mark(child.pid) or "",
            command=service.command,
            port=service.port,
            log=log,
        )
        write_atomically(self._record_path(service.name), record.model_dump_json(indent=2))
        return record

    def wait_until_ready(self, service: Service, record: ServiceRecord) -> None:
        """Return when the service answers.

        Raises:
            ServiceError: it ended, or did not answer in time; the message carries the last lines of its log.
        """
        deadline = time.monotonic() + service.start_seconds
        while True:
            if not record.is_running():
                raise self._failure(service, "ended while starting")
            if service.is_ready(record.pid):
                return
            if time.monotonic() > deadline:
                raise self._failure(service, f"did not answer within {service.start_seconds:.0f} s")
            time.sleep(_POLL_SECONDS)

    def stop(self, name: str, *, stop_signal: signal.Signals, stop_seconds: float) -> bool:
        """Stop a service and its process group; True if it was running. The record goes away either way."""
        record = self.running(name)
        if record is not None:
            _signal(record.pid, stop_signal)
            deadline = time.monotonic() + stop_seconds
            while record.is_running() and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
            if record.is_running():
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(record.pid, signal.SIGKILL)
        for child in self._children:
            child.poll()
        self._record_path(name).unlink(missing_ok=True)
        return record is not None

    def _record_path(self, name: str) -> Path:
        return self.records / f"{name}.json"

    def _failure(self, service: Service, what: str) -> ServiceError:
        log = self.log(service.name)
        return ServiceError(
            f"The service '{service.name}' {what}.",
            hint=f"The end of its log ({log}):\n{last_lines(log)}",
        )


@contextlib.contextmanager
def _heeding_interrupts() -> Iterator[None]:
    """Children that are started within do not inherit that this process ignores SIGINT.

    Shells let background commands ignore it, and Prefect's workers end by sending it to themselves.
    """
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if not ignored or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def start_mark(pid: int) -> str | None:
    """What tells this process from a later one with the same pid; None when no live process has the pid."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        if sys.platform == "linux":
            # psutil's create_time follows the wall clock, which NTP may set; ticks since boot stay.
            ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
            return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}:{ticks}"
        return str(process.create_time())
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return None


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
        _, stubborn = psutil.wait_procs(left, timeout=seconds)
        for process in stubborn:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(stubborn, timeout=5)
    names = ", ".join(f"{process.pid}" for process in processes_of(home))
    raise ServiceError(
        f"Processes of {home} do not end: {names}.", hint="Look at them with `ps`, and end them."
    )


def rotate(log: Path) -> None:
    """Make room for a new log: `x.log` becomes `x.log.1`, and so on; the oldest goes away."""
    for number in range(KEPT_LOGS, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        newer = log.with_name(f"{log.name}.{number - 1}") if number > 1 else log
        if newer.exists():
            newer.replace(older)


def last_lines(log: Path, *, count: int = 15) -> str:
    """The last lines of a log, for an error message; empty when there is no log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-count:])


def write_atomically(path: Path, text: str) -> None:
    """Write a small text file so that a reader sees the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text)
    temporary.replace(path)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
