"""The real model host as a process of its own, which also knows the work `trial`."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from blocks.settings import PROJECT_ROOT
from deployments.model_host.__main__ import run
from deployments.model_host.models import Limits
from tasks.inference.client import host_status
from tasks.inference.kinds import KINDS
from tasks.inference.protocol import HostStatus
from tests.waiting import wait_until

_TRIAL = {"trial": "tests.servers.model_work:Trial"}
_WAIT_SECONDS = 30


@dataclass
class RunningHost:
    """A model host that was started for a test."""

    socket: Path
    process: "subprocess.Popen[bytes]"
    log: Path

    def status(self) -> HostStatus:
        status = host_status(self.socket)
        assert status is not None, f"the host does not answer:\n{self.log.read_text()}"
        return status

    def memory(self) -> float:
        """MB held by the host and all that it has started."""
        host = psutil.Process(self.process.pid)
        return sum(member.memory_info().rss for member in (host, *host.children(recursive=True))) / (1 << 20)

    def kill(self) -> None:
        """As a crash would."""
        self.process.kill()
        self.process.wait()


def start_host(socket: Path, limits: Limits | None = None) -> RunningHost:
    """Starts a host and waits until it answers."""
    limits = limits or Limits()
    socket.parent.mkdir(parents=True, exist_ok=True)
    log = socket.with_suffix(".log")
    values = (
        limits.memory_mb,
        limits.idle_seconds,
        limits.queue,
        limits.abort_seconds,
        limits.overtime_seconds,
        limits.cpus,
    )
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.servers.model_host", str(socket), *map(str, values)],
            cwd=PROJECT_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    host = RunningHost(socket, process, log)
    wait_until(lambda: host_status(socket) is not None or process.poll() is not None)
    assert process.poll() is None, log.read_text()
    return host


@contextmanager
def model_host(socket: Path, limits: Limits | None = None) -> Iterator[RunningHost]:
    """A host for the time of the block; it leaves no process."""
    host = start_host(socket, limits)
    try:
        yield host
    finally:
        family = (
            psutil.Process(host.process.pid).children(recursive=True) if host.process.poll() is None else []
        )
        host.process.send_signal(signal.SIGTERM)
        host.process.wait(_WAIT_SECONDS)
        _, left = psutil.wait_procs(family, timeout=_WAIT_SECONDS)
        assert not left, f"processes outlived the model host: {left}"


if __name__ == "__main__":
    memory, idle, queue, abort, overtime, cpus = sys.argv[2:]
    run(
        Path(sys.argv[1]),
        Limits(
            memory_mb=int(memory),
            idle_seconds=float(idle),
            queue=int(queue),
            cpus=int(cpus),
            abort_seconds=float(abort),
            overtime_seconds=float(overtime),
        ),
        {**KINDS, **_TRIAL},
    )
