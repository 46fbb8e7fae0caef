"""Dead letters on RabbitMQ: a queue of them beside the queue of each group.

To look through a queue is to take all of it and to put it back; one connection at a time does that.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from aiormq import spec
from aiormq.abc import AbstractChannel, DeliveredMessage
from aiormq.exceptions import ChannelLockedResource, ChannelNotFoundEntity, DeliveryError

from blocks.amqp_forms import (
    DEAD_LOCK,
    Headers,
    dead_queue,
    deaths,
    group_queue,
    is_stream_name,
    read_headers,
)
from blocks.amqp_link import ANSWER_SECONDS, Link
from blocks.amqp_streams import Streams
from blocks.message_bus import DeadLetter, FullStreamError
from tasks.errors import TransientError

_LOCK_SECONDS = 30.0
"""So long somebody else may look through them."""
_POLL_SECONDS = 0.1
_MOST_LOOKS = 200
"""Whether those that were put back are there for the next one who looks."""


class DeadLetters:
    """Those of all streams and groups."""

    def __init__(self, link: Link, streams: Streams) -> None:
        self._link = link
        self._streams = streams
        self._lock = asyncio.Lock()

    async def bury(self, headers: Headers, body: bytes, group: str, reason: str, attempts: int) -> None:
        """Makes a dead letter of a message."""
        dead = headers.again(group=group, reason=reason, attempts=attempts, at=time.time())
        await self._link.publish(body, dead.properties(), key=dead_queue(headers.stream, group))

    async def newest(self, stream: str | None, most: int) -> list[DeadLetter]:
        """Newest first."""
        found: list[DeadLetter] = []

        async def keep(letter: DeadLetter, _: DeliveredMessage) -> bool:
            found.append(letter)
            return False

        async with self._alone():
            for known, group in await self._queues(stream):
                await self._look_through(known, group, keep)
        return sorted(found, key=lambda letter: (letter.at, letter.id), reverse=True)[:most]

    async def take(self, letters: Sequence[DeadLetter], *, replay: bool) -> int:
        """Removes those that are still there; with `replay` they go back to the group that could not handle them."""
        wanted = {(letter.stream, letter.group, letter.id) for letter in letters}
        count = 0

        async def check(letter: DeadLetter, message: DeliveredMessage) -> bool:
            nonlocal count
            if (letter.stream, letter.group, letter.id) not in wanted:
                return False
            if replay:
                if not is_stream_name(letter.stream):
                    return False  # it never had a stream to go to
                await self._replay(letter, message)
            count += 1
            return True

        async with self._alone():
            for stream, group in sorted({(letter.stream, letter.group) for letter in letters}):
                if group in (await self._streams.known()).get(stream, ()):
                    await self._look_through(stream, group, check)
        return count

    async def _replay(self, letter: DeadLetter, message: DeliveredMessage) -> None:
        await self._streams.make_group(letter.stream, letter.group)
        headers = read_headers(message, letter.stream)
        fresh = headers.again(reason="", group="", attempts=0, at=time.time())
        try:
            await self._link.publish(
                message.body, fresh.properties(), key=group_queue(letter.stream, letter.group)
            )
        except DeliveryError as error:
            raise FullStreamError(
                f"The stream {letter.stream} is full; replay its dead letters later."
            ) from error

    async def _queues(self, stream: str | None) -> list[tuple[str, str]]:
        known = await self._streams.known()
        return [
            (each, group)
            for each, groups in known.items()
            for group in sorted(groups - {""})
            if stream is None or each == stream
        ]

    async def _look_through(
        self, stream: str, group: str, gone: Callable[[DeadLetter, DeliveredMessage], Awaitable[bool]]
    ) -> None:
        """Calls `gone` with each letter and removes those of which it says so."""
        queue = dead_queue(stream, group)
        try:
            # Whatever happens, what is not removed goes back when the channel is closed.
            async with self._link.channel() as channel:
                count = (await channel.queue_declare(queue, passive=True)).message_count or 0
                kept = 0
                for message in await _taken(channel, queue, count):
                    if await gone(_letter(message, stream, group), message):
                        await channel.basic_ack(message.delivery_tag or 0)
                    else:
                        kept += 1
                await _put_back(channel, queue, kept)
        except TransientError as error:
            if not isinstance(error.__cause__, ChannelNotFoundEntity):
                raise

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        async with self._lock:
            deadline = time.monotonic() + _LOCK_SECONDS
            while True:
                try:
                    async with self._link.channel(confirms=False) as channel:
                        await channel.queue_declare(DEAD_LOCK, exclusive=True, auto_delete=False)
                    break
                except TransientError as error:
                    if not isinstance(error.__cause__, ChannelLockedResource) or time.monotonic() > deadline:
                        raise
                    await asyncio.sleep(_POLL_SECONDS)
            try:
                yield
            finally:
                async with self._link.channel(confirms=False) as channel:
                    await channel.queue_delete(DEAD_LOCK)


async def _taken(channel: AbstractChannel, queue: str, count: int) -> list[DeliveredMessage]:
    found = []
    for _ in range(count):
        message = await channel.basic_get(queue, timeout=ANSWER_SECONDS)
        if isinstance(message.delivery, spec.Basic.GetEmpty):
            break
        found.append(message)
    return found


async def _put_back(channel: AbstractChannel, queue: str, count: int) -> None:
    if count:
        await channel.basic_nack(0, multiple=True)
        for _ in range(_MOST_LOOKS):
            if ((await channel.queue_declare(queue, passive=True)).message_count or 0) >= count:
                return
            await asyncio.sleep(_POLL_SECONDS / 10)


def _letter(message: DeliveredMessage, stream: str, group: str) -> DeadLetter:
    headers = read_headers(message, stream)
    reason, attempts = headers.reason, headers.attempts
    if not reason:
        # RabbitMQ itself has given it up.
        reason, attempts = "Too many consumers died with it.", attempts + deaths(message)
    return DeadLetter(
        id=headers.id,
        stream=stream,
        group=group,
        raw=message.body,
        reason=reason,
        at=datetime.fromtimestamp(headers.at, UTC),
        attempts=attempts,
        correlation_id=headers.conversation,
    )
