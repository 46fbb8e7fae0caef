"""One bus for all conversations of an event loop: hundreds share its connections."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from blocks.message_bus import MessageBus


@dataclass
class _Shared:
    bus: MessageBus
    users: int = 0


_buses: dict[tuple[asyncio.AbstractEventLoop, str], _Shared] = {}


@asynccontextmanager
async def shared_bus(name: str, make: Callable[[], MessageBus]) -> AsyncIterator[MessageBus]:
    """The bus of that name; the first who asks makes it, the last who leaves lets go of its connections."""
    place = asyncio.get_running_loop(), name
    shared = _buses.get(place)
    if shared is None:
        shared = _buses[place] = _Shared(make())
    shared.users += 1
    try:
        yield shared.bus
    finally:
        shared.users -= 1
        if not shared.users:
            del _buses[place]
            await shared.bus.aclose()
