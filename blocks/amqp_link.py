"""One connection to RabbitMQ, made again when it is lost, and the channels on it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TypeAlias

import aiormq
from aiormq import spec
from aiormq.abc import AbstractChannel, AbstractConnection, ArgumentsType
from aiormq.exceptions import (
    AMQPConnectionError,
    AMQPError,
    AuthenticationError,
    ChannelInvalidStateError,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
    ConnectionNotAllowed,
    DeliveryError,
    IncompatibleProtocolError,
    InvalidFrameError,
    ProbableAuthenticationError,
    PublishError,
)

from blocks.amqp_decoding import read_all
from tasks.errors import InvalidSettingError, TransientError

read_all()
log = logging.getLogger(__name__)

ANSWER_SECONDS = 15.0
"""So long one answer of the broker is waited for."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
"""Seconds between attempts to connect again."""
_MOST_CHANNEL_STARTS = 16
"""Channels that are opened at the same time."""

Arguments: TypeAlias = ArgumentsType
LOST = (OSError, AMQPError, ChannelInvalidStateError, asyncio.TimeoutError, TransientError)
"""What a broken connection shows itself as."""


@contextmanager
def explained() -> Iterator[None]:
    """Makes errors of the project of those of the client."""
    try:
        yield
    except (AuthenticationError, ProbableAuthenticationError) as error:
        raise InvalidSettingError(
            "RabbitMQ refuses the user or the password of the message bus.",
            hint="Correct CONTRAPONTO_MESSAGE_BUS: amqp://USER:PASSWORD@HOST/VHOST.",
        ) from error
    except (ConnectionNotAllowed, InvalidFrameError) as error:
        # The client takes the refusal for a frame that does not belong here.
        raise InvalidSettingError(
            "RabbitMQ has no such virtual host, or the user may not use it.",
            hint="Correct the end of CONTRAPONTO_MESSAGE_BUS: amqp://USER:PASSWORD@HOST/VHOST.",
        ) from error
    except IncompatibleProtocolError as error:
        raise InvalidSettingError(
            "What answers at the address of the message bus is no RabbitMQ.",
            hint="Correct CONTRAPONTO_MESSAGE_BUS.",
        ) from error
    except DeliveryError:
        raise
    except (OSError, AMQPConnectionError, AMQPError, ChannelInvalidStateError, TimeoutError) as error:
        raise TransientError(
            f"RabbitMQ cannot be reached or does not answer: {str(error) or type(error).__name__}."
        ) from error


class MissingQueueError(TransientError):
    """Somebody has deleted it."""

    code = "temporarily_unavailable"


class Pause:
    """Grows with each attempt that fails."""

    def __init__(self) -> None:
        self._seconds = _FIRST_PAUSE

    @property
    def is_first(self) -> bool:
        """Whether nothing has failed since it was reset."""
        return self._seconds == _FIRST_PAUSE

    def reset(self) -> None:
        """One has succeeded."""
        self._seconds = _FIRST_PAUSE

    async def wait(self, stop: asyncio.Event | None = None) -> None:
        """Ends early when `stop` is set."""
        seconds, self._seconds = self._seconds, min(_LONGEST_PAUSE, self._seconds * 2)
        if stop is None:
            await asyncio.sleep(seconds)
        else:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), seconds)


class Link:
    """A connection of one event loop."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: AbstractConnection | None = None
        self._connecting = asyncio.Lock()
        self._starts = asyncio.Semaphore(_MOST_CHANNEL_STARTS)
        self._publishing: AbstractChannel | None = None
        self._opening = asyncio.Lock()
        self._differing: set[str] = set()
        """Queues that others have declared with other arguments."""
        self._background: set[asyncio.Task[None]] = set()
        self.closed = False
        self.connected = 0
        """Counts connections, and deleted exchanges: whatever was made under an earlier number may be gone."""

    async def connection(self) -> AbstractConnection:
        """Raises TransientError, InvalidSettingError."""
        async with self._connecting:
            if self.closed:
                raise TransientError("The message bus was closed.")
            if self._connection is None or self._connection.is_closed or not self._connection.is_opened:
                try:
                    with explained():
                        async with asyncio.timeout(ANSWER_SECONDS):
                            self._connection = await aiormq.connect(self._url)
                except ValueError as error:
                    raise InvalidSettingError(
                        f"The address of the message bus cannot be used: {error}.",
                        hint="Correct CONTRAPONTO_MESSAGE_BUS: amqp://USER:PASSWORD@HOST/VHOST.",
                    ) from error
                except InvalidSettingError as error:
                    if self.connected:
                        # It was right before; maybe somebody is at it.
                        raise TransientError(error.message, hint=error.hint) from error
                    raise
                self.connected += 1
            return self._connection

    async def counts_returns(self) -> bool:
        """Whether queues forget what was taken and put back some times (RabbitMQ 4 and later), unless told not to."""
        properties = (await self.connection()).server_properties
        version = str(properties.get("version", "")).partition(".")[0]
        return version.isdecimal() and int(version) >= 4

    async def open_channel(self, prefetch: int | None = None, *, confirms: bool = True) -> AbstractChannel:
        """A channel that the caller closes."""
        connection = await self.connection()
        with explained():
            async with self._starts, asyncio.timeout(ANSWER_SECONDS):
                channel = await connection.channel(publisher_confirms=confirms)
                if prefetch is not None:
                    await channel.basic_qos(prefetch_count=prefetch)
                return channel

    @asynccontextmanager
    async def channel(
        self, prefetch: int | None = None, *, confirms: bool = True
    ) -> AsyncIterator[AbstractChannel]:
        """A channel for some steps, each of which has its time."""
        channel = await self.open_channel(prefetch, confirms=confirms)
        try:
            with explained(), self._missed():
                yield channel
        finally:
            await close_channel(channel)

    @contextmanager
    def _missed(self) -> Iterator[None]:
        """Notices that an exchange was deleted; all that was bound to it is to be bound again."""
        try:
            yield
        except ChannelNotFoundEntity as error:
            if "no exchange" in str(error):
                self.connected += 1
            raise

    async def publish(
        self, body: bytes, properties: spec.Basic.Properties, *, exchange: str = "", key: str
    ) -> None:
        """Returns when the broker has the message safe.

        Raises DeliveryError: a queue is full. Raises MissingQueueError: it has nowhere to go.
        """
        async with self._opening:
            if self._publishing is None or self._publishing.is_closed:
                self._publishing = await self.open_channel()
            channel = self._publishing
        with explained(), self._missed():
            try:
                await channel.basic_publish(
                    body,
                    exchange=exchange,
                    routing_key=key,
                    properties=properties,
                    mandatory=True,
                    timeout=ANSWER_SECONDS,
                )
            except PublishError as error:
                self.connected += 1
                raise MissingQueueError(f"There is no queue for {exchange or key}.") from error

    async def declare_queue(
        self, name: str, arguments: Arguments, *, exchange: str | None = None
    ) -> spec.Queue.DeclareOk:
        """Makes a queue unless it is there, maybe with other arguments; gives how it stands.

        The exchange is told to put there what has the name as its routing key.
        """
        if name not in self._differing:
            try:
                async with self.channel(confirms=False) as channel:
                    declared = await channel.queue_declare(
                        name, durable=True, arguments=arguments, timeout=ANSWER_SECONDS
                    )
                    if exchange is not None:
                        await channel.queue_bind(name, exchange, name, timeout=ANSWER_SECONDS)
                    return declared
            except TransientError as error:
                if not isinstance(error.__cause__, ChannelPreconditionFailed):
                    raise
                log.warning("The queue %s was made with other limits than the settings say; they hold.", name)
                self._differing.add(name)
        async with self.channel(confirms=False) as channel:
            declared = await channel.queue_declare(name, passive=True, timeout=ANSWER_SECONDS)
            if exchange is not None:
                await channel.queue_bind(name, exchange, name, timeout=ANSWER_SECONDS)
            return declared

    def start(self, work: Awaitable[None]) -> asyncio.Task[None]:
        """Runs something until the link is closed."""

        async def run() -> None:
            await work

        task = asyncio.create_task(run())
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def keep(self, session: Callable[[], Awaitable[None]], stop: asyncio.Event | None = None) -> None:
        """Begins a session again whenever its connection is lost, until it returns after `stop` was set.

        Raises InvalidSettingError: there is no use in waiting.
        """
        pause = Pause()
        while not self.closed and not (stop is not None and stop.is_set()):
            begun = time.monotonic()
            try:
                await session()
                pause.reset()
            except LOST as error:
                if time.monotonic() - begun > ANSWER_SECONDS:
                    pause.reset()
                level = logging.WARNING if pause.is_first else logging.DEBUG
                log.log(level, "The connection to RabbitMQ is lost; it is tried again: %s", error)
                await pause.wait(stop)

    async def close(self) -> None:
        """Ends what runs on it, then the connection."""
        self.closed = True
        tasks = list(self._background)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._connection is not None:
            with suppress(*LOST):
                await self._connection.close()


async def close_channel(channel: AbstractChannel) -> None:
    """What was delivered on it and not acknowledged goes back to its queue."""
    with suppress(*LOST):
        await channel.close()


class Subscription:
    """A consumer of one queue: it has ended when the queue was deleted, or the channel or the connection is gone."""

    def __init__(self, channel: AbstractChannel, tag: str) -> None:
        self.channel = channel
        self.tag = tag
        self.ended = asyncio.Event()
        self.deleted = False
        """Whether its queue was deleted."""
        channel.on_consumer_cancel_callbacks.add(self._cancelled)
        channel.closing.add_done_callback(lambda _: self.ended.set())

    def _cancelled(self, frame: spec.Basic.Cancel) -> None:
        if frame.consumer_tag == self.tag:
            self.deleted = True
            self.ended.set()
