"""A process whose event loop hangs ends itself and says where it hung, so that its supervisor starts another one.

It would go on holding its port, or the work of the services in it, and answer nobody.
"""

import asyncio
import faulthandler
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # comes with Prefect's server
    from starlette.types import ASGIApp, Receive, Scope, Send

HUNG_SECONDS = 180.0
"""No work of an event loop takes this long, however busy the machine is."""


@asynccontextmanager
async def ended_when_hung(seconds: float = HUNG_SECONDS) -> AsyncIterator[None]:
    """Inside, an event loop that does nothing for so long ends the process, with exit code 1.

    Standard error has the stacks of all threads. One at a time in a process. One that is stopped (SIGSTOP) hangs, too.
    """
    alive = asyncio.create_task(_say_so(seconds))
    await asyncio.sleep(0)  # its first word
    try:
        yield
    finally:
        alive.cancel()
        await asyncio.wait({alive})


class Watched:
    """An ASGI application whose process ends when it hangs."""

    def __init__(self, app: "ASGIApp", seconds: float = HUNG_SECONDS) -> None:
        self.app = app
        self._seconds = seconds

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Watch as long as the application lives: one call of it is its whole life."""
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return
        async with ended_when_hung(self._seconds):
            await self.app(scope, receive, send)


async def _say_so(seconds: float) -> None:
    try:
        while True:
            faulthandler.dump_traceback_later(seconds, exit=True)
            await asyncio.sleep(seconds / 30)
    finally:
        faulthandler.cancel_dump_traceback_later()
