"""A signal ends the job, whatever code it interrupts."""

import asyncio
import os
import queue
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any

import pytest

from tasks.jobs.termination import ended_by, unless_heard

TERM = signal.SIGTERM


class TerminationError(BaseException):
    """What the handler raises, as Prefect's does: no Exception, so that nothing catches it by chance."""


class ToldError(BaseException):
    """What the block raises."""


@pytest.fixture(autouse=True)
def raising_handler() -> Iterator[None]:
    def handle(_number: int, _frame: object) -> None:
        raise TerminationError

    handler = unless_heard(handle)
    before = signal.signal(TERM, handler)
    descriptor = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(descriptor)
    yield
    assert signal.signal(TERM, before) is handler, "the handler stays"
    assert signal.set_wakeup_fd(descriptor) == descriptor, "who listened before listens again"


Work = Callable[[], Coroutine[Any, Any, None]]


def come() -> None:
    os.kill(os.getpid(), TERM)


async def job(work: Work) -> None:
    with ended_by(TERM, ToldError()):
        await work()


async def in_the_work() -> None:
    come()
    await asyncio.sleep(5)


async def in_a_step_beside() -> None:
    async def report() -> None:
        await asyncio.sleep(0.01)
        come()

    other = asyncio.create_task(report())
    try:
        await asyncio.sleep(5)
    finally:
        assert other.done()
        assert other.exception() is None


async def in_a_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.sleep(5))
        group.create_task(in_the_work())


async def in_a_callback() -> None:
    asyncio.get_running_loop().call_later(0.01, come)
    await asyncio.sleep(5)


async def from_another_thread() -> None:
    threading.Timer(0.05, come).start()
    await asyncio.sleep(5)


@pytest.mark.parametrize(
    "work", [in_the_work, in_a_step_beside, in_a_group, in_a_callback, from_another_thread]
)
async def test_the_work_is_cancelled_wherever_the_signal_falls(work: Work) -> None:
    heard: list[str] = []

    async def listening() -> None:
        try:
            await work()
        except asyncio.CancelledError:
            heard.append("cancelled")
            raise

    with pytest.raises(ToldError):
        await job(listening)
    assert heard == ["cancelled"]


async def test_what_is_being_done_is_not_left_half_done() -> None:
    """A handler that raises within `put` can leave the queue locked, or whoever waits for the item waiting."""
    items: queue.Queue[int] = queue.Queue()
    over = threading.Event()

    def send() -> None:
        while not over.wait(0.0001):
            come()

    async def put() -> None:
        sender = threading.Thread(target=send)
        sender.start()
        for number in range(20_000):
            items.put(number)
        over.set()
        sender.join()
        await asyncio.sleep(5)

    with pytest.raises(ToldError):
        await job(put)
    assert items.qsize() == 20_000


async def test_cleaning_up_is_not_cut_short() -> None:
    cleaned: list[str] = []

    async def clean_up() -> None:
        try:
            await in_the_work()
        finally:
            come()
            await asyncio.sleep(0.1)
            cleaned.append("all")

    with pytest.raises(ToldError):
        await job(clean_up)
    assert cleaned == ["all"]


async def test_a_group_that_fails_because_it_is_told_to_end_was_told() -> None:
    async def fail_when_told() -> None:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            raise ValueError("broken by the end") from None

    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail_when_told())
            group.create_task(in_the_work())

    with pytest.raises(ToldError):
        await job(both)


@pytest.mark.parametrize("work", [in_the_work, in_a_group])
@pytest.mark.parametrize("depth", [1, 2])
async def test_who_was_told_is_told_no_more(work: Work, depth: int) -> None:
    """Python 3.13 cancels the task of a group once more; what is awaited afterwards must not be cut short."""
    nested = work if depth == 1 else partial(job, work)
    with pytest.raises(ToldError):
        await job(nested)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)


async def test_a_time_limit_that_runs_out_meanwhile_does_not_hide_it() -> None:
    async def limited() -> None:
        async with asyncio.timeout(0.05):
            try:
                await asyncio.sleep(5)
            finally:
                come()
                await asyncio.sleep(0.01)

    with pytest.raises(ToldError):
        await job(limited)


async def test_other_failures_stay_what_they_are() -> None:
    async def fail() -> None:
        raise ValueError("broken")

    with pytest.RaisesGroup(ValueError), ended_by(TERM, ToldError()):
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())


async def test_another_cancellation_stays_one() -> None:
    running = asyncio.create_task(job(lambda: asyncio.sleep(5)))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("first_to_leave", [0, 1])
async def test_jobs_beside_each_other_leave_in_any_order(first_to_leave: int) -> None:
    leave = [asyncio.Event(), asyncio.Event()]

    async def wait(number: int) -> None:
        await leave[number].wait()

    async with asyncio.timeout(10):
        jobs = [asyncio.create_task(job(partial(wait, number))) for number in (0, 1)]
        await asyncio.sleep(0)
        leave[first_to_leave].set()
        await jobs[first_to_leave]
        come()
        with pytest.raises(ToldError):
            await jobs[1 - first_to_leave]


async def test_jobs_within_and_beside_each_other_all_end() -> None:
    ended: list[str] = []

    async def named(name: str, work: Work) -> None:
        try:
            await job(work)
        finally:
            ended.append(name)

    async def children() -> None:
        await asyncio.gather(*(named(name, in_a_step_beside) for name in ("first", "second")))

    with pytest.raises(ToldError):
        await named("parent", children)
    assert sorted(ended) == ["first", "parent", "second"]


async def test_before_and_after_the_handler_is_what_it_was() -> None:
    with pytest.raises(TerminationError):
        come()
    with ended_by(TERM, ToldError()):
        pass
    with pytest.raises(TerminationError):
        come()


async def test_who_listened_before_hears_of_it_too() -> None:
    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        before = signal.set_wakeup_fd(near.fileno())
        try:
            with pytest.raises(ToldError):
                await job(in_the_work)
        finally:
            signal.set_wakeup_fd(before)
        far.settimeout(5)
        assert far.recv(10) == bytes([TERM])


async def test_a_thread_hears_no_signals_and_works() -> None:
    await asyncio.to_thread(lambda: asyncio.run(job(lambda: asyncio.sleep(0))))
