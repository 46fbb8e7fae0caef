"""Old runs on the Prefect server, with their artifacts and logs."""

import asyncio
import itertools
import json
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelling
from prefect.types import DateTime

from tasks.errors import InvalidInputError, StageTimeoutError
from tasks.maintenance.report import Removed
from tasks.recovery.ends import record_end
from tasks.recovery.runs import all_runs, read_page
from tasks.recovery.survival import Survivors
from tasks.webhooks.message import MessageReference
from tasks.webhooks.notify import DELIVERY

_PAGE = 100
_ENDED = [StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED]
_SERVING = {"maintenance", "webhook"}
"""Tags of what serves jobs and is none."""
_END_SECONDS = 150.0
"""A job whose process is gone is found out within 75 s."""
_POLL_SECONDS = 0.5
_NO_BYTES = "the server tells no sizes of runs and logs; its database uses their space again"
_DELIVERIES = FlowFilter(name=FlowFilterName(any_=[DELIVERY.partition("/")[0]]))
_AT_WORK = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]


async def remove_runs(older_than: timedelta, *, undelivered: bool, dry_run: bool) -> list[Removed]:
    """Runs that ended longer ago, their artifacts, and with them their logs; a job before the messages about its end.

    One without them would be taken for one whose endpoint nobody has notified.
    Webhook messages that were not delivered stay unless `undelivered`: somebody may want to redeliver them.
    """
    runs = kept = 0
    survivors = Survivors()
    artifacts = Removed(what="artifacts", count=0, bytes=0)
    ended = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_ENDED)),
        end_time=FlowRunFilterEndTime(before_=_at(datetime.now(UTC) - older_than)),
    )
    async with get_client() as client:
        deliveries = await _deliveries(client)
        needed = set() if undelivered else await _referred_to(client)
        while True:
            page = await read_page(
                client,
                flow_run_filter=ended,
                sort=FlowRunSort.EXPECTED_START_TIME_ASC,
                limit=_PAGE,
                offset=kept,
            )
            if not page.count:
                break
            staying = {
                run.id
                for run in page.runs
                if run.id in needed
                or (not undelivered and run.flow_id == deliveries and not _is_dealt_with(run))
            }
            kept += len(staying)
            messages = {run.id for run in page.runs if run.flow_id == deliveries}
            for run in sorted(page.ids() - staying, key=messages.__contains__):
                with survivors.each(f"What the run {run} has made"):
                    artifacts = await _remove_artifacts(client, run, artifacts, dry_run=dry_run)
                gone = False
                with survivors.each(f"The run {run}"):
                    if not dry_run:
                        await _remove_run(client, run)
                        gone = True
                    runs += 1
                kept += not gone  # the next page passes it over
    found = [Removed(what="runs", count=runs, remark=_NO_BYTES), artifacts]
    if survivors.left:
        found.append(Removed(what="runs left", count=len(survivors.left), remark=survivors.left[0]))
    return found


async def refuse_while_jobs_run(but: UUID) -> None:
    """Raises InvalidInputError if any job but this one waits or runs."""
    async with get_client() as client:
        others = await _unended(client, but)
    if others:
        raise InvalidInputError(
            f"{_jobs(others)} at work, {others[0].id} for one.",
            hint="Wait for their end, cancel them, or say force=true.",
        )


async def cancel_jobs(but: UUID, *, seconds: float = _END_SECONDS) -> None:
    """Cancel every job but this one, waiting or running, and wait for their end.

    Raises StageTimeoutError if one has not ended in time.
    """
    deadline = time.monotonic() + seconds
    survivors = Survivors()
    async with get_client() as client:
        cancelled: set[UUID] = set()
        while others := await _unended(client, but):
            for run in [run for run in others if run.id not in cancelled]:
                cancelled.add(run.id)
                with survivors.each(f"The job {run.id} that is to be cancelled"):
                    await _cancel(client, run)
            if time.monotonic() > deadline:
                raise StageTimeoutError(
                    f"{_jobs(others)} still at work {seconds:.0f} s after having been cancelled, "
                    f"{others[0].id} for one.",
                    hint="Its worker may be gone: look with `contraponto health`, then try again.",
                )
            await asyncio.sleep(_POLL_SECONDS)


async def _cancel(client: PrefectClient, run: FlowRun) -> None:
    if run.state_type is StateType.CANCELLING:
        return
    # Prefect refuses this state for a run that never started, and cancels it instead.
    await client.set_flow_run_state(run.id, Cancelling(message="Cancelled by a factory reset."))
    now = await client.read_flow_run(run.id)
    if now.state is not None and now.state.is_cancelled():
        # No process runs it that could record its end.
        await record_end(client, now, now.state)


async def _unended(client: PrefectClient, but: UUID) -> list[FlowRun]:
    """Jobs that run, or wait and are due, a page of them at least; housekeeping and deliveries are no jobs."""
    found: list[FlowRun] = []
    for types, due in ((_AT_WORK, None), ([StateType.SCHEDULED], _at(datetime.now(UTC)))):
        wanted = FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=types)),
            expected_start_time=FlowRunFilterExpectedStartTime(before_=due) if due else None,
        )
        # Any number of deliveries may stand before the first job.
        for offset in itertools.count(0, _PAGE):
            page = await read_page(
                client,
                flow_run_filter=wanted,
                sort=FlowRunSort.EXPECTED_START_TIME_DESC,
                limit=_PAGE,
                offset=offset,
            )
            found += [run for run in page.runs if run.id != but and _SERVING.isdisjoint(run.tags)]
            if page.count < _PAGE or len(found) >= _PAGE:
                break
    return found


def _jobs(runs: list[FlowRun]) -> str:
    return "1 job is" if len(runs) == 1 else f"{len(runs)} jobs are"


def _at(moment: datetime) -> DateTime:
    return DateTime.fromisoformat(moment.isoformat())


async def _deliveries(client: PrefectClient) -> UUID | None:
    found = await client.read_flows(flow_filter=_DELIVERIES)
    return found[0].id if found else None


async def _referred_to(client: PrefectClient) -> set[UUID]:
    """Jobs whose documents are messages that somebody may want to redeliver."""
    undelivered = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(not_any_=[StateType.COMPLETED]))
    )
    found = set()
    for run in await all_runs(client, undelivered, flow_filter=_DELIVERIES):
        try:
            reference = MessageReference.model_validate(run.parameters.get("message"))
            if "replayed" not in run.tags:
                found.add(UUID(reference.job_id))
        except ValueError:
            continue  # the whole message, or nothing that could be redelivered
    return found


def _is_dealt_with(run: FlowRun) -> bool:
    return run.state_type is StateType.COMPLETED or "replayed" in run.tags


async def _remove_artifacts(client: PrefectClient, run: UUID, so_far: Removed, *, dry_run: bool) -> Removed:
    """What has been removed with those of this run. The server keeps the artifacts of runs that are gone."""
    count = size = 0
    of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]))
    while page := await client.read_artifacts(
        artifact_filter=of_run, limit=_PAGE, offset=count if dry_run else 0
    ):
        count += len(page)
        size += sum(len(json.dumps(artifact.data, ensure_ascii=False).encode()) for artifact in page)
        for artifact in page:
            if not dry_run:
                await client.delete_artifact(artifact.id)
    return Removed(what=so_far.what, count=so_far.count + count, bytes=(so_far.bytes or 0) + size)


async def _remove_run(client: PrefectClient, run: UUID) -> None:
    try:
        await client.delete_flow_run(run)
    except ObjectNotFound:  # another clean-up was faster
        return
