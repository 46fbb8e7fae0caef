"""Runs whose process was lost without a word: they are marked as crashed, and so can be restarted."""

from datetime import datetime, timedelta
from typing import Any

import httpx
from prefect import State
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound, PrefectException
from prefect.logging import get_logger
from prefect.states import Cancelled, Crashed

from tasks.recovery.runs import BULK, PAGE, all_runs, read_page
from tasks.webhooks.deliver import longest_delivery
from tasks.webhooks.notify import DELIVERY

PENDING = timedelta(minutes=15)
"""No image takes longer to fetch; a run that was handed to a worker for this long has lost it."""
PENDING_PROCESS = timedelta(minutes=3)
"""The same for process pools. A process starts in a second, on a crowded machine in a minute."""
_DELIVERING = timedelta(minutes=15)
"""A delivery that has run for this long, beyond what its tries may take, is dead.

One whose process was killed before its first heartbeat is missed by the automation that waits for silence.
"""


async def crash_pending(client: PrefectClient, now: datetime) -> int:
    """Mark the runs that a worker took and never started; how many the server did not take."""
    processes = {pool.name for pool in await client.read_work_pools() if pool.type == "process"}
    failed = 0
    pending = FlowRunFilter(state=_in(StateType.PENDING))
    for run in (
        await read_page(client, flow_run_filter=pending, limit=PAGE, sort=FlowRunSort.EXPECTED_START_TIME_ASC)
    ).runs:
        limit = PENDING_PROCESS if run.work_pool_name in processes else PENDING
        taken = run.state.timestamp if run.state is not None and run.work_queue_id is not None else now
        if now - taken > limit:
            minutes = limit.total_seconds() / 60
            reason = f"The worker of this run was lost: pending for {minutes:.0f} minutes."
            failed += not await _crash(client, run, reason)
    return failed


async def crash_deliveries(client: PrefectClient, now: datetime) -> int:
    """Mark the deliveries that run for longer than any can; how many the server did not take."""
    failed = 0
    for run in await _deliveries(client, FlowRunFilter(state=_in(StateType.RUNNING))):
        if run.state is not None and now - run.state.timestamp > longest_delivery() + _DELIVERING:
            reason = "The process of this delivery died: no endpoint takes so long."
            failed += not await _crash(client, run, reason)
    return failed


async def crashed_deliveries(client: PrefectClient, since: datetime) -> list[FlowRun]:
    """Deliveries that have crashed since then."""
    return await _deliveries(
        client, FlowRunFilter(state=_in(StateType.CRASHED), end_time=FlowRunFilterEndTime(after_=since))
    )


async def end_all(client: PrefectClient, reason: str) -> int:
    """Mark every run that goes on as crashed, or as cancelled if that was asked for; how many were not taken."""
    failed = 0
    for kind in (StateType.CANCELLING, StateType.PENDING, StateType.RUNNING):
        for run in await all_runs(client, FlowRunFilter(state=_in(kind))):
            end: State[Any] = (
                Cancelled(message=reason) if kind is StateType.CANCELLING else Crashed(message=reason)
            )
            failed += not await _end(client, run, end)
    return failed


def _in(state: StateType) -> FlowRunFilterState:
    return FlowRunFilterState(type=FlowRunFilterStateType(any_=[state]))


async def _crash(client: PrefectClient, run: FlowRun, reason: str) -> bool:
    return await _end(client, run, Crashed(message=reason))


async def _end(client: PrefectClient, run: FlowRun, end: State[Any]) -> bool:
    """False: the server did not take it. A run that has gone on since it was read is left as it is."""
    assert run.state_type is not None, "the filter asked for it"  # noqa: S101
    body: dict[str, Any] = {
        "flow_runs": {"id": {"any_": [str(run.id)]}, "state": {"type": {"any_": [run.state_type.value]}}},
        "state": {"type": end.type.value, "name": end.name, "message": end.message},
        "force": True,
    }
    try:
        answer = await client.request("POST", BULK, json=body)
        results = answer.raise_for_status().json()["results"]
        refused = [result["details"] for result in results if result["status"] != "ACCEPT"]
    except (httpx.HTTPError, PrefectException) as error:
        refused = [error]
    for reason in refused:
        get_logger("jobs").warning("The lost run %s could not be marked as %s: %s", run.id, end.name, reason)
    return not refused


async def _deliveries(client: PrefectClient, wanted: FlowRunFilter) -> list[FlowRun]:
    try:
        deployment = await client.read_deployment_by_name(DELIVERY)
    except ObjectNotFound:
        return []
    of_it = FlowRunFilterDeploymentId(any_=[deployment.id])
    return await all_runs(client, wanted.model_copy(update={"deployment_id": of_it}))
