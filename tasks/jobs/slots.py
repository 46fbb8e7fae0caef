"""Slots that runs hold over all machines: Prefect's global concurrency limits, each hold a lease that is renewed.

A holder that dies keeps its slot until the lease has run out.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from prefect.client.orchestration import get_client
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError, concurrency

from tasks.prefect_internals import all_slots_taken

_MADE_SECONDS = 60.0
"""A limit that this process has made is taken to be there for so long."""
_made: dict[str, tuple[int, float]] = {}
"""Of each limit: how many slots, and when."""


class NoSlotError(Exception):
    """All slots of this name are taken."""


@asynccontextmanager
async def slot(name: str, most: int, *, wait: float, lease: float) -> AsyncIterator[None]:
    """One of `most` slots. Waits for it so many seconds; a holder that dies keeps it for `lease` seconds, 60 at least.

    Raises:
        NoSlotError: all are taken.
    """
    now = time.monotonic()
    known, since = _made.get(name, (0, 0.0))
    if known != most or now - since > _MADE_SECONDS:
        async with get_client() as client:
            await client.upsert_global_concurrency_limit_by_name(name, most)
        for old in [old for old, (_, made) in _made.items() if now - made > _MADE_SECONDS]:
            del _made[old]
        _made[name] = (most, now)
    async with AsyncExitStack() as held:
        await _take(held, name, wait=wait, lease=lease)
        yield


async def _take(held: AsyncExitStack, name: str, *, wait: float, lease: float) -> None:
    # Prefect's own timeout counts the time of a slow server, too, and gives up a slot that it is just given.
    last = time.monotonic() + wait
    while True:
        taken = concurrency(name, max_retries=0, lease_duration=lease, raise_on_lease_renewal_failure=False)
        try:
            return await held.enter_async_context(taken)
        except ConcurrencySlotAcquisitionError as error:
            if not all_slots_taken(error):
                raise
            if time.monotonic() > last:
                raise NoSlotError(name) from error
        await asyncio.sleep(wait / 4)
