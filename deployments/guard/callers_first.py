"""Who submits a job is answered before what workers and runs ask for.

Prefect's server answers everybody on one event loop. Eight running jobs keep it busy with their states, logs and
heartbeats, and a submit that waits for its turn between all their steps takes many times as long as alone. A caller
waits for that answer; a run hardly notices a fraction of a second. So while a submit is answered, other requests wait
at the door, and only few of them are worked on at once. Every wait is bounded: a slow answer or a flood of submits
makes the others late, and stops none of them.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # comes with Prefect's server
    from starlette.types import ASGIApp, Receive, Scope, Send

AT_ONCE = 3
"""Other requests that are worked on at once. With more, each step of a submit waits for a step of each of them."""

DOOR_SECONDS = 0.3
PLACE_SECONDS = 0.3
LAST_POLL_SECONDS = 0.1
"""The longest that a request waits: for submits when it comes, for its place, and for submits when it has it."""

_SUBMIT = re.compile(r"/deployments/[0-9a-fA-F-]{32,36}/create_flow_run/?$")


class CallersFirst:
    """An ASGI application that answers submits at once, and other requests when no submit waits for its answer.

    What is no request (websockets, start and end of the server) passes.
    """

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app
        self._submits = 0
        self._none_submits = asyncio.Event()
        self._none_submits.set()
        self._places = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "POST" and _SUBMIT.search(scope["path"]):
            async with self._submitting():
                await self._app(scope, receive, send)
        else:
            await self._while_submits(DOOR_SECONDS)
            async with self._place():
                await self._while_submits(LAST_POLL_SECONDS)
                await self._app(scope, receive, send)

    @asynccontextmanager
    async def _submitting(self) -> AsyncIterator[None]:
        self._submits += 1
        self._none_submits.clear()
        try:
            yield
        finally:
            self._submits -= 1
            if not self._submits:
                self._none_submits.set()

    async def _while_submits(self, at_most: float) -> None:
        if self._submits:
            with suppress(TimeoutError):
                async with asyncio.timeout(at_most):
                    await self._none_submits.wait()

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """One of the places; after a while without one, it goes on as if it had one: a long answer may hold them."""
        has_one = False
        with suppress(TimeoutError):
            async with asyncio.timeout(PLACE_SECONDS):
                has_one = await self._places.acquire()
        try:
            yield
        finally:
            if has_one:
                self._places.release()
