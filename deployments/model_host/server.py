"""The model host's socket: who may speak, what they ask, what they are answered."""

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ValidationError

from deployments.model_host.fingerprint import code_fingerprint
from deployments.model_host.models import Limits, Models
from tasks.errors import ContrapontoError, EngineError
from tasks.inference.protocol import (
    REQUESTS,
    VERSION,
    Alive,
    Failed,
    HostStatus,
    Inspect,
    Message,
    Perform,
    Progressed,
    Status,
    Unload,
    Unloaded,
    WireError,
    frame,
    read_frame,
    root_directory,
)
from tasks.inference.sockets import is_own, reachable
from tasks.media.memory import resident_mb

logger = logging.getLogger(__name__)

_PROJECT = Path(__file__).resolve().parents[2]
_REQUEST_SECONDS = 10.0
_ALIVE_SECONDS = 1.0
_SEND_SECONDS = 30.0
_BACKLOG_BYTES = 1 << 16
"""A run that reads so slowly gets no more progress."""


class HostRunsError(ContrapontoError):
    """Another model host listens there already."""

    code = "service_failed"


class _Versioned(BaseModel):
    """The part of a request that every version understands."""

    version: int


class Host:
    """Serves runs until it is stopped."""

    def __init__(self, limits: Limits, kinds: Mapping[str, str]) -> None:
        self._limits = limits
        self._models = Models(limits, kinds)
        self._started = time.monotonic()
        self._fingerprint = code_fingerprint(_PROJECT)
        self._talks: set[asyncio.Task[None]] = set()

    async def serve(self, listener: socket.socket) -> None:
        """Until SIGTERM or SIGINT. Work that goes on is ended: its runs load their models themselves."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        server = await asyncio.start_unix_server(self._talk, sock=listener)
        tidying = asyncio.create_task(self._models.tidy())
        logger.info("ready; budget for models: %d MB", self._limits.memory_mb)
        try:
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({stopping, tidying}, return_when=asyncio.FIRST_COMPLETED)
            if tidying.done():
                tidying.result()  # a fault: the supervisor starts the host again
        finally:
            server.close()
            tidying.cancel()
            await self._models.close()
            for talk in self._talks:
                talk.cancel()
            await asyncio.gather(*self._talks, return_exceptions=True)
            logger.info("stopped")

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101
        self._talks.add(task)
        try:
            if not is_own(writer.get_extra_info("socket")):
                logger.warning("a process of another user was turned away")
                return
            await self._answer(reader, writer)
        except (OSError, TimeoutError) as error:
            logger.info("a run went away: %s", error)
        finally:
            self._talks.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                body = await read_frame(reader)
            if body is None:
                return
            version = _Versioned.model_validate_json(body).version
            if version != VERSION:
                await _send(writer, _refused(f"it speaks version {VERSION} of the protocol, not {version}"))
                return
            request = REQUESTS.validate_json(body)
        except (ValidationError, ValueError) as error:
            await _send(writer, _refused(f"it does not understand the request: {error}"))
            return
        match request:
            case Inspect():
                await _send(writer, Status(host=self._status()))
            case Unload():
                await _send(writer, Unloaded(count=await self._models.unload_unused()))
            case Perform() if request.root != root_directory():
                await _send(writer, _refused("it is in another container and does not see the same files"))
            case Perform():
                await self._perform(request, reader, writer)

    async def _perform(
        self, request: Perform, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        def progress(fraction: float) -> None:
            if writer.transport.get_write_buffer_size() < _BACKLOG_BYTES and not writer.is_closing():
                writer.write(frame(Progressed(fraction=fraction)))

        work = asyncio.create_task(self._models.perform(request, progress))
        # A run says nothing after its request: what comes next is its end.
        gone = asyncio.create_task(reader.read(1))
        try:
            while not (work.done() or gone.done()):
                await asyncio.wait({work, gone}, timeout=_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if not writer.is_closing():
                    writer.write(frame(Alive()))
            if work.done():
                await _send(writer, work.result())
        finally:
            for task in (work, gone):
                task.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)

    def _status(self) -> HostStatus:
        counters = self._models.counters
        return HostStatus(
            pid=os.getpid(),
            fingerprint=self._fingerprint,
            uptime_seconds=time.monotonic() - self._started,
            memory_mb=round(resident_mb(os.getpid()), 1),
            budget_mb=self._limits.memory_mb,
            models=self._models.status(),
            waiting=self._models.waiting,
            served=counters.served,
            errors=counters.errors,
            cancelled=counters.cancelled,
            crashes=counters.crashes,
            refused=counters.refused,
            evictions=counters.evictions,
        )


async def _send(writer: asyncio.StreamWriter, message: Message) -> None:
    writer.write(frame(message))
    async with asyncio.timeout(_SEND_SECONDS):
        await writer.drain()


def _refused(reason: str) -> Failed:
    return Failed(cause="refused", error=WireError.of(EngineError(reason)))


@contextlib.contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """A socket at the path that only this user can reach, for the time of the block.

    Raises:
        HostRunsError: another host has the path.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HostRunsError(
                f"A model host runs already for {path}.",
                hint="Stop it first, or give this one another socket.",
            ) from error
        # Bound under another name: whoever finds the path can connect.
        fresh = path.with_name(f".{path.name}.new")
        fresh.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, reachable(fresh) as address:
            mask = os.umask(0o177)
            try:
                listener.bind(address)
            finally:
                os.umask(mask)
            listener.listen()
            fresh.replace(path)
            try:
                yield listener
            finally:
                path.unlink(missing_ok=True)
