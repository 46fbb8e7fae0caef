"""Reads any number of conversations over one connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import uuid4

from blocks.streams import names
from blocks.streams.pause import Pause
from blocks.streams.server import MissingGroupError, OccupiedError, Raw, RefusedError, StreamServer, order
from tasks.errors import TransientError

_BLOCK_SECONDS = 30.0
_AT_ONCE = 100
"""Entries of a stream in one answer."""
_MOST_UNREAD = 500
"""Entries that lie here for a slow reader before its stream is left alone for a while."""


@dataclass(eq=False)
class _Reading:
    stream: str
    position: str = "0-0"
    unread: list[Raw] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    error: Exception | None = None


class ConversationReader:
    """Gives each of its readers the entries of a stream, from the start; asks the server for all of them at once."""

    def __init__(self, server: StreamServer, retention_seconds: float) -> None:
        self._server = server
        self._retention = retention_seconds
        self._readings: set[_Reading] = set()
        self._task: asyncio.Task[None] | None = None
        self._wake = names.wake(uuid4().hex)
        self._woken = "0-0"
        self._asked: frozenset[str] = frozenset()
        """What the server is being asked for at this moment."""

    async def entries(self, stream: str) -> AsyncIterator[Raw]:
        """Those of a stream, from its start; never ends by itself."""
        reading = _Reading(stream)
        self._readings.add(reading)
        try:
            await self._ask_again(reading)
            while True:
                await reading.arrived.wait()
                reading.arrived.clear()
                entries, reading.unread = reading.unread, []
                if len(entries) >= _MOST_UNREAD:
                    await self._ask_again(reading)
                for entry in entries:
                    yield entry
                if reading.error is not None:
                    raise reading.error
        finally:
            self._readings.discard(reading)
            if not self._readings and self._task is not None:
                self._task.cancel()
                self._task = None

    async def aclose(self) -> None:
        """Stops reading; who still waits for entries gets none."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _ask_again(self, reading: _Reading) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._read(), name="conversations")
        elif self._asked and (reading.stream not in self._asked or reading.position == "0-0"):
            # Where it cannot be added, the reading has been interrupted already.
            with contextlib.suppress(TransientError, RefusedError):
                await self._server.add(self._wake, {"acorda": ""}, 60)

    async def _read(self) -> None:
        pause = Pause()
        try:
            while True:
                positions = self._positions()
                self._asked = frozenset(positions)
                try:
                    found = await self._server.read(
                        {**positions, self._wake: self._woken}, _AT_ONCE, _BLOCK_SECONDS
                    )
                    pause.over()
                except (
                    TransientError,
                    MissingGroupError,
                ) as error:  # the latter: it became a replica meanwhile
                    await pause.wait(error)
                    continue
                except OccupiedError as error:
                    await self._leave_out_occupied(error, pause)
                    continue
                finally:
                    self._asked = frozenset()
                for stream, entries in found.items():
                    if stream == self._wake:
                        self._woken = entries[-1].id
                    else:
                        await self._deliver(stream, entries)
        except Exception as error:  # noqa: BLE001 - whatever it is, each reader has to be told
            for reading in self._readings:
                reading.error = error
                reading.arrived.set()

    async def _leave_out_occupied(self, error: OccupiedError, pause: Pause) -> None:
        """Tells those who read what is no stream; it is nothing to the others."""
        for reading in list(self._readings):
            if await self._server.kind(reading.stream) not in (None, "stream"):
                reading.error = error
                reading.arrived.set()
        await pause.wait(error)

    def _positions(self) -> dict[str, str]:
        positions: dict[str, str] = {}
        for reading in self._readings:
            if len(reading.unread) < _MOST_UNREAD and reading.error is None:
                known = positions.get(reading.stream)
                if known is None or order(reading.position) < order(known):
                    positions[reading.stream] = reading.position
        return positions

    async def _deliver(self, stream: str, entries: list[Raw]) -> None:
        for reading in self._readings:
            if reading.stream == stream and len(reading.unread) < _MOST_UNREAD:
                new = [entry for entry in entries if order(entry.id) > order(reading.position)]
                if new:
                    reading.unread += new
                    reading.position = new[-1].id
                    reading.arrived.set()
        if any(b"fato" not in entry.fields for entry in entries):
            # Others write to it and know nothing of when it is to go.
            with contextlib.suppress(TransientError, RefusedError):
                await self._server.expire(stream, self._retention)
