"""Streams on RabbitMQ: an exchange for each, a queue for each group that reads it, and one for when none does yet."""

import asyncio
from dataclasses import dataclass
from typing import Final

from aiormq import spec
from aiormq.abc import AbstractChannel, DeliveredMessage
from aiormq.exceptions import ChannelNotFoundEntity
from pamqp.common import FieldTable

from blocks.amqp_forms import (
    ASK,
    INBOX,
    MAIN,
    STREAMS,
    WITHOUT_GROUP,
    dead_queue,
    delay_queue,
    group_queue,
    is_stream_name,
    read_headers,
    suspect_queue,
)
from blocks.amqp_link import ANSWER_SECONDS, Arguments, Link
from blocks.amqp_log import Log
from tasks.errors import InvalidInputError, TransientError

_MOST_DELIVERIES: Final = 100
"""As many attempts as the settings allow at most; a consumer that counts fewer makes the dead letter before."""
_DAY: Final = 86_400_000
"""Milliseconds."""


@dataclass(frozen=True)
class Standing:
    """How a queue stands."""

    waiting: int
    consumers: int


class Streams:
    """Makes what a stream needs, and makes it again where it was deleted."""

    def __init__(self, link: Link, most_waiting: int) -> None:
        self._link = link
        self._most_waiting = most_waiting
        self._log = Log(
            link,
            STREAMS,
            {"x-stream-max-segment-size-bytes": 1 << 20},
            self._take,
            restore=self._write_again,
        )
        self._groups: dict[str, set[str]] = {}
        self._made: dict[str, int] = {}
        """By which connection what was made last."""

    async def known(self) -> dict[str, set[str]]:
        """All streams, each with its groups; `` stands for the queue of no group."""
        await self._follow()
        await self._log.reach_end()
        return {stream: set(groups) for stream, groups in sorted(self._groups.items())}

    async def _follow(self) -> None:
        await self.prepare()
        if self._made.get(STREAMS) != self._link.connected:
            await self._log.caught_up()
            self._made[STREAMS] = self._link.connected

    async def prepare(self) -> None:
        """What all streams share."""
        await self._link.connection()
        if self._made.get(MAIN) == self._link.connected:
            return
        async with self._link.channel(confirms=False) as channel:
            await channel.exchange_declare(INBOX, exchange_type="fanout", durable=True)
            await channel.exchange_declare(
                MAIN, exchange_type="direct", durable=True, arguments={"alternate-exchange": INBOX}
            )
            await channel.exchange_declare(
                WITHOUT_GROUP, exchange_type="direct", durable=True, arguments={"alternate-exchange": INBOX}
            )
            await channel.exchange_declare(ASK, exchange_type="fanout", durable=True)
        await self._link.declare_queue(INBOX, self._waiting())
        async with self._link.channel(confirms=False) as channel:
            await channel.queue_bind(INBOX, INBOX)
        self._made[MAIN] = self._link.connected

    async def make(self, stream: str, *, again: bool = False) -> None:
        """A stream, unless that was done before, with the queue of those messages that come before its first group."""
        if not is_stream_name(stream):
            raise InvalidInputError(
                f'"{stream[:80]}" cannot be the name of a stream: it must have 1 to 240 characters, and not begin '
                f'like a name of the bus itself ("{MAIN}.", "amq.").'
            )
        await self.prepare()
        if self._made.get(stream) == self._link.connected and not again:
            return
        await self._link.declare_queue(stream, self._waiting())
        async with self._link.channel(confirms=False) as channel:
            await channel.exchange_declare(
                stream, exchange_type="fanout", durable=True, arguments={"alternate-exchange": WITHOUT_GROUP}
            )
            await channel.queue_bind(stream, WITHOUT_GROUP, stream)
            await channel.exchange_bind(stream, MAIN, stream)
        await self._remember(stream, "")
        self._made[stream] = self._link.connected

    async def make_group(self, stream: str, group: str) -> None:
        """The queue of a group; the first one gets what came before it."""
        await self.make(stream, again=True)
        await self._make_dead_letters(stream, group)
        await self._link.declare_queue(group_queue(stream, group), self._handled(stream, group))
        await self._link.declare_queue(suspect_queue(stream, group), self._handled(stream, group))
        await self._remember(stream, group)
        groups = sorted(self._groups[stream] - {""})
        async with self._link.channel() as channel:
            # Before the exchange knows the queue, so that what came first is first; then what came meanwhile.
            await self._move(channel, stream, groups)
            await channel.queue_bind(group_queue(stream, group), stream)
            await self._move(channel, stream, groups)

    async def make_inbox_letters(self, group: str) -> None:
        """The queue of the dead letters that cannot be any stream's."""
        await self._make_dead_letters(INBOX, group)
        await self._remember(INBOX, group)

    async def _make_dead_letters(self, stream: str, group: str) -> None:
        limit: Arguments = {"x-delivery-limit": -1} if await self._link.counts_returns() else {}
        await self._link.declare_queue(dead_queue(stream, group), {"x-queue-type": "quorum", **(limit or {})})

    async def room(self, stream: str) -> int:
        """How many messages more it takes."""
        await self.make(stream)
        if not await self._is_whole(stream):
            await self.make(stream, again=True)
        # The queue of a group that was deleted is made again by its consumers alone: they have to know of it. Until
        # then messages wait where those of streams without groups do.
        groups = self._groups[stream] - {""}
        standing = await asyncio.gather(
            *(self.standing(group_queue(stream, group)) for group in groups), self.standing(stream)
        )
        return self._most_waiting - max(each.waiting for each in standing)

    async def _is_whole(self, stream: str) -> bool:
        """Whether its exchange is there. Without it a message would reach its conversation alone, unnoticed."""
        try:
            async with self._link.channel(confirms=False) as channel:
                await channel.exchange_declare(stream, passive=True, timeout=ANSWER_SECONDS)
        except TransientError as error:
            if isinstance(error.__cause__, ChannelNotFoundEntity):
                return False
            raise
        return True

    async def standing(self, queue: str) -> Standing:
        """How a queue stands; nothing waits in one that is not there."""
        try:
            async with self._link.channel(confirms=False) as channel:
                declared = await channel.queue_declare(queue, passive=True, timeout=ANSWER_SECONDS)
        except TransientError as error:
            if isinstance(error.__cause__, ChannelNotFoundEntity):
                return Standing(0, 0)
            raise
        return Standing(declared.message_count or 0, declared.consumer_count or 0)

    def is_read(self, stream: str) -> bool:
        """Whether a group is known that reads it."""
        return bool(self._groups.get(stream, set()) - {""})

    async def drop_oldest(self, stream: str, most: int) -> int:
        """Makes room where nobody has ever read; gives for how many."""
        if self.is_read(stream):
            return 0
        async with self._link.channel(confirms=False) as channel:
            for _ in range(most):
                await channel.basic_get(stream, no_ack=True, timeout=ANSWER_SECONDS)
        return most

    async def delay(self, seconds: float) -> str:
        """The exchange that gives messages back after so long, to the queue that their routing key names."""
        name, milliseconds = delay_queue(seconds), max(1, round(seconds * 1000))
        # Declared each time: it goes when it was not used for a day.
        await self._link.declare_queue(
            name,
            {
                "x-queue-type": "quorum",
                "x-message-ttl": milliseconds,
                "x-expires": milliseconds + _DAY,
                "x-dead-letter-exchange": "",
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
            },
        )
        async with self._link.channel(confirms=False) as channel:
            await channel.exchange_declare(name, exchange_type="fanout", durable=True)
            await channel.queue_bind(name, name)
        return name

    def _waiting(self) -> FieldTable:
        return {
            "x-queue-type": "quorum",
            "x-max-length": self._most_waiting,
            "x-overflow": "reject-publish",
        }

    def _handled(self, stream: str, group: str) -> FieldTable:
        return {
            **self._waiting(),
            "x-delivery-limit": _MOST_DELIVERIES,
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": dead_queue(stream, group),
            "x-dead-letter-strategy": "at-least-once",
        }

    async def _move(self, channel: AbstractChannel, stream: str, groups: list[str]) -> None:
        """Gives all groups that are known by now what came before them."""
        while True:
            message = await channel.basic_get(stream, timeout=ANSWER_SECONDS)
            if isinstance(message.delivery, spec.Basic.GetEmpty):
                return
            # Without the expiry of an announcement that nobody read: from now on somebody does.
            properties = read_headers(message, stream).again(stream=stream).properties()
            for group in groups:
                await channel.basic_publish(
                    message.body, routing_key=group_queue(stream, group), properties=properties
                )
            await channel.basic_ack(message.delivery_tag or 0)

    async def _remember(self, stream: str, group: str) -> None:
        await self._follow()
        if group not in self._groups.get(stream, ()):
            await self._write(stream, group)
            self._groups.setdefault(stream, set()).add(group)

    async def _write(self, stream: str, group: str) -> None:
        headers: FieldTable = {"fluxo": stream, "grupo": group}
        await self._log.append(b"", spec.Basic.Properties(headers=headers, delivery_mode=2))

    async def _write_again(self) -> None:
        """All that is known here: others would not find the dead letters of a stream that stands nowhere."""
        for stream, groups in list(self._groups.items()):
            for group in list(groups):
                await self._write(stream, group)

    def _take(self, _: int, message: DeliveredMessage) -> None:
        headers = message.header.properties.headers or {}
        self._groups.setdefault(str(headers.get("fluxo")), set()).add(str(headers.get("grupo")))
