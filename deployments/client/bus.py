"""The message bus as the command line finds it: that of the settings, or of the stack that runs here."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from blocks.message_bus import MessageBus
from deployments.embedded import valkey
from deployments.embedded.stack import EmbeddedStack
from deployments.processes.service import ServiceError

T = TypeVar("T")


def with_bus(work: Callable[[MessageBus], Awaitable[T]]) -> T:
    """What `work` gives, which is called with the bus.

    Raises:
        ServiceError: no bus is known here that other processes use.
        TransientError: it does not answer.
    """
    return asyncio.run(_with_bus(work))


async def _with_bus(work: Callable[[MessageBus], Awaitable[T]]) -> T:
    bus = find_bus()
    try:
        return await work(bus)
    finally:
        await bus.aclose()


def find_bus() -> MessageBus:
    """The bus of the settings; where they say `auto` and name no Redis, that of the stack on this machine.

    Raises:
        ServiceError: there is none that other processes use.
    """
    from blocks.from_settings import message_bus  # noqa: PLC0415 - brings Prefect, which takes seconds

    stack = EmbeddedStack.from_settings()
    settings = stack.settings
    if settings.message_bus == "local":
        raise ServiceError(
            "The setting message_bus is local: such messages live and end with one process.",
            hint="Set CONTRAPONTO_MESSAGE_BUS to auto, or to the address of a Redis or RabbitMQ.",
        )
    if settings.message_bus == "auto" and settings.redis_url is None:
        if not stack.status().services:
            raise ServiceError(
                "No message bus is known here.",
                hint="Start the services on this machine with `contraponto up`, or set CONTRAPONTO_REDIS_URL.",
            )
        settings = settings.model_copy(update={"redis_url": valkey.redis_url(stack.surroundings)})
    return message_bus(settings)
