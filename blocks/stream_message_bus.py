"""The message bus on streams: what is the same on a server and in the memory of one process."""

import abc
import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from weakref import WeakKeyDictionary

from pydantic import PrivateAttr
from typing_extensions import override

from blocks.message_bus import (
    Backlog,
    ConsumerOptions,
    DeadLetter,
    Entry,
    FullStreamError,
    Handler,
    MessageBus,
    Outgoing,
)
from blocks.streams import names
from blocks.streams.consumer import Consumer
from blocks.streams.conversations import ConversationReader
from blocks.streams.entries import (
    AGAIN,
    ANNOUNCEMENT,
    conversation_entry,
    dead_letter,
    moment,
    put_back,
    read_again,
)
from blocks.streams.outcomes import Outcomes, arguments, seconds
from blocks.streams.scripts import FULL, PUBLISH, REPLAY, YES, Call
from blocks.streams.server import StreamServer, order
from tasks.foreign_text import printable
from tasks.messages.contents import conversation_stream

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5
"""Seconds between two looks whether a stream has room."""
_SHOWN_SECONDS = 30.0
"""A consumer that was silent for longer is not counted."""
_CHUNK = 500
_LOOK_SECONDS = 60.0
"""Between two looks for old announcements; less where less is kept."""


class StreamMessageBus(MessageBus, abc.ABC):
    """Messages in streams of a server."""

    _server: StreamServer | None = PrivateAttr(default=None)
    _readers: "WeakKeyDictionary[asyncio.AbstractEventLoop, ConversationReader]" = PrivateAttr(
        default_factory=WeakKeyDictionary
    )
    _looked: dict[str, float] = PrivateAttr(default_factory=dict)
    """When each stream was looked through for old announcements, by the monotonic clock."""

    @abc.abstractmethod
    def _connected(self) -> StreamServer:
        """The server that it is on."""

    @property
    def _streams(self) -> StreamServer:
        if self._server is None:
            self._server = self._connected()
        return self._server

    @override
    async def publish(self, messages: Sequence[Outgoing], *, patience: float = 30) -> None:
        if not messages:
            return
        what = arguments(messages, self.max_bytes)
        call = Call(
            PUBLISH, (names.call(uuid4().hex), seconds(self.retention_seconds), self.most_waiting, *what)
        )
        until, pause = time.monotonic() + patience, _FIRST_PAUSE
        for stream in {each.stream for each in messages if each.announcement}:
            await self._forget_announcements(stream)
        while True:
            (reply,) = await self._streams.run([call])
            if isinstance(reply, Exception):
                raise reply
            if reply[0] != FULL:
                return
            full = _text(reply[1])
            await self._make_room(full)
            if time.monotonic() >= until:
                raise FullStreamError(
                    f"{self.most_waiting} messages wait in {full}; nothing was published.",
                    hint="Start more consumers of it, or look why they are slow: contraponto messages.",
                )
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)

    async def _forget_announcements(self, stream: str) -> None:
        """Deletes those that are as old as what is kept of conversations, unless somebody reads them."""
        now = time.monotonic()
        if now - self._looked.get(stream, -_LOOK_SECONDS) < min(_LOOK_SECONDS, self.retention_seconds / 10):
            return
        self._looked[stream] = now
        before = datetime.now(UTC) - timedelta(seconds=self.retention_seconds)
        while not await self._streams.groups(stream):
            entries = await self._streams.range(stream, count=_CHUNK)
            old = [each.id for each in entries if moment(each.id) < before and ANNOUNCEMENT in each.fields]
            await self._streams.delete(stream, old)
            if len(old) < _CHUNK:
                return

    async def _make_room(self, stream: str) -> None:
        """Deletes what is done with, and old announcements where there is nobody to read them."""
        await self._streams.sweep(stream)
        if await self._streams.length(stream) >= self.most_waiting and not await self._streams.groups(stream):
            oldest = await self._streams.range(stream, count=max(1, self.most_waiting // 10))
            await self._streams.delete(stream, [entry.id for entry in oldest if ANNOUNCEMENT in entry.fields])

    @override
    async def consume(
        self, stream: str, handler: Handler, options: ConsumerOptions, stop: asyncio.Event
    ) -> None:
        outcomes = Outcomes(
            max_bytes=self.max_bytes,
            most_waiting=self.most_waiting,
            retention_seconds=self.retention_seconds,
            make_room=self._make_room,
            stream=stream,
            group=options.group,
        )
        await Consumer(self._streams, outcomes, stream, handler, options, stop).run()

    @override
    async def conversation(self, correlation_id: str) -> AsyncIterator[Entry]:
        loop = asyncio.get_running_loop()
        reader = self._readers.get(loop)
        if reader is None:
            reader = self._readers[loop] = ConversationReader(self._streams, self.retention_seconds)
        stream = conversation_stream(correlation_id)
        async for entry in reader.entries(stream):
            yield conversation_entry(stream, entry, self.max_bytes)

    @override
    async def story(self, correlation_id: str) -> list[Entry]:
        stream, first = conversation_stream(correlation_id), "-"
        story: list[Entry] = []
        while True:
            entries = await self._streams.range(stream, first, _CHUNK)
            story += (conversation_entry(stream, entry, self.max_bytes) for entry in entries)
            if len(entries) < _CHUNK:
                return story
            first = f"({entries[-1].id}"

    @override
    async def streams(self) -> list[str]:
        known = await self._streams.members(names.STREAMS)
        known |= {names.unpaired(each)[0] for each in await self._streams.members(names.GROUPS)}
        return sorted([each for each in known if await self._streams.kind(each) == "stream"])

    @override
    async def backlog(self, stream: str) -> list[Backlog]:
        server = self._streams
        states = await server.groups(stream)
        found = []
        for state in states:
            own, later = names.again(stream, state.name), names.later(stream, state.name)
            waiting_later, first_later = await server.waiting(later)
            pending = await server.first_pending(stream, state.name) if state.pending else None
            unread = await server.range(stream, f"({state.last_delivered}", 1) if state.waiting else []
            oldest = [pending] if pending else []
            oldest += [entry.id for entry in unread]
            retried = await server.range(own, count=1)
            held = [first_later or b"", *(each.fields.get(AGAIN, b"") for each in retried)]
            oldest += [known.first_id for each in held if (known := read_again(each))]
            found.append(
                Backlog(
                    stream=stream,
                    group=printable(state.name),
                    waiting=state.waiting,
                    pending=state.pending + waiting_later + await server.length(own),
                    dead=await server.length(names.dead(stream, state.name)),
                    consumers=sum(
                        each.idle_seconds < _SHOWN_SECONDS
                        for each in await server.consumers(stream, state.name)
                    ),
                    oldest_seconds=_age(oldest),
                )
            )
        if not states:
            first = await server.range(stream, count=1)
            waiting = await server.length(stream)
            found.append(Backlog(stream, "", waiting, 0, 0, 0, _age([entry.id for entry in first])))
        return found

    @override
    async def dead_letters(self, stream: str | None = None, *, most: int = 1000) -> list[DeadLetter]:
        letters: list[DeadLetter] = []
        for pair in await self._streams.members(names.GROUPS):
            of, group = names.unpaired(pair)
            if stream in (None, of):
                entries = await self._streams.newest(names.dead(of, group), most)
                letters += (dead_letter(of, group, entry) for entry in entries)
        return sorted(letters, key=lambda letter: order(letter.id), reverse=True)[:most]

    @override
    async def replay(self, letters: Sequence[DeadLetter]) -> int:
        replayed = 0
        for letter in letters:
            dead = names.dead(letter.stream, letter.group)
            found = await self._streams.range(dead, letter.id, 1)
            if not found or found[0].id != letter.id:
                continue
            own = put_back(found[0])
            conversation = conversation_stream(letter.correlation_id) if letter.correlation_id else ""
            call = Call(
                REPLAY,
                (
                    *(dead, letter.id, names.again(letter.stream, letter.group), own.written()),
                    *(
                        conversation,
                        seconds(self.retention_seconds),
                        letter.stream,
                        own.key or own.first_id,
                        "",
                    ),
                ),
            )
            (reply,) = await self._streams.run([call])
            if isinstance(reply, Exception):
                raise reply
            replayed += reply[0] == YES
        return replayed

    @override
    async def discard(self, letters: Sequence[DeadLetter]) -> int:
        return sum(
            [
                await self._streams.delete(names.dead(letter.stream, letter.group), [letter.id])
                for letter in letters
            ]
        )

    @override
    async def ping(self) -> None:
        await self._streams.ping()

    @override
    async def dangers(self) -> list[str]:
        policy = await self._streams.eviction()
        if policy is None:
            return []
        return [f"when its memory is full the server throws messages away (maxmemory-policy {policy})"]

    @override
    async def aclose(self) -> None:
        reader = self._readers.pop(asyncio.get_running_loop(), None)
        if reader is not None:
            await reader.aclose()
        if self._server is not None:
            await self._server.aclose()


def _age(ids: list[str]) -> float | None:
    if not ids:
        return None
    return max(0.0, (datetime.now(UTC) - min(moment(each) for each in ids)).total_seconds())


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
