"""The host's end of a model's process: starts it, gives it work, ends it."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from deployments.model_host.memory import peak_mb
from tasks.inference.protocol import (
    REPORTS,
    Assign,
    Cancel,
    Done,
    Failed,
    Loaded,
    Message,
    Progressed,
    frame,
    read_frame,
)
from tasks.media.memory import resident_mb

_PROJECT = Path(__file__).resolve().parents[2]
_POLL_SECONDS = 0.01


class ProcessDiedError(Exception):
    """The model's process ended while it worked; the message says how."""


class Handle:
    """A running process of a model."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self.loading_seconds: float | None = None
        """What loading took; None while it goes on."""

    @classmethod
    async def start(cls, devices: str | None) -> "Handle":
        """A process that has no model yet: it loads the one of its first work, on the GPUs named."""
        environment = dict(os.environ)
        if devices is not None:
            environment["CUDA_VISIBLE_DEVICES"] = devices
        environment["PYTHONPATH"] = os.pathsep.join(
            filter(None, [str(_PROJECT), environment.get("PYTHONPATH", "")])
        )
        ours, theirs = socket.socketpair()
        with theirs:
            # Started by the main thread, which lives as long as the host: the kernel ties a child to a thread.
            process = subprocess.Popen(  # noqa: ASYNC220
                [
                    *(sys.executable, "-m", "deployments.model_host.child"),
                    *(str(theirs.fileno()), str(os.getpid())),
                ],
                env=environment,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        ours.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=ours)
        return cls(process, reader, writer)

    @property
    def pid(self) -> int:
        """Its process id, which is also that of its process group."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    @property
    def memory_mb(self) -> float:
        """MiB that it holds now; 0 once it is gone."""
        return resident_mb(self.pid) if self.alive else 0.0

    @property
    def peak_mb(self) -> float:
        """The most MiB that it has held so far; 0 once it is gone."""
        return peak_mb(self.pid) if self.alive else 0.0

    async def perform(self, assignment: Assign, progress: Callable[[float], None]) -> Done | Failed:
        """How the work ended. Raises ProcessDiedError."""
        await self._send(assignment)
        while True:
            body = await self._next()
            try:
                report = REPORTS.validate_json(body)
            except ValidationError as error:
                self.kill()
                raise ProcessDiedError("was ended because it sent what nobody understands") from error
            match report:
                case Progressed():
                    progress(report.fraction)
                case Loaded():
                    if self.loading_seconds is None:
                        self.loading_seconds = report.seconds
                case _:
                    return report

    async def cancel(self, request: str) -> None:
        """Asks it to stop a piece of work; `perform` then returns."""
        with contextlib.suppress(ProcessDiedError):
            await self._send(Cancel(id=request))

    def kill(self) -> None:
        """Ends it and all that it has started. What it held is free when `ended` returns."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    async def ended(self) -> None:
        """Waits until it is gone, after `kill`."""
        while self.alive:  # noqa: ASYNC110 - signals of children and pidfds are no simpler
            await asyncio.sleep(_POLL_SECONDS)
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _send(self, message: Message) -> None:
        try:
            self._writer.write(frame(message))
            await self._writer.drain()
        except OSError as error:
            raise await self._death() from error

    async def _next(self) -> bytes:
        body = await read_frame(self._reader)
        if body is None:
            raise await self._death()
        return body

    async def _death(self) -> ProcessDiedError:
        self.kill()
        await self.ended()
        status = self._process.returncode
        if status >= 0:
            return ProcessDiedError(f"ended with status {status}")
        return ProcessDiedError(f"was ended by {signal.Signals(-status).name}")
