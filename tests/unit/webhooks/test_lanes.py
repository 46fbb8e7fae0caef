"""Slots within one process: so many to a host, so many to endpoints that fail, and good ones overtake."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.jobs.slots import NoSlotError
from tasks.webhooks.lanes import Lanes, host_of


async def test_so_many_to_a_host_and_no_more() -> None:
    lanes = Lanes(slow=10)
    async with lanes.slot("a", 1, slow=False):
        with pytest.raises(NoSlotError):
            async with lanes.slot("a", 1, slow=False, wait=0):
                pass
        async with lanes.slot("b", 1, slow=False, wait=0):
            pass
    async with lanes.slot("a", 1, slow=False, wait=0):
        pass


async def test_endpoints_that_fail_leave_slots_to_the_others() -> None:
    lanes = Lanes(slow=2)
    async with AsyncExitStack() as held:
        for host in "ab":
            await held.enter_async_context(lanes.slot(host, 3, slow=True, wait=0))
        with pytest.raises(NoSlotError):
            async with lanes.slot("c", 3, slow=True, wait=0):
                pass
        async with lanes.slot("c", 3, slow=False, wait=0):
            pass


async def test_who_waits_gets_the_next_slot_and_who_is_cancelled_gives_it_back() -> None:
    lanes, order = Lanes(slow=1), list[str]()

    async def deliver(name: str) -> None:
        async with lanes.slot("a", 1, slow=True, wait=60):
            order.append(name)
            await asyncio.sleep(3600 if name == "silent" else 0)

    silent = asyncio.create_task(deliver("silent"))
    await asyncio.sleep(0)
    others = [asyncio.create_task(deliver(name)) for name in ("first", "second")]
    await asyncio.sleep(0.01)
    assert order == ["silent"]
    silent.cancel()
    await asyncio.wait(others)
    assert order == ["silent", "first", "second"]


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=30),
    st.integers(1, 4),
    st.integers(1, 5),
)
def test_no_limit_is_ever_passed(deliveries: list[tuple[str, bool]], most: int, slow_most: int) -> None:
    async def run() -> None:
        lanes, now = Lanes(slow=slow_most), list[tuple[str, bool]]()

        async def deliver(host: str, slow: bool) -> None:
            async with lanes.slot(host, most, slow=slow, wait=60):
                now.append((host, slow))
                assert sum(there == host for there, _ in now) <= most
                assert sum(is_slow for _, is_slow in now) <= slow_most
                await asyncio.sleep(0)
                now.remove((host, slow))

        await asyncio.gather(*(deliver(*delivery) for delivery in deliveries))

    asyncio.run(run())


def test_an_address_counts_for_its_host() -> None:
    assert host_of("https://User:x@Hooks.Example.ORG:8443/a") == "hooks.example.org"
