"""Blocking work of a coroutine, and how it is stopped."""

import asyncio
import contextlib
import threading
from contextvars import ContextVar

import pytest

from tasks.errors import CancelledError, NoAudioError
from tasks.jobs.threads import in_thread
from tasks.progress import Progress

which: ContextVar[str] = ContextVar("which")


async def test_work_returns_and_reports() -> None:
    seen: list[float] = []

    def work(progress: Progress) -> str:
        assert threading.current_thread() is not threading.main_thread()
        progress(0.5)
        return "done"

    assert await in_thread(work, seen.append) == "done"
    assert seen == [0.5]


async def test_errors_come_through() -> None:
    def work(_: Progress) -> None:
        raise NoAudioError("There is no sound in it.")

    with pytest.raises(NoAudioError, match="no sound"):
        await in_thread(work)


async def test_context_variables_are_seen() -> None:
    which.set("this job")
    assert await in_thread(lambda _: which.get()) == "this job"


@pytest.mark.parametrize("times", [1, 3])
async def test_cancelling_stops_the_work_and_waits_until_it_has_let_go(times: int) -> None:
    started, events = threading.Event(), list[str]()

    def work(progress: Progress) -> None:
        try:
            while True:
                progress(0.1)
                started.set()
                threading.Event().wait(0.01)
        except CancelledError:
            events.append("told to stop")
            threading.Event().wait(0.2)
            raise
        finally:
            events.append("let go")

    running = asyncio.create_task(in_thread(work))
    assert await asyncio.to_thread(started.wait, 20)
    for _ in range(times):
        running.cancel()
        await asyncio.sleep(0.02)
    with pytest.raises(asyncio.CancelledError):
        await running
    assert events == ["told to stop", "let go"]


async def test_a_time_limit_stops_the_work() -> None:
    ended = threading.Event()

    def work(progress: Progress) -> None:
        try:
            while True:
                progress(0.1)
                threading.Event().wait(0.01)
        finally:
            ended.set()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await in_thread(work)
    assert ended.is_set()


async def test_no_work_begins_after_a_cancellation_that_was_swallowed() -> None:
    begun: list[str] = []

    async def deaf() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(20)
        await in_thread(lambda _: begun.append("work"))

    running = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert begun == []


async def test_work_begins_after_a_time_limit_within_the_task() -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.01):
            await asyncio.sleep(20)
    assert await in_thread(lambda _: "done") == "done"
