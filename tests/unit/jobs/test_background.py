"""Work beside other work ends with it, and hides neither a failure nor a cancellation."""

import asyncio

import pytest

from tasks.jobs.background import beside


async def for_ever(told: list[str]) -> None:
    try:
        await asyncio.sleep(60)
    finally:
        told.append("ended")


async def fail() -> None:
    raise ValueError("broken")


async def test_the_work_lasts_as_long_as_the_block() -> None:
    told: list[str] = []
    async with beside(for_ever(told)):
        await asyncio.sleep(0)
        assert told == []
    assert told == ["ended"]


async def test_work_that_is_done_before_the_block_is_no_failure() -> None:
    async with beside(asyncio.sleep(0)):
        await asyncio.sleep(0.01)


async def test_a_failure_of_the_work_is_raised_at_the_end() -> None:
    told: list[str] = []

    async def block() -> None:
        async with beside(fail()):
            await asyncio.sleep(0.01)
            told.append("went on")

    with pytest.raises(ValueError, match="broken"):
        await block()
    assert told == ["went on"]


async def test_the_block_s_own_failure_comes_first() -> None:
    async def block() -> None:
        async with beside(fail()):
            await asyncio.sleep(0.01)
            raise KeyError

    with pytest.raises(KeyError):
        await block()


async def test_a_cancellation_while_the_work_ends_is_not_lost() -> None:
    letting_go = asyncio.Event()
    free = asyncio.Event()

    async def slow_to_end() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            letting_go.set()
            await free.wait()

    async def block() -> None:
        async with beside(slow_to_end()):
            await asyncio.sleep(0)

    running = asyncio.create_task(block())
    await letting_go.wait()
    running.cancel()
    await asyncio.sleep(0)
    free.set()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_cancelled_block_ends_its_work() -> None:
    told: list[str] = []

    async def block() -> None:
        async with beside(for_ever(told)):
            await asyncio.sleep(60)

    running = asyncio.create_task(block())
    await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert told == ["ended"]
