"""Pauses between attempts to reach a server."""

import asyncio
import logging
import random

logger = logging.getLogger(__name__)

_FIRST, _LONGEST = 0.1, 10.0
"""Seconds."""


class Pause:
    """Grows with each failure, up to ten seconds, until `over` is called."""

    def __init__(self) -> None:
        self._seconds = _FIRST

    def over(self) -> None:
        """It works again."""
        if self._seconds > _FIRST:
            logger.info("The message bus answers again.")
        self._seconds = _FIRST

    async def wait(self, error: Exception, stop: asyncio.Event | None = None) -> None:
        """Waits, at most until `stop` is set. Says once what for."""
        if self._seconds == _FIRST:
            logger.warning("%s Trying again until that is over.", error)
        seconds = self._seconds * random.uniform(0.8, 1.2)  # noqa: S311 - so that not all come back at once
        self._seconds = min(_LONGEST, self._seconds * 2)
        if stop is None:
            await asyncio.sleep(seconds)
        else:
            await wait_for_event(stop, seconds)


async def wait_for_event(event: asyncio.Event, seconds: float) -> bool:
    """Whether the event is set within so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
