"""Every minute: jobs that have ended without a word get their end, and lost runs are restarted."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterIdempotencyKey,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.variables import Variable

from tasks.jobs.status import ended_status
from tasks.recovery.backlog import EXPIRED, SKIPPED, end_backlog
from tasks.recovery.clocks import moment, now_there
from tasks.recovery.ends import (
    DELIVERY_RESTARTS,
    JOB_TAG,
    can_restart,
    has_end,
    record_end,
    restart,
)
from tasks.recovery.lost import crash_deliveries, crash_pending, crashed_deliveries
from tasks.recovery.overrun import end_overrun
from tasks.recovery.runs import FINAL, PAGE, all_runs, read_page
from tasks.recovery.survival import Survivors
from tasks.webhooks.message import message_id
from tasks.webhooks.notify import NOTIFIED

_RECONCILED_UNTIL = "contraponto_jobs_ended_until"
"""Prefect variable: ends before this time have all been dealt with."""
_FIRST_TIME = timedelta(days=1)
_LONGEST = timedelta(days=7)
_AT_ONCE = 20
"""Ends that are dealt with at a time: where no delivery can be started, each waits for its endpoint itself."""
_OVERLAP = timedelta(minutes=10)
"""Clocks differ, and a run that ended during the last poll may have been written after it."""


@dataclass
class Reconciliation:
    """What one poll of the ended jobs has found to do."""

    notified: int = 0
    restarted: int = 0
    skipped: int = 0
    """Too late to start."""
    failed: int = 0
    """Left for the next poll: the server did not take what was to be written, or one job could not be understood."""

    def __str__(self) -> str:
        return (
            f"{self.notified} ends notified, {self.restarted} runs restarted, {self.skipped} too late, "
            f"{self.failed} left"
        )


async def reconcile() -> Reconciliation:
    """Deal with every job that has ended since the last time and about whose end nobody was notified.

    Only one may run at a time: it alone decides which lost runs are restarted.
    """
    done, survivors = Reconciliation(), Survivors()
    async with get_client() as client:
        began = await now_there(client)
        since = _since(await Variable.aget(_RECONCILED_UNTIL), began)
        done.failed += await crash_pending(client, began)
        done.failed += await crash_deliveries(client, began)
        done.failed += await end_overrun(client, began, tag=JOB_TAG)
        with survivors.each("The backlog"):
            done.skipped += await end_backlog(client, began)
        ended = await _ended_since(client, since)
        for start in range(0, len(ended), PAGE):
            await _deal_with_all(
                client, await _unnotified(client, ended[start : start + PAGE]), done, survivors
            )
        for run in await crashed_deliveries(client, since):
            if run.state is not None and can_restart(run, run.state, most=DELIVERY_RESTARTS):
                with survivors.each(f"The lost delivery {run.id}"):
                    await restart(client, run)
                    done.restarted += 1
    done.failed += len(survivors.left)
    if not done.failed:
        await Variable.aset(_RECONCILED_UNTIL, began.isoformat(), overwrite=True)
    return done


def _since(kept: object, now: datetime) -> datetime:
    """From when on ends are looked at."""
    until = moment(kept)
    if until is None:
        return now - _FIRST_TIME
    # One that is yet to come was written while a clock was ahead. What could not be dealt with for long is not looked
    # at for ever, with all that has ended since.
    return max(min(until, now) - _OVERLAP, now - _LONGEST)


async def _deal_with_all(
    client: PrefectClient, ended: Sequence[FlowRun], done: Reconciliation, survivors: Survivors
) -> None:
    places = asyncio.Semaphore(_AT_ONCE)

    async def deal_with(run: FlowRun) -> None:
        async with places:
            with survivors.each(f"The end of the job {run.id}"):
                await _deal_with(client, run, done)

    await asyncio.gather(*map(deal_with, ended))


async def _deal_with(client: PrefectClient, run: FlowRun, done: Reconciliation) -> None:
    try:
        run = await client.read_flow_run(run.id)
    except ObjectNotFound:  # removed meanwhile, and the messages about its end with it
        return
    if run.state is None or not run.state.is_final():  # started again
        return
    if can_restart(run, run.state) and not await has_end(client, run):
        await restart(client, run)
        done.restarted += 1
    else:
        await record_end(client, run, run.state)
        done.notified += 1


async def _ended_since(client: PrefectClient, since: datetime) -> list[FlowRun]:
    return await all_runs(
        client,
        FlowRunFilter(
            tags=FlowRunFilterTags(all_=[JOB_TAG]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=FINAL)),
            end_time=FlowRunFilterEndTime(after_=since),
        ),
    )


async def _unnotified(client: PrefectClient, runs: Sequence[FlowRun]) -> list[FlowRun]:
    """Those without a delivery, of the runs whose caller wants one; and every crashed or cancelled one without it."""
    keys = {run.id: message_id(str(run.id), ended_status(run.state_type)) for run in runs if run.state_type}
    # A delivery that the server cannot tell of delivers nothing, and stops nobody else's.
    deliveries = await read_page(
        client,
        flow_run_filter=FlowRunFilter(
            idempotency_key=FlowRunFilterIdempotencyKey(any_=sorted(keys.values()))
        ),
        sort=FlowRunSort.ID_DESC,
        limit=PAGE,
    )
    notified = {delivery.idempotency_key for delivery in deliveries.runs}
    return [
        run
        for run in runs
        if keys.get(run.id) not in notified
        and keys.get(run.id) != run.labels.get(NOTIFIED)
        and (run.parameters.get("webhook_url") or _lacks_its_document(run))
    ]


def _lacks_its_document(run: FlowRun) -> bool:
    """Without an endpoint a job that ended by itself needs nothing, nor does a scheduled one that never began."""
    if run.state_type is StateType.CANCELLED:
        return run.state_name != SKIPPED
    return run.state_type is StateType.CRASHED or run.state_name == EXPIRED
