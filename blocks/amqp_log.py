"""A stream queue of RabbitMQ, which keeps what was written and can be read from its start by any number of readers."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable

from aiormq import spec
from aiormq.abc import DeliveredMessage

from blocks.amqp_forms import offset_of
from blocks.amqp_link import ANSWER_SECONDS, Arguments, Link, MissingQueueError, Subscription, close_channel
from tasks.errors import TransientError

_AHEAD = 200
"""Records that are sent before the first of them is acknowledged."""
_ACKNOWLEDGED_AT_ONCE = 50
_MARK = "marca"
_MARK_SECONDS = 3.0

Take = Callable[[int, DeliveredMessage], None]
"""Called with the offset of a record and the record."""


class Log:
    """Follows one log from its start; `take` gets each record once, in order, as long as the process lives.

    `restore` is called when the log was deleted under a follower: it may write again what is known of it.
    """

    def __init__(
        self,
        link: Link,
        queue: str,
        arguments: Arguments,
        take: Take,
        *,
        exchange: str | None = None,
        restore: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._link = link
        self.queue = queue
        self._arguments = {"x-queue-type": "stream", **(arguments or {})}
        self._take = take
        self._exchange = exchange
        self._restore = restore
        self._deleted = False
        self.position = -1
        """Offset of the last record that was taken."""
        self._marks: dict[str, asyncio.Future[None]] = {}
        self._follower: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()
        self._made = asyncio.Lock()
        self._made_by = 0

    async def make(self) -> None:
        """Declares the queue, once for each connection, and lets the exchange know it."""
        async with self._made:
            await self._link.connection()
            if self._made_by != self._link.connected:
                await self._link.declare_queue(self.queue, self._arguments, exchange=self._exchange)
                self._made_by = self._link.connected

    async def append(self, body: bytes, properties: spec.Basic.Properties) -> None:
        """Writes a record."""
        await self.make()
        try:
            await self._link.publish(body, properties, key=self.queue)
        except MissingQueueError:
            self._made_by = 0
            await self.make()
            await self._link.publish(body, properties, key=self.queue)

    async def caught_up(self) -> None:
        """Returns when all that was written before the call has been taken."""
        await self.make()
        if self._follower is None:
            self._follower = self._link.start(self._link.keep(self._follow))
        name = uuid.uuid4().hex
        mark = self._marks[name] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(ANSWER_SECONDS * 4):
                while not mark.done():
                    # The last one is lost if the log was deleted since.
                    await self.append(b"", spec.Basic.Properties(headers={_MARK: name}, delivery_mode=2))
                    await asyncio.wait([mark], timeout=_MARK_SECONDS)
        except TimeoutError as error:
            # Deleted and made again while this process was not connected: its records are counted anew.
            self._follower.cancel()
            self._follower, self.position = None, -1
            raise TransientError(f"RabbitMQ does not deliver the log {self.queue}.") from error
        finally:
            self._marks.pop(name, None)

    async def reach_end(self) -> None:
        """Like `caught_up` without a record of its own, for logs that keep all and are written seldom.

        What was written in the same millisecond as the last record may be missing.
        """
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def seen(message: DeliveredMessage) -> None:
            if not found.done():
                found.set_result(offset_of(message))

        async with self._link.channel(1, confirms=False) as channel:
            await channel.basic_consume(self.queue, seen, arguments={"x-stream-offset": "last"})
            async with asyncio.timeout(ANSWER_SECONDS):
                last = await found
                while self.position < last:
                    self._moved.clear()
                    await self._moved.wait()

    async def read(self, first: int, last: int, take: Take) -> None:
        """Reads the records from one offset to another again."""
        ended = asyncio.Event()

        async def seen(message: DeliveredMessage) -> None:
            offset = offset_of(message)
            if first <= offset <= last and not ended.is_set():
                take(offset, message)
            await _acknowledge(message)
            if offset >= last:
                ended.set()

        async with self._link.channel(_AHEAD, confirms=False) as channel:
            await channel.basic_consume(self.queue, seen, arguments={"x-stream-offset": first})
            subscription = Subscription(channel, "")
            waits = [asyncio.ensure_future(event.wait()) for event in (ended, subscription.ended)]
            try:
                await asyncio.wait(waits, timeout=ANSWER_SECONDS * 4, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
        if not ended.is_set():
            raise TransientError(f"RabbitMQ does not deliver the log {self.queue}.")

    async def _follow(self) -> None:
        self._made_by = 0
        await self.make()
        if self._deleted and self._restore is not None:
            await self._restore()
        self._deleted = False
        channel = await self._link.open_channel(_AHEAD, confirms=False)
        try:
            subscription = Subscription(channel, self.queue)
            start: int | str = "first" if self.position < 0 else self.position + 1
            await channel.basic_consume(
                self.queue, self._seen, consumer_tag=self.queue, arguments={"x-stream-offset": start}
            )
            await subscription.ended.wait()
            if subscription.deleted:
                self._deleted, self.position = True, -1
        finally:
            await close_channel(channel)
        raise TransientError(f"The log {self.queue} is not delivered any more.")

    async def _seen(self, message: DeliveredMessage) -> None:
        # Nothing is waited for before the end: records are taken in the order in which they come.
        offset = offset_of(message)
        if offset > self.position:
            self.position = offset
            mark = (message.header.properties.headers or {}).get(_MARK)
            if mark is None:
                self._take(offset, message)
            elif (waiting := self._marks.get(str(mark))) is not None and not waiting.done():
                waiting.set_result(None)
            self._moved.set()
        await _acknowledge(message)


async def _acknowledge(message: DeliveredMessage) -> None:
    """Asks for more; nothing is lost by it, for logs keep what was delivered."""
    tag = message.delivery_tag or 0
    if tag % _ACKNOWLEDGED_AT_ONCE == 0:
        await message.channel.basic_ack(tag, multiple=True, wait=False)


def is_mark(message: DeliveredMessage) -> bool:
    """Whether a record only shows that a log was read up to it."""
    return _MARK in (message.header.properties.headers or {})
