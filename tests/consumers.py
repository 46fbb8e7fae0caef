"""Messages for tests of a bus, consumers that end with their block, and waiting for what they do."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from pydantic import JsonValue

from blocks.message_bus import ConsumerOptions, Handler, Message, MessageBus, Outgoing
from tasks.errors import TransientError
from tasks.messages.envelope import Envelope, EventType

_LONGEST_SECONDS = 30
STREAM = "escavador_provas"


def envelope(correlation_id: str = "conversa-1", /, **payload: JsonValue) -> Envelope:
    return Envelope(
        correlation_id=correlation_id,
        tipo_evento=EventType.START_COLLECTION,
        payload=payload,
        timestamp=datetime.now(UTC),
    )


def outgoing(number: int, key: str | None = None, *, stream: str = STREAM) -> Outgoing:
    return Outgoing(stream, envelope(numero=number), key)


def number(message: Message) -> int:
    found = message.envelope.payload["numero"]
    assert isinstance(found, int)
    return found


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(_LONGEST_SECONDS):
        while not condition():  # noqa: ASYNC110 - it is any condition at all
            await asyncio.sleep(0.01)


async def until_async(condition: Callable[[], Awaitable[Any]]) -> None:
    async with asyncio.timeout(_LONGEST_SECONDS):
        while not await condition():  # noqa: ASYNC110 - it is any condition at all
            await asyncio.sleep(0.02)


def quick(**options: Any) -> ConsumerOptions:
    return ConsumerOptions(**{"claim_seconds": 1.0, "retry_seconds": 0.05, **options})


@asynccontextmanager
async def consumer(
    bus: MessageBus, handler: Handler, options: ConsumerOptions | None = None, *, stream: str = STREAM
) -> AsyncIterator["asyncio.Task[None]"]:
    """Runs until the block ends, and then lets its handlers end."""
    stop = asyncio.Event()
    task = asyncio.create_task(bus.consume(stream, handler, options or quick(), stop))
    try:
        yield task
        stop.set()
        async with asyncio.timeout(_LONGEST_SECONDS):
            with contextlib.suppress(asyncio.CancelledError):
                await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def killed(task: "asyncio.Task[None]") -> None:
    """As a consumer ends whose process is killed: it says nothing more."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def until_taken(bus: MessageBus, messages: Sequence[Outgoing]) -> None:
    """RabbitMQ answers a moment before its queues do."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await bus.publish(messages)
            except TransientError:
                await asyncio.sleep(0.2)
