"""Publishes messages on RabbitMQ: to their streams, and in the same step to their conversations."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from aiormq.exceptions import DeliveryError

from blocks.amqp_conversations import Conversations
from blocks.amqp_forms import MAIN, Headers, conversation_of, new_id, partition
from blocks.amqp_link import Link
from blocks.amqp_streams import Streams
from blocks.message_bus import FullStreamError, Outgoing
from tasks.errors import InvalidInputError

_AT_ONCE = 200
"""Messages under way to the broker."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5
"""Seconds between two looks whether a stream has room."""


@dataclass(frozen=True)
class _Ready:
    outgoing: Outgoing
    body: bytes
    headers: Headers

    @property
    def has_room(self) -> bool:
        """Whether it goes to a log, which is never full."""
        return conversation_of(self.headers.stream) is not None


class Publisher:
    """Knows the limits of a bus."""

    def __init__(
        self,
        link: Link,
        streams: Streams,
        conversations: Conversations,
        *,
        max_bytes: int,
        most_waiting: int,
        retention_seconds: float,
    ) -> None:
        self._link = link
        self._streams = streams
        self._conversations = conversations
        self._max_bytes = max_bytes
        self._most_waiting = most_waiting
        self._retention_seconds = retention_seconds

    async def publish(self, messages: Sequence[Outgoing], patience: float) -> None:
        """As `MessageBus.publish`."""
        ready = [self._ready(message) for message in messages]
        deadline = time.monotonic() + patience
        for start in range(0, len(ready), self._most_waiting):
            await self._publish(ready[start : start + self._most_waiting], deadline)

    def _ready(self, message: Outgoing) -> _Ready:
        body = message.envelope.to_json()
        if len(body) > self._max_bytes:
            raise InvalidInputError(
                f"The message for {message.stream} has {len(body)} bytes; the most are {self._max_bytes}.",
                hint="Put large data into the media store and send their key, or raise CONTRAPONTO_MESSAGE_MAX_KB.",
            )
        own_id = new_id()
        headers = Headers(
            stream=message.stream,
            id=own_id,
            key=message.key or own_id,
            conversation=conversation_of(message.stream) or message.envelope.correlation_id,
            at=time.time(),
        )
        return _Ready(message, body, headers)

    async def _publish(self, ready: list[_Ready], deadline: float) -> None:
        pause = _FIRST_PAUSE
        tried: list[_Ready] = []
        while True:
            full = await self._full(ready)
            if full is None:
                ready = await self._put(ready)
                if not ready:
                    return
                tried, full = ready, ready[0].headers.stream
            if time.monotonic() >= deadline:
                await self._withdraw(tried)
                raise FullStreamError(
                    f"{self._most_waiting} messages wait in {full}; nothing was published.",
                    hint="Start more consumers of it, or look why they are slow: contraponto messages.",
                )
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)

    async def _full(self, ready: list[_Ready]) -> str | None:
        """The stream that has no room for its part of the messages."""
        for each in ready:
            # Where a key is known there is nothing to publish.
            await self._conversations.partition(each.headers.conversation or "")
        wanted = Counter(each.headers.stream for each in await self._unknown(ready) if not each.has_room)
        for stream, number in wanted.items():
            room = await self._streams.room(stream)
            if room < number and all(
                each.outgoing.announcement for each in ready if each.headers.stream == stream
            ):
                room += await self._streams.drop_oldest(stream, number - room)
            if room < number:
                return stream
        return None

    async def _unknown(self, ready: list[_Ready]) -> list[_Ready]:
        """Those whose key was not published yet."""
        fresh: dict[tuple[str, str], _Ready] = {}
        asked: set[str] = set()
        for each in ready:
            headers = each.headers
            if each.outgoing.key is not None:
                found = await self._conversations.partition(headers.conversation or "")
                if found.log.queue not in asked:
                    await found.log.caught_up()
                    asked.add(found.log.queue)
                if found.knows(headers):
                    continue
            fresh.setdefault((headers.stream, headers.key), each)
        return list(fresh.values())

    async def _put(self, ready: list[_Ready]) -> list[_Ready]:
        """Publishes; gives those that met a full queue."""
        keyed = {
            partition(each.headers.conversation or "") for each in ready if each.outgoing.key is not None
        }
        async with AsyncExitStack() as stack:
            for name in sorted(keyed):
                await stack.enter_async_context(self._conversations.publishing(name))
            fresh = await self._unknown(ready)
            refused: list[_Ready] = []
            for start in range(0, len(fresh), _AT_ONCE):
                chunk = fresh[start : start + _AT_ONCE]
                taken = await asyncio.gather(*(self._put_one(each) for each in chunk))
                refused += [each for each, safe in zip(chunk, taken, strict=True) if not safe]
            return refused

    async def _put_one(self, each: _Ready) -> bool:
        headers = each.headers
        found = await self._conversations.partition(headers.conversation or "")
        try:
            if conversation_of(headers.stream) is not None:
                await found.log.append(each.body, headers.properties())
                if headers.conversation != (own := each.outgoing.envelope.correlation_id):
                    other = await self._conversations.partition(own)
                    await other.log.append(each.body, headers.again(conversation=own).properties())
            else:
                unread = each.outgoing.announcement and not self._streams.is_read(headers.stream)
                await self._link.publish(
                    each.body,
                    headers.properties(
                        also_to=found.log.queue,
                        expires_seconds=self._retention_seconds if unread else None,
                    ),
                    exchange=MAIN,
                    key=headers.stream,
                )
        except DeliveryError:
            return False
        if each.outgoing.key is not None:
            found.learn(headers)
        return True

    async def _withdraw(self, tried: list[_Ready]) -> None:
        """The conversation was told of them in the step in which their streams refused them."""
        for each in tried:
            found = await self._conversations.partition(each.headers.conversation or "")
            await found.log.append(b"", each.headers.again(withdrawn=True).properties())
