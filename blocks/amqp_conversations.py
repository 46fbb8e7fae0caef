"""What was said in conversations, on RabbitMQ: a few logs that all conversations are spread over.

A queue for each conversation would cost the broker some processes and files each, and stream queues do not expire by
themselves. So a process follows the logs that it needs, once each, however many conversations it reads; of what went
by before somebody asked it remembers where each conversation began, and the keys of the messages.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

from aiormq.abc import DeliveredMessage
from pamqp.common import FieldTable

from blocks.amqp_forms import MAIN, Headers, entry, partition, read_headers
from blocks.amqp_link import LOST, Link, Pause
from blocks.amqp_log import Log, is_mark
from blocks.amqp_streams import Streams
from blocks.message_bus import Entry, Fact

_SEGMENT_BYTES = 8 << 20
"""Of a log; RabbitMQ lets go of whole ones."""


class _Said:
    """Reads the records of one conversation in order and leaves out repeats."""

    def __init__(self, correlation_id: str, most_bytes: int, since: float) -> None:
        self._correlation_id = correlation_id
        self._most_bytes = most_bytes
        self._since = since
        self._published: dict[tuple[str, str], str] = {}
        self.entries: list[Entry] = []

    def take(self, offset: int, message: DeliveredMessage) -> None:
        if is_mark(message):
            return
        headers = read_headers(message, "")
        if headers.conversation != self._correlation_id or headers.at < self._since:
            return
        told = (headers.stream, headers.key)
        if headers.withdrawn:
            if self._published.get(told) == headers.id:
                del self._published[told]
                self.entries = [each for each in self.entries if not _is(each, told)]
            return
        if headers.fact is None:
            if told in self._published:
                return
            self._published[told] = headers.id
        self.entries.append(entry(offset, headers, message.body, self._most_bytes))


def _is(said: Entry, told: tuple[str, str]) -> bool:
    return said.fact in (Fact.PUBLISHED, Fact.DEAD) and (said.stream, said.key) == told


class _Partition:
    """One of the logs."""

    def __init__(self, link: Link, name: str, retention: float) -> None:
        self._retention = retention
        arguments: FieldTable = {
            "x-max-age": f"{max(1, round(retention))}s",
            "x-stream-max-segment-size-bytes": _SEGMENT_BYTES,
        }
        self.log = Log(link, name, arguments, self._take, exchange=MAIN)
        self.publishing = asyncio.Lock()
        """Held by who looks whether a key is known and publishes then."""
        self._first: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._keys: OrderedDict[bytes, tuple[float, str]] = OrderedDict()
        self._done: OrderedDict[bytes, tuple[float, str]] = OrderedDict()
        self._follows = False
        self._listeners: set[Callable[[tuple[int, DeliveredMessage]], None]] = set()

    def began(self, correlation_id: str) -> int | None:
        """Where a conversation begins in the log; None: it is not known."""
        found = self._first.get(correlation_id)
        return None if found is None else found[1]

    def knows(self, headers: Headers) -> bool:
        """Whether another message of this key was published in the stream."""
        found = self._keys.get(_digest(headers.stream, headers.key))
        return found is not None and found[0] >= time.time() - self._retention and found[1] != headers.id

    def learn(self, headers: Headers) -> None:
        """A message was published."""
        self._keys.setdefault(_digest(headers.stream, headers.key), (headers.at, headers.id))

    async def has_done(self, stream: str, group: str, key: str) -> bool:
        """Whether a group was done with a message before, as far as it has been told here."""
        if not self._follows:
            await self.log.caught_up()
            self._follows = True
        return _digest(stream, key, group) in self._done

    @contextmanager
    def listening(self, listener: Callable[[tuple[int, DeliveredMessage]], None]) -> Iterator[None]:
        self._listeners.add(listener)
        try:
            yield
        finally:
            self._listeners.discard(listener)

    def _take(self, offset: int, message: DeliveredMessage) -> None:
        headers = read_headers(message, "")
        if headers.conversation is None:
            return
        self._first.setdefault(headers.conversation, (headers.at, offset))
        if headers.withdrawn:
            digest = _digest(headers.stream, headers.key)
            if self._keys.get(digest, (0, ""))[1] == headers.id:
                del self._keys[digest]
        elif headers.fact is None:
            self.learn(headers)
        elif headers.fact is Fact.DONE:
            digest = _digest(headers.stream, headers.key, headers.group)
            self._done.setdefault(digest, (headers.at, headers.id))
        for listener in self._listeners:
            listener((offset, message))
        self._forget(time.time() - self._retention)

    def _forget(self, since: float) -> None:
        # A conversation that goes on for longer than the retention begins where its remains begin: at the log's start.
        for known in (self._first, self._keys, self._done):
            while known and next(iter(known.values()))[0] < since:
                known.popitem(last=False)


def _digest(*names: str) -> bytes:
    return hashlib.blake2b("\0".join(names).encode(), digest_size=16).digest()


class Conversations:
    """All logs of conversations, as far as this process has to do with them."""

    def __init__(self, link: Link, streams: Streams, max_bytes: int, retention: float) -> None:
        self._link = link
        self._streams = streams
        self._max_bytes = max_bytes
        self._retention = retention
        self._partitions: dict[str, _Partition] = {}

    async def partition(self, correlation_id: str) -> _Partition:
        """The log of a conversation; it is there."""
        name = partition(correlation_id)
        if name not in self._partitions:
            self._partitions[name] = _Partition(self._link, name, self._retention)
        found = self._partitions[name]
        await self._streams.prepare()
        await found.log.make()
        return found

    def publishing(self, name: str) -> asyncio.Lock:
        """The lock of a log, by its name."""
        return self._partitions[name].publishing

    async def tell(self, headers: Headers, fact: Fact, note: str, group: str) -> None:
        """Writes what has happened to a message into its conversation."""
        if headers.conversation is None:
            return
        told = headers.again(fact=fact, note=note, group=group, at=time.time(), attempts=0)
        found = await self.partition(headers.conversation)
        await found.log.append(b"", told.properties())

    async def story(self, correlation_id: str) -> list[Entry]:
        """What has been said so far."""
        found = await self.partition(correlation_id)
        await found.log.caught_up()
        return (await self._said(found, correlation_id, found.log.position)).entries

    async def follow(self, correlation_id: str) -> AsyncIterator[Entry]:
        """What has been said, then what is said."""
        pause = Pause()
        given = -1
        while True:
            news: asyncio.Queue[tuple[int, DeliveredMessage]] = asyncio.Queue()
            try:
                found = await self.partition(correlation_id)
                with found.listening(news.put_nowait):
                    await found.log.caught_up()
                    until = found.log.position
                    said = await self._said(found, correlation_id, until)
                    while True:
                        for each in said.entries:
                            if int(each.id) > given:
                                given = int(each.id)
                                yield each
                        said.entries.clear()
                        offset, message = await news.get()
                        if offset > until:
                            said.take(offset, message)
            except LOST:
                await pause.wait()

    async def _said(self, found: _Partition, correlation_id: str, until: int) -> _Said:
        said = _Said(correlation_id, self._max_bytes, time.time() - self._retention)
        began = found.began(correlation_id)
        if began is not None and began <= until:
            await found.log.read(began, until, said.take)
        return said
