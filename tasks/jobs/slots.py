"""Slots that runs hold over all machines: Prefect's global concurrency limits, each hold a lease that is renewed.

A holder that dies keeps its slot until the lease has run out. The leases lie in Redis, the number of held slots in the
database: where Redis has lost what it held, no lease runs out any more, and slots stay held.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
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


async def free_if_nobodys(name: str, run: UUID, *, flow: str, longest: timedelta) -> bool:
    """Free the slots of this name, which runs of one flow hold, if none but `run`, which holds none, is at work.

    Whether they were free to take. One that began more than `longest` ago is not at work, whatever its state says.
    """
    others = FlowRunFilter(
        id=FlowRunFilterId(not_any_=[run]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.CANCELLING])),
        start_time=FlowRunFilterStartTime(after_=datetime.now(UTC) - longest),
    )
    async with get_client() as client:
        if await client.count_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=[flow])), flow_run_filter=others
        ):
            return False
        await client.update_global_concurrency_limit(name, GlobalConcurrencyLimitUpdate(active_slots=0))
    return True


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
