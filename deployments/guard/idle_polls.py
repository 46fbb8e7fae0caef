"""A worker that asks again whether there is work, when nothing has happened since it heard that there is none.

Four workers ask fourteen times a second, so that a job starts at once. For each time Prefect looks through pools,
queues and runs and marks queues and deployments as ready, ten milliseconds and more: a quarter of a processor of a
machine that does nothing, and of one whose jobs need it. Nearly always the answer is the one before. So it is given
again at once, unless something was written meanwhile that may have made a run due, or it is `KNOWN_SECONDS` old. So
much later may be seen what the server does by itself (automations, the time of a delivery's next attempt); runs of
schedules Prefect hands out ten seconds before their time.

It knows what passes through its own process alone, and is no use where several servers share a database.
"""

import json
import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from deployments.guard.bodies import read_body, replay

if TYPE_CHECKING:  # comes with Prefect's server
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

KNOWN_SECONDS = 2.0
"""How long an answer is given again, however little happens."""

_KNOWN_POLLS = 100

_POLL = re.compile(r"/work_pools/[^/]+/get_scheduled_flow_runs/?$")
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOKS = re.compile(
    r"/(filter|count|paginate|history|lateness|get_scheduled_flow_runs|workers/heartbeat|leases/[^/]+/renew)/?$"
)
_REPORTS = re.compile(r"^/api/(logs|artifacts|task_runs|events|ui)(/|$)")
"""Looks that are posted, and what runs tell of themselves: after these no worker has more to do than before. Whatever
is not known may be a cause."""


class _Question(NamedTuple):
    """What a worker asks, but for the time up to which it asks."""

    path: str
    credentials: bytes
    rest: str


class _Nothing(NamedTuple):
    """The answer that there is no work."""

    headers: list[tuple[bytes, bytes]]
    writes: int
    at: float
    before: datetime | None
    """Up to which time runs were asked for."""


class IdlePolls:
    """An ASGI application that says again that there is no work, and hands on what it does not know."""

    def __init__(self, app: "ASGIApp", *, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clock = clock
        self._writes = 0
        self._known: dict[_Question, _Nothing] = {}

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["method"] == "POST" and _POLL.search(scope["path"]):
            await self._poll(scope, receive, send)
        elif scope["type"] != "http" or _makes_nothing_due(scope["method"], scope["path"]):
            await self._app(scope, receive, send)
        else:
            try:
                await self._app(scope, receive, send)
            finally:  # from here on, whatever came of it, the answers of before are not given any more
                self._writes += 1

    async def _poll(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        body = await read_body(receive)
        asked = _asked(scope, body)
        if asked is None:
            await self._app(scope, replay(body, receive), send)
            return
        question, before = asked
        known = self._known.get(question)
        if known is not None and self._holds(known, before):
            await send({"type": "http.response.start", "status": 200, "headers": known.headers})
            await send({"type": "http.response.body", "body": b"[]"})
            return
        writes, at = self._writes, self._clock()
        answer: list[Message] = []

        async def remember(message: "Message") -> None:
            answer.append(message)
            await send(message)

        await self._app(scope, replay(body, receive), remember)
        if _is_nothing(answer):
            if len(self._known) >= _KNOWN_POLLS:
                self._known.clear()
            self._known[question] = _Nothing(list(answer[0]["headers"]), writes, at, before)

    def _holds(self, known: _Nothing, before: datetime | None) -> bool:
        if known.writes != self._writes or self._clock() - known.at > KNOWN_SECONDS:
            return False
        if known.before is None or before is None:
            return known.before is before
        # A worker asks for what comes next, and each time for a little more of it.
        return (before - known.before).total_seconds() <= KNOWN_SECONDS


def _makes_nothing_due(method: str, path: str) -> bool:
    return method in _READS or bool(_REPORTS.search(path)) or (method == "POST" and bool(_LOOKS.search(path)))


def _asked(scope: "Scope", body: bytes) -> tuple[_Question, datetime | None] | None:
    """What is asked and up to which time; None if it is not what workers ask, which the server may then refuse."""
    try:
        asked = json.loads(body)
        before = asked.pop("scheduled_before", None)
        until = None if before is None else datetime.fromisoformat(before)
    except (ValueError, TypeError, AttributeError):
        return None
    if until is not None and until.tzinfo is None:
        return None
    credentials = b"\n".join(value for name, value in scope["headers"] if name == b"authorization")
    return _Question(scope["path"], credentials, json.dumps(asked, sort_keys=True)), until


def _is_nothing(answer: "list[Message]") -> bool:
    if not answer or answer[0].get("status") != 200:
        return False
    return b"".join(message.get("body", b"") for message in answer[1:]) == b"[]"
