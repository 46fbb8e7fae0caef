"""Who submits a job is answered first, and nobody waits for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from deployments.guard import callers_first
from deployments.guard.callers_first import AT_ONCE, CallersFirst

DEPLOYMENT = "/api/deployments/7365ebb0-c438-4c71-8669-f9fc6a5645a9"
SUBMIT = f"{DEPLOYMENT}/create_flow_run"
LOOK = "/api/flow_runs/d0e4c49e-3ef0-4fd8-a668-8b3fe41cd2af"
_SOON = 0.05
"""Seconds after which whatever can go on has gone on."""


class Served:
    """An application whose answers come when the test says so."""

    def __init__(self) -> None:
        self.door = CallersFirst(self._answer)
        self.at_work: list[str] = []
        self._go_on: dict[str, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        name = scope["name"]
        if name.startswith("broken"):
            raise RuntimeError(name)
        self.at_work.append(name)
        try:
            await self._go_on[name].wait()
        finally:
            self.at_work.remove(name)

    def ask(self, name: str, path: str, method: str = "GET", kind: str = "http") -> asyncio.Task[None]:
        """A request that is under way; its answer waits for `let`."""
        self._go_on[name] = asyncio.Event()
        scope = {"type": kind, "method": method, "path": path, "name": name}
        task = asyncio.get_running_loop().create_task(self.door(scope, _no_receive, _no_send))
        self._tasks.add(task)
        return task

    def submit(self, name: str) -> asyncio.Task[None]:
        return self.ask(name, SUBMIT, "POST")

    def let(self, *names: str) -> None:
        for name in names:
            self._go_on[name].set()

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _no_receive() -> Any:
    raise AssertionError


async def _no_send(message: Any) -> None:
    raise AssertionError(message)


def served(test: Callable[[Served], Awaitable[None]]) -> None:
    """Runs what a test does with an application."""

    async def run() -> None:
        app = Served()
        try:
            await test(app)
        finally:
            await app.end()

    asyncio.run(run())


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that outlast the test: what goes on, goes on for another reason."""
    for name in ("DOOR_SECONDS", "PLACE_SECONDS", "LAST_POLL_SECONDS"):
        monkeypatch.setattr(callers_first, name, 600)


@pytest.mark.usefixtures("patient")
def test_a_submit_overtakes_those_that_wait_for_a_place() -> None:
    async def test(app: Served) -> None:
        names = [f"look {number}" for number in range(AT_ONCE + 2)]
        for name in names:
            app.ask(name, LOOK)
        await asyncio.sleep(_SOON)
        assert app.at_work == names[:AT_ONCE]
        app.submit("submit")
        await asyncio.sleep(_SOON)
        assert app.at_work == [*names[:AT_ONCE], "submit"]
        app.let(names[0])
        await asyncio.sleep(_SOON)
        assert app.at_work == [*names[1:AT_ONCE], "submit"], "the freed place waits for the submit"
        app.let("submit")
        await asyncio.sleep(_SOON)
        assert app.at_work == names[1 : AT_ONCE + 1]

    served(test)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    "path",
    [LOOK, "/api/deployments/filter", f"{SUBMIT}_from_template", DEPLOYMENT],
)
def test_others_wait_until_the_last_submit_is_answered(path: str) -> None:
    async def test(app: Served) -> None:
        app.submit("first")
        app.submit("second")
        await asyncio.sleep(_SOON)
        app.ask("other", path, "POST")
        app.let("first")
        await asyncio.sleep(_SOON)
        assert app.at_work == ["second"]
        app.let("second")
        await asyncio.sleep(_SOON)
        assert app.at_work == ["other"]

    served(test)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("path", [SUBMIT, f"{SUBMIT}/", SUBMIT.replace("-", "")])
def test_submits_wait_for_nobody(path: str) -> None:
    async def test(app: Served) -> None:
        names = [f"submit {number}" for number in range(5 * AT_ONCE)]
        for name in names:
            app.ask(name, path, "POST")
        await asyncio.sleep(_SOON)
        assert app.at_work == names

    served(test)


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for an answer to a submit that does not come nor for a place that is not freed."""
    for name in ("DOOR_SECONDS", "PLACE_SECONDS", "LAST_POLL_SECONDS"):
        monkeypatch.setattr(callers_first, name, 0.02)

    async def test(app: Served) -> None:
        app.submit("submit")
        names = [f"look {number}" for number in range(AT_ONCE + 2)]
        for name in names:
            app.ask(name, LOOK)
        await asyncio.sleep(1)
        assert set(app.at_work) == {"submit", *names}
        app.let(*names)
        await asyncio.sleep(_SOON)
        app.let("submit")
        await asyncio.sleep(_SOON)
        assert app.at_work == []

    served(test)


@pytest.mark.usefixtures("patient")
def test_an_error_and_a_caller_who_leaves_free_their_place() -> None:
    """While it is worked on, and while it waits."""

    async def test(app: Served) -> None:
        app.submit("broken submit")
        for number in range(AT_ONCE):
            app.ask(f"broken {number}", LOOK)
        submit = app.submit("submit")
        await asyncio.sleep(_SOON)
        waits_for_submits = app.ask("at the door", LOOK)
        await asyncio.sleep(_SOON)
        waits_for_submits.cancel()
        submit.cancel()
        await asyncio.sleep(_SOON)
        at_work = [app.ask(f"look {number}", LOOK) for number in range(AT_ONCE)]
        waits_for_place = app.ask("in line", LOOK)
        await asyncio.sleep(_SOON)
        assert len(app.at_work) == AT_ONCE
        for task in (waits_for_place, *at_work):
            task.cancel()
        names = [f"next {number}" for number in range(AT_ONCE + 1)]
        for name in names:
            app.ask(name, LOOK)
        await asyncio.sleep(_SOON)
        assert app.at_work == names[:AT_ONCE], "as many places as before, and not one more"

    served(test)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_what_is_no_request_passes(kind: str) -> None:
    async def test(app: Served) -> None:
        app.submit("submit")
        names = [f"{kind} {number}" for number in range(AT_ONCE + 1)]
        for name in names:
            app.ask(name, "/api/events/out", kind=kind)
        await asyncio.sleep(_SOON)
        assert app.at_work == ["submit", *names]

    served(test)
