"""What consumers have in hand, asked of themselves: AMQP tells only what waits and how many consumers there are."""

import asyncio
import uuid
from dataclasses import dataclass

from aiormq import spec
from aiormq.abc import DeliveredMessage
from pydantic import BaseModel, ValidationError

from blocks.amqp_forms import ASK
from blocks.amqp_link import Link, Subscription, close_channel
from blocks.amqp_streams import Streams

_ANSWER_SECONDS = 2.0
_REPLIES = "amq.rabbitmq.reply-to"
"""RabbitMQ's own way back to who asked."""


class InHand(BaseModel):
    """What one consumer works on."""

    stream: str
    group: str
    pending: int
    oldest: float | None = None
    """Seconds since 1970, of the publication of the oldest."""


class _Answer(BaseModel):
    asked: str
    consumers: list[InHand]


@dataclass
class Work:
    """The messages that a consumer of this process has: when each was published, by its id."""

    stream: str
    group: str
    published: dict[str, float]


class Presence:
    """Answers for the consumers of this process, and asks those of all."""

    def __init__(self, link: Link, streams: Streams) -> None:
        self._link = link
        self._streams = streams
        self._consumers: list[Work] = []
        self._answering: asyncio.Task[None] | None = None

    def begin(self, stream: str, group: str) -> Work:
        """A consumer of this process has begun."""
        work = Work(stream, group, {})
        self._consumers.append(work)
        if self._answering is None or self._answering.done():
            self._answering = self._link.start(self._link.keep(self._answer))
        return work

    def end(self, work: Work) -> None:
        """It has ended."""
        self._consumers.remove(work)

    async def ask(self, stream: str, expected: int) -> list[InHand]:
        """What consumers of a stream have; waits until `expected` have answered, or some seconds."""
        name, found = uuid.uuid4().hex, list[InHand]()
        enough = asyncio.Event()

        async def seen(message: DeliveredMessage) -> None:
            try:
                answer = _Answer.model_validate_json(message.body)
            except ValidationError:
                return
            if answer.asked == name:
                found.extend(each for each in answer.consumers if each.stream == stream)
                if len(found) >= expected:
                    enough.set()

        if expected == 0:
            return []
        async with self._link.channel(confirms=False) as channel:
            await channel.basic_consume(_REPLIES, seen, no_ack=True)
            await channel.basic_publish(
                name.encode(),
                exchange=ASK,
                routing_key="",
                properties=spec.Basic.Properties(reply_to=_REPLIES, message_id=name),
            )
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await enough.wait()
            except TimeoutError:
                # Foreign consumers do not answer, nor do such as are about to be told lost.
                pass
        return found

    async def _answer(self) -> None:
        await self._streams.prepare()
        channel = await self._link.open_channel(confirms=False)
        try:
            queue = (await channel.queue_declare(exclusive=True)).queue or ""
            await channel.queue_bind(queue, ASK)
            subscription = Subscription(channel, "asked")
            await channel.basic_consume(queue, self._asked, no_ack=True, consumer_tag="asked")
            await subscription.ended.wait()
        finally:
            await close_channel(channel)

    async def _asked(self, message: DeliveredMessage) -> None:
        back = message.header.properties.reply_to
        if back is None:
            return
        answer = _Answer(
            asked=message.body.decode(errors="replace"),
            consumers=[
                InHand(
                    stream=work.stream,
                    group=work.group,
                    pending=len(work.published),
                    oldest=min(work.published.values(), default=None),
                )
                for work in self._consumers
            ],
        )
        await message.channel.basic_publish(answer.model_dump_json().encode(), routing_key=back)
