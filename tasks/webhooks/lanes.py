"""Slots of deliveries within one process: few at once to one host, and not all of them to endpoints that fail.

A process with many deliveries counts them itself: a slot of the server costs it several requests, and every delivery
that finds none costs more.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from urllib.parse import urlsplit

from tasks.jobs.slots import NoSlotError

WAIT_SECONDS = 15.0
"""How long a delivery waits for a slot before it leaves its worker to others."""


class Lanes:
    """Who is spoken to at the moment, and who waits for it. For one event loop."""

    def __init__(self, slow: int) -> None:
        """At most `slow` deliveries at once go to endpoints that failed the last time."""
        self._slow = slow
        self._slow_taken = 0
        self._taken: dict[str, int] = {}
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def slot(
        self, host: str, most: int, *, slow: bool, wait: float = WAIT_SECONDS
    ) -> AsyncIterator[None]:
        """One of `most` slots of a host, and if the endpoint is `slow` one of those besides.

        Raises:
            NoSlotError: none has become free for so many seconds.
        """
        async with self._freed:
            try:
                async with asyncio.timeout(wait):
                    await self._freed.wait_for(lambda: self._is_free(host, most, slow=slow))
            except TimeoutError:
                raise NoSlotError(host) from None
            self._taken[host] = self._taken.get(host, 0) + 1
            self._slow_taken += slow
        try:
            yield
        finally:
            self._taken[host] -= 1
            if not self._taken[host]:
                del self._taken[host]
            self._slow_taken -= slow
            async with self._freed:
                self._freed.notify_all()

    def _is_free(self, host: str, most: int, *, slow: bool) -> bool:
        return self._taken.get(host, 0) < most and not (slow and self._slow_taken >= self._slow)


LANES: ContextVar[Lanes | None] = ContextVar("lanes", default=None)
"""Those of this process, if it has many deliveries."""


def host_of(url: str) -> str:
    """What the deliveries to an address are counted by."""
    return (urlsplit(url).hostname or "").lower()
