"""One consumer of a stream on RabbitMQ."""

import asyncio
import logging
import os
import socket
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import uuid4

from aiormq.abc import AbstractChannel, DeliveredMessage
from aiormq.exceptions import DeliveryError

from blocks.amqp_conversations import Conversations
from blocks.amqp_dead_letters import DeadLetters
from blocks.amqp_forms import Headers, deaths, group_queue, read_headers, suspect_queue
from blocks.amqp_link import LOST, Link, Pause, Subscription, close_channel
from blocks.amqp_presence import Presence
from blocks.amqp_streams import Streams
from blocks.message_bus import ConsumerOptions, Fact, FullStreamError, Handler, Message, Outgoing
from tasks.errors import ContrapontoError, TransientError
from tasks.messages.envelope import BadMessageError, Envelope, read_envelope

log = logging.getLogger(__name__)

_SUSPECT_DEATHS = 2
"""Consumers that died with a message until it is handled while nothing else is: nobody else is to die with it."""
_REMEMBERED = 10_000
_MOST_CHARACTERS = 2_000
"""Of a note or a reason."""
_FULL_SECONDS = 1.0
_LOOK_SECONDS = 5.0
"""Between two looks whether a quiet queue is really empty."""

Publish = Callable[[Sequence[Outgoing], float], Awaitable[None]]


@dataclass
class _Held:
    """A message that this consumer has; it is delivered anew when the connection was lost meanwhile."""

    delivery: DeliveredMessage
    headers: Headers
    attempt: int
    deaths: int

    @property
    def turn(self) -> tuple[str, int, float]:
        """Tells this from when it is tried again, or replayed."""
        return (self.headers.id, self.headers.attempts, self.headers.at)


class Consumer:
    """Handles the messages of a stream for a group, until it is stopped."""

    def __init__(
        self,
        link: Link,
        streams: Streams,
        conversations: Conversations,
        dead_letters: DeadLetters,
        presence: Presence,
        publish: Publish,
        max_bytes: int,
        stream: str,
        handler: Handler,
        options: ConsumerOptions,
        stop: asyncio.Event,
    ) -> None:
        self._link = link
        self._streams = streams
        self._conversations = conversations
        self._dead_letters = dead_letters
        self._presence = presence
        self._publish = publish
        self._max_bytes = max_bytes
        self._stream = stream
        self._handler = handler
        self._options = options
        self._stop = stop
        self._name = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        self._held: dict[str, _Held] = {}
        self._settled: OrderedDict[tuple[str, int, float], None] = OrderedDict()
        """The last messages that were done with here."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(options.at_once)
        self._suspects: asyncio.Queue[DeliveredMessage] = asyncio.Queue()
        self._work = presence.begin(stream, options.group)

    async def run(self) -> None:
        """Until `stop` is set and the handlers under way have ended."""
        try:
            await self._link.keep(self._session, self._stop)
            await self._idle()
        finally:
            self._presence.end(self._work)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _session(self) -> None:
        await self._streams.make_group(self._stream, self._options.group)
        channel = await self._link.open_channel(self._options.at_once, confirms=False)
        alone = await self._link.open_channel(1, confirms=False)
        try:
            suspects = Subscription(alone, "suspects")
            queue = suspect_queue(self._stream, self._options.group)
            await alone.basic_consume(queue, self._suspected, consumer_tag="suspects")
            while not self._stop.is_set():
                main = Subscription(channel, f"main-{uuid4().hex}")
                queue = group_queue(self._stream, self._options.group)
                await channel.basic_consume(queue, self._seen, consumer_tag=main.tag)
                suspect = await self._next_suspect(main, suspects)
                await channel.basic_cancel(main.tag)
                if suspect is not None:
                    await self._idle()
                    self._seen_now(suspect)
                    await self._idle()
            await alone.basic_cancel("suspects")
            # Acknowledgements need the channels.
            await self._idle()
        finally:
            await close_channel(channel)
            await close_channel(alone)

    async def _next_suspect(self, main: Subscription, suspects: Subscription) -> DeliveredMessage | None:
        """Waits for one, or until it is stopped. Raises TransientError: a queue or the connection is gone."""
        next_one = asyncio.ensure_future(self._suspects.get())
        events = [self._stop, main.ended, suspects.ended]
        waits = [asyncio.ensure_future(event.wait()) for event in events]
        try:
            while True:
                done, _ = await asyncio.wait(
                    [next_one, *waits], timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                if done:
                    break
                await self._look()
            if main.ended.is_set() or suspects.ended.is_set():
                raise TransientError(f"{self._stream} is not delivered any more.")
            return next_one.result() if next_one.done() else None
        finally:
            for wait in (next_one, *waits):
                wait.cancel()

    async def _look(self) -> None:
        """A queue that was deleted and made again in the same moment does not say so to its consumers.

        Where its exchange was deleted, and made again by who publishes, messages wait as if there were no group.
        """
        standing = await self._streams.standing(group_queue(self._stream, self._options.group))
        astray = await self._streams.standing(self._stream)
        if astray.waiting or (standing.waiting and not self._held):
            raise TransientError(f"Messages of {self._stream} wait and are not delivered.")

    async def _idle(self) -> None:
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _suspected(self, message: DeliveredMessage) -> None:
        self._suspects.put_nowait(message)

    async def _seen(self, message: DeliveredMessage) -> None:
        self._seen_now(message)

    def _seen_now(self, message: DeliveredMessage) -> None:
        # A foreign header must not lead it to the queues of another stream.
        headers = read_headers(message, self._stream).again(stream=self._stream)
        if (held := self._held.get(headers.id)) is not None:
            held.delivery = message
            return
        # Who moves messages between queues brings along what another queue has counted.
        died = deaths(message) if message.redelivered else 0
        held = _Held(message, headers, headers.attempts + died + 1, died)
        self._held[headers.id] = held
        task = asyncio.create_task(self._handle(held))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, held: _Held) -> None:
        headers = held.headers
        try:
            async with self._room:
                self._work.published[headers.id] = headers.at
                if held.turn in self._settled:
                    await self._acknowledge(held)
                    return
                try:
                    envelope = read_envelope(held.delivery.body, self._max_bytes)
                except BadMessageError as error:
                    await self._settle(held, partial(self._bury, held, described(error)))
                    return
                held.headers = replace(headers, conversation=envelope.correlation_id)
                await self._attempt(held, envelope)
        finally:
            self._work.published.pop(headers.id, None)
            self._held.pop(headers.id, None)

    async def _attempt(self, held: _Held, envelope: Envelope) -> None:
        options, most = self._options, self._options.max_attempts
        if await self._was_done(held):
            await self._acknowledge(held)
            return
        if held.attempt > most:
            held.attempt -= 1
            reason = f"{held.attempt} attempts have ended without a word, the last with its consumer."
            await self._settle(held, partial(self._bury, held, reason))
            return
        in_own_queue = held.delivery.routing_key != suspect_queue(self._stream, options.group)
        if in_own_queue and 0 < min(_SUSPECT_DEATHS, most - 1) <= held.deaths:
            await self._settle(held, partial(self._put_aside, held))
            return
        await self._settle(held, partial(self._tell, held, Fact.TAKEN, self._name), keep=True)
        message = Message(held.headers.id, self._stream, envelope, held.headers.key, held.attempt)
        try:
            answers = await self._handler(message)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            await self._settle(held, partial(self._failed, held, error))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this message's and no other's
            await self._settle(held, partial(self._failed, held, error))
        else:
            await self._settle(held, partial(self._done, held, answers))

    async def _was_done(self, held: _Held) -> bool:
        pause = Pause()
        while True:
            try:
                found = await self._conversations.partition(held.headers.conversation or "")
                return await found.has_done(self._stream, self._options.group, held.headers.key)
            except LOST:
                await pause.wait()

    # What comes of it

    async def _done(self, held: _Held, answers: Sequence[Outgoing]) -> None:
        group = self._options.group
        keyed = [
            answer if answer.key is not None else replace(answer, key=f"{held.headers.key}:{group}:{number}")
            for number, answer in enumerate(answers)
        ]
        try:
            while True:
                try:
                    await self._publish(keyed, _FULL_SECONDS)
                    break
                except FullStreamError as error:
                    log.debug("Message %s of %s waits: %s", held.headers.id, self._stream, error)
        except TransientError:
            raise
        except ContrapontoError as error:
            await self._bury(held, described(error))
            return
        await self._tell(held, Fact.DONE, self._name)

    async def _failed(self, held: _Held, error: BaseException) -> None:
        options = self._options
        permanent = isinstance(error, ContrapontoError) and not error.transient
        if permanent or held.attempt >= options.max_attempts:
            log.warning("Message %s of %s is a dead letter.", held.headers.id, self._stream, exc_info=error)
            await self._bury(held, described(error))
            return
        seconds = min(options.longest_retry_seconds, options.retry_seconds * 2 ** (held.attempt - 1))
        if isinstance(error, TransientError) and error.retry_after is not None:
            seconds = max(seconds, error.retry_after)
        log.info(
            "Message %s of %s is tried again in %g s.", held.headers.id, self._stream, seconds, exc_info=error
        )
        exchange = await self._streams.delay(seconds)
        await self._link.publish(
            held.delivery.body,
            held.headers.again(attempts=held.attempt).properties(),
            exchange=exchange,
            key=group_queue(self._stream, options.group),
        )
        await self._tell(held, Fact.FAILED, described(error))

    async def _bury(self, held: _Held, reason: str) -> None:
        await self._dead_letters.bury(
            held.headers, held.delivery.body, self._options.group, reason, held.attempt
        )
        await self._tell(held, Fact.DEAD, reason)

    async def _put_aside(self, held: _Held) -> None:
        await self._link.publish(
            held.delivery.body,
            held.headers.again(attempts=held.attempt - 1).properties(),
            key=suspect_queue(self._stream, self._options.group),
        )

    async def _tell(self, held: _Held, fact: Fact, note: str) -> None:
        if self._options.journal:
            await self._conversations.tell(held.headers, fact, note, self._options.group)

    async def _settle(self, held: _Held, step: Callable[[], Awaitable[None]], *, keep: bool = False) -> None:
        """Does the step once RabbitMQ answers; then the message is acknowledged, unless it is kept."""
        pause = Pause()
        while True:
            try:
                await step()
                break
            except (DeliveryError, *LOST) as error:
                level = logging.WARNING if pause.is_first else logging.DEBUG
                log.log(
                    level, "Message %s of %s cannot be settled yet: %s", held.headers.id, self._stream, error
                )
                await pause.wait()
                try:
                    await self._streams.make_group(self._stream, self._options.group)
                except (DeliveryError, *LOST) as lost:
                    log.debug("RabbitMQ is not back yet: %s", lost)
        if not keep:
            await self._acknowledge(held)

    async def _acknowledge(self, held: _Held) -> None:
        self._settled[held.turn] = None
        while len(self._settled) > _REMEMBERED:
            self._settled.popitem(last=False)
        channel: AbstractChannel = held.delivery.channel
        try:
            await channel.basic_ack(held.delivery.delivery_tag or 0)
        except LOST as error:
            log.info("Message %s comes again and is let go of then: %s", held.headers.id, error)


def described(error: BaseException) -> str:
    """One sentence for a person."""
    text = str(error) if isinstance(error, ContrapontoError) else f"{type(error).__name__}: {error}"
    return text[:_MOST_CHARACTERS]
