"""The message bus on RabbitMQ, 3.10 or later. Needs the extra `amqp`.

What is weaker than on Redis stands in docs/messages.md.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from weakref import WeakKeyDictionary

from pydantic import Field, PrivateAttr, SecretStr
from typing_extensions import override

from blocks.amqp_consumer import Consumer
from blocks.amqp_conversations import Conversations
from blocks.amqp_dead_letters import DeadLetters
from blocks.amqp_forms import dead_queue, group_queue, suspect_queue
from blocks.amqp_inbox import Inbox
from blocks.amqp_link import Link, explained
from blocks.amqp_presence import Presence
from blocks.amqp_publisher import Publisher
from blocks.amqp_streams import Streams
from blocks.message_bus import (
    Backlog,
    ConsumerOptions,
    DeadLetter,
    Entry,
    Handler,
    MessageBus,
    Outgoing,
)

_HEARTBEAT_SECONDS = 15
"""After some of these without a sign RabbitMQ gives a consumer's messages to others."""
_PING_SECONDS = 10


class _Parts:
    """What a bus is made of, for one event loop."""

    def __init__(self, bus: "AmqpMessageBus") -> None:
        self.link = Link(bus.address())
        self.streams = Streams(self.link, bus.most_waiting)
        self.conversations = Conversations(self.link, self.streams, bus.max_bytes, bus.retention_seconds)
        self.dead_letters = DeadLetters(self.link, self.streams)
        self.presence = Presence(self.link, self.streams)
        self.publisher = Publisher(
            self.link,
            self.streams,
            self.conversations,
            max_bytes=bus.max_bytes,
            most_waiting=bus.most_waiting,
            retention_seconds=bus.retention_seconds,
        )
        self.inbox = Inbox(self.link, self.streams, self.conversations, self.dead_letters)
        self.seen_waiting: dict[tuple[str, str], float] = {}
        """When it was first seen that messages wait which nobody has taken since."""


class AmqpMessageBus(MessageBus):
    """Messages in quorum queues of RabbitMQ, conversations in its streams."""

    _block_type_name = "RabbitMQ Message Bus"
    _block_type_slug = "amqp-message-bus"
    _description = "Carries messages between collectors, executors and other systems through RabbitMQ."

    url: SecretStr = Field(
        title="Address",
        description="amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps://…",
        examples=["amqp://me:secret@rabbit:5672/"],
    )
    _parts: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Parts]" = PrivateAttr(
        default_factory=WeakKeyDictionary
    )

    def address(self) -> str:
        """With how often both sides show that they are there."""
        url = self.url.get_secret_value()
        if "heartbeat=" in url:
            return url
        return f"{url}{'&' if '?' in url else '?'}heartbeat={_HEARTBEAT_SECONDS}"

    def _own(self) -> _Parts:
        loop = asyncio.get_running_loop()
        found = self._parts.get(loop)
        if found is None:
            found = self._parts[loop] = _Parts(self)
        return found

    @override
    async def publish(self, messages: Sequence[Outgoing], *, patience: float = 30) -> None:
        await self._own().publisher.publish(messages, patience)

    @override
    async def consume(
        self, stream: str, handler: Handler, options: ConsumerOptions, stop: asyncio.Event
    ) -> None:
        own = self._own()
        own.inbox.begin()
        await Consumer(
            own.link,
            own.streams,
            own.conversations,
            own.dead_letters,
            own.presence,
            own.publisher.publish,
            self.max_bytes,
            stream,
            handler,
            options,
            stop,
        ).run()

    @override
    async def conversation(self, correlation_id: str) -> AsyncIterator[Entry]:
        own = self._own()
        own.inbox.begin()
        async for entry in own.conversations.follow(correlation_id):
            yield entry

    @override
    async def story(self, correlation_id: str) -> list[Entry]:
        return await self._own().conversations.story(correlation_id)

    @override
    async def streams(self) -> list[str]:
        return list(await self._own().streams.known())

    @override
    async def backlog(self, stream: str) -> list[Backlog]:
        own = self._own()
        groups = (await own.streams.known()).get(stream)
        if groups is None:
            return [Backlog(stream, "", 0, 0, 0, 0)]
        standing = {
            group: await own.streams.standing(group_queue(stream, group) if group else stream)
            for group in sorted(groups - {""}) or [""]
        }
        in_hand = await own.presence.ask(stream, sum(each.consumers for each in standing.values()))
        found = []
        for group, stands in standing.items():
            theirs = [each for each in in_hand if each.group == group]
            waiting, dead = stands.waiting, 0
            if group:
                waiting += (await own.streams.standing(suspect_queue(stream, group))).waiting
                dead = (await own.streams.standing(dead_queue(stream, group))).waiting
            pending = sum(each.pending for each in theirs)
            published = [each.oldest for each in theirs if each.oldest is not None]
            if waiting and not published:
                published = [own.seen_waiting.setdefault((stream, group), time.time())]
            else:
                own.seen_waiting.pop((stream, group), None)
            age = max(0.0, time.time() - min(published)) if published else None
            found.append(Backlog(stream, group, waiting, pending, dead, stands.consumers, age))
        return found

    @override
    async def dead_letters(self, stream: str | None = None, *, most: int = 1000) -> list[DeadLetter]:
        return await self._own().dead_letters.newest(stream, most)

    @override
    async def replay(self, letters: Sequence[DeadLetter]) -> int:
        return await self._own().dead_letters.take(letters, replay=True)

    @override
    async def discard(self, letters: Sequence[DeadLetter]) -> int:
        return await self._own().dead_letters.take(letters, replay=False)

    @override
    async def ping(self) -> None:
        own = self._own()
        with explained():
            async with asyncio.timeout(_PING_SECONDS):
                async with own.link.channel(confirms=False):
                    pass

    @override
    async def aclose(self) -> None:
        own = self._parts.pop(asyncio.get_running_loop(), None)
        if own is not None:
            await own.link.close()
