"""A signal ends the job, whatever code it interrupts."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from tasks.jobs.termination import cancelled_by

TERM = signal.SIGTERM


class Termination(BaseException):
    """What the handler raises, as Prefect's does: no Exception, so that nothing catches it by chance."""


@pytest.fixture(autouse=True)
def raising_handler() -> Iterator[None]:
    def handle(_number: int, _frame: object) -> None:
        raise Termination

    before = signal.signal(TERM, handle)
    descriptor = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(descriptor)
    yield
    assert signal.signal(TERM, before) is handle, "the handler stays"
    assert signal.set_wakeup_fd(descriptor) == descriptor, "who listened before listens again"


async def signal_comes() -> None:
    """Within the step of a task: there the handler raises."""
    await asyncio.sleep(0.01)
    os.kill(os.getpid(), TERM)


async def beside_the_work() -> None:
    other = asyncio.create_task(signal_comes())
    try:
        await asyncio.sleep(5)
    finally:
        assert isinstance(other.exception(), Termination)


async def in_a_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.sleep(5))
        group.create_task(signal_comes())


async def in_a_callback() -> None:
    told: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, said: told.append(said["exception"]))
    loop.call_later(0.01, lambda: os.kill(os.getpid(), TERM))
    try:
        await asyncio.sleep(5)
    finally:
        assert [type(error) for error in told] == [Termination]


@pytest.mark.parametrize("work", [beside_the_work, in_a_group, in_a_callback])
async def test_the_work_is_cancelled_wherever_the_signal_falls(
    work: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    async def job() -> None:
        with cancelled_by(TERM):
            await work()

    running = asyncio.create_task(job())
    with pytest.raises(asyncio.CancelledError):
        await running
    assert running.cancelled()


async def test_in_the_work_itself_the_exception_ends_it() -> None:
    with pytest.raises(Termination), cancelled_by(TERM):
        await signal_comes()


async def test_cleaning_up_is_not_cut_short() -> None:
    cleaned = False

    async def job() -> None:
        nonlocal cleaned
        with cancelled_by(TERM):
            try:
                await beside_the_work()
            finally:
                await asyncio.sleep(0.1)
                cleaned = True

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(job())
    assert cleaned


@pytest.mark.parametrize("first_to_leave", [0, 1])
async def test_jobs_beside_each_other_leave_in_any_order(first_to_leave: int) -> None:
    leave = [asyncio.Event(), asyncio.Event()]

    async def job(number: int) -> None:
        with cancelled_by(TERM):
            await leave[number].wait()

    async with asyncio.timeout(10):
        jobs = [asyncio.create_task(job(number)) for number in (0, 1)]
        await asyncio.sleep(0)
        leave[first_to_leave].set()
        await jobs[first_to_leave]
        with pytest.raises(Termination):
            await asyncio.create_task(signal_comes())
        with pytest.raises(asyncio.CancelledError):
            await jobs[1 - first_to_leave]


async def test_jobs_within_and_beside_each_other_all_end() -> None:
    ended: list[str] = []

    async def job(name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            with cancelled_by(TERM):
                await work()
        finally:
            ended.append(name)

    async def children() -> None:
        await asyncio.gather(*(job(name, beside_the_work) for name in ("first", "second")))

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(job("parent", children))
    assert sorted(ended) == ["first", "parent", "second"]


async def test_who_listened_before_hears_of_it_too() -> None:
    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        before = signal.set_wakeup_fd(near.fileno())
        try:
            with pytest.raises(Termination), cancelled_by(TERM):
                await signal_comes()
        finally:
            signal.set_wakeup_fd(before)
        far.settimeout(5)
        assert far.recv(10) == bytes([TERM])


async def test_other_failures_of_a_group_stay_what_they_are() -> None:
    async def fail() -> None:
        raise ValueError("broken")

    with pytest.RaisesGroup(ValueError), cancelled_by(TERM):
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())


async def test_a_thread_hears_no_signals_and_works() -> None:
    def elsewhere() -> str:
        async def work() -> str:
            with cancelled_by(TERM):
                return "done"

        return asyncio.run(work())

    assert await asyncio.to_thread(elsewhere) == "done"
