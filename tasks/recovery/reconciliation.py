"""Ends of jobs that their own process could not report: never started, cancelled, crashed, killed, forgotten.

A job normally writes its end and announces it itself. What it missed is found here, from what the server knows;
doing it twice changes nothing. Part of the Prefect side of jobs, as `steps` is.
"""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from prefect import State
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterKey,
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterEndTime,
    FlowRunFilterIdempotencyKey,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import Artifact, FlowRun, StateType
from prefect.client.schemas.sorting import ArtifactSort, FlowRunSort
from prefect.exceptions import ObjectNotFound, PrefectException
from prefect.logging import get_logger
from prefect.states import Cancelling, Crashed, Scheduled
from prefect.variables import Variable

from tasks.jobs.document import JobDocument, JobStatus
from tasks.webhooks.message import message_id
from tasks.webhooks.notify import DELIVERY, announce, longest_delivery

RESULT_ARTIFACT = "result"
"""Key of the artifact that holds the job document."""

JOB_TAG = "job"
"""Tag of the deployments, and so of the runs, that may have a `webhook_url`."""

CRASHES = "contraponto.crashes"
"""Label of a run: how often it was started again because its process or machine was lost."""

PENDING = timedelta(minutes=15)
"""No image takes longer to fetch; a run that was handed to a worker for this long has lost it."""
PENDING_PROCESS = timedelta(minutes=3)
"""The same for process pools. A process starts in a second, on a crowded machine in a minute."""
_DELIVERING = timedelta(minutes=15)
"""A delivery that has run for this long, beyond what its tries may take, is dead.

One whose process was killed before its first heartbeat is missed by the automation that looks for silence.
"""

_JOB_RESTARTS = 1
_DELIVERY_RESTARTS = 5
_LOOKED_UNTIL = "contraponto_jobs_ended_until"
"""Prefect variable: ends before this time have all been dealt with."""
_FIRST_LOOK = timedelta(days=1)
_OVERLAP = timedelta(minutes=10)
"""Clocks differ, and a run that ended during the last look may have been written after it."""
_PAGE = 200

_STATUS = {
    StateType.COMPLETED: JobStatus.COMPLETED,
    StateType.FAILED: JobStatus.FAILED,
    StateType.CRASHED: JobStatus.FAILED,
    # Prefect calls the hook when the cancelling begins, with that state.
    StateType.CANCELLING: JobStatus.CANCELLED,
    StateType.CANCELLED: JobStatus.CANCELLED,
}
_FINAL = [StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED]


@dataclass
class Reconciliation:
    """What one look at the ended jobs has found to do."""

    announced: int = 0
    started_again: int = 0
    failed: int = 0
    """Left for the next look: the server did not take what was to be written."""

    def __str__(self) -> str:
        return f"{self.announced} ends announced, {self.started_again} runs started again, {self.failed} left"


async def record_end(client: PrefectClient, run: FlowRun, state: State[Any]) -> None:
    """Bring a job that is over to its end: children cancelled, document written, receiver told."""
    await _cancel_children(client, run.id)
    document = await _ended_document(client, run, state)
    if webhook_url := run.parameters.get("webhook_url"):
        await announce(document, str(webhook_url))


def starts_again(run: FlowRun, state: State[Any], *, most: int = _JOB_RESTARTS) -> bool:
    """Whether the run was lost by its infrastructure and workers will get it once more."""
    count = run.labels.get(CRASHES, 0)
    return (
        state.type is StateType.CRASHED
        and run.deployment_id is not None
        and run.work_queue_id is not None
        and isinstance(count, int)
        and count < most
    )


async def reconcile() -> Reconciliation:
    """Deal with every job that has ended since the last time and whose end nobody announced.

    Only one may run at a time: it alone decides which lost runs start again.
    """
    done, began = Reconciliation(), datetime.now(UTC)
    known = await Variable.aget(_LOOKED_UNTIL)
    since = datetime.fromisoformat(str(known)) - _OVERLAP if known else began - _FIRST_LOOK
    async with get_client() as client:
        await _give_up_pending(client, began, done)
        await _give_up_delivering(client, began, done)
        ended = await _ended_since(client, since)
        for start in range(0, len(ended), _PAGE):
            for run in await _unannounced(client, ended[start : start + _PAGE]):
                await _deal_with(client, run, done)
        for run in await _lost_deliveries(client, since):
            if run.state is not None and starts_again(run, run.state, most=_DELIVERY_RESTARTS):
                await _start_again(client, run)
                done.started_again += 1
    if not done.failed:
        await Variable.aset(_LOOKED_UNTIL, began.isoformat(), overwrite=True)
    return done


async def _give_up_pending(client: PrefectClient, now: datetime, done: Reconciliation) -> None:
    """Runs that a worker took and never started have crashed."""
    processes = {pool.name for pool in await client.read_work_pools() if pool.type == "process"}
    pending = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PENDING]))
    for run in await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=pending), sort=FlowRunSort.EXPECTED_START_TIME_ASC, limit=_PAGE
    ):
        limit = PENDING_PROCESS if run.work_pool_name in processes else PENDING
        taken = run.state.timestamp if run.state is not None and run.work_queue_id is not None else now
        if now - taken > limit:
            minutes = limit.total_seconds() / 60
            reason = f"The worker of this run was lost: pending for {minutes:.0f} minutes."
            await _give_up(client, run, reason, done)


async def _give_up_delivering(client: PrefectClient, now: datetime, done: Reconciliation) -> None:
    running = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING]))
    for run in await _deliveries(client, FlowRunFilter(state=running)):
        if run.state is not None and now - run.state.timestamp > longest_delivery() + _DELIVERING:
            await _give_up(client, run, "The process of this delivery died: no receiver takes so long.", done)


async def _give_up(client: PrefectClient, run: FlowRun, reason: str, done: Reconciliation) -> None:
    lost: State[Any] = Crashed(message=reason)
    try:
        await client.set_flow_run_state(run.id, lost, force=True)
    except (httpx.HTTPError, PrefectException) as error:
        get_logger("jobs").warning("The lost run %s could not be given up: %s", run.id, error)
        done.failed += 1


async def _deal_with(client: PrefectClient, run: FlowRun, done: Reconciliation) -> None:
    assert run.state is not None, "an ended run has a state"  # noqa: S101
    try:
        if starts_again(run, run.state) and not await _has_ended(client, run):
            await _start_again(client, run)
            done.started_again += 1
        else:
            await record_end(client, run, run.state)
            done.announced += 1
    except (httpx.HTTPError, PrefectException) as error:
        get_logger("jobs").warning("The end of the job %s could not be recorded: %s", run.id, error)
        done.failed += 1


async def _ended_since(client: PrefectClient, since: datetime) -> list[FlowRun]:
    return await _all_runs(
        client,
        FlowRunFilter(
            tags=FlowRunFilterTags(all_=[JOB_TAG]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_FINAL)),
            end_time=FlowRunFilterEndTime(after_=since),
        ),
    )


async def _all_runs(client: PrefectClient, wanted: FlowRunFilter) -> list[FlowRun]:
    found: dict[UUID, FlowRun] = {}  # a run that comes in between two pages shows another one twice
    for offset in itertools.count(0, _PAGE):
        page = await client.read_flow_runs(
            flow_run_filter=wanted, sort=FlowRunSort.ID_DESC, limit=_PAGE, offset=offset
        )
        found |= {run.id: run for run in page}
        if len(page) < _PAGE:
            break
    return list(found.values())


async def _unannounced(client: PrefectClient, runs: Sequence[FlowRun]) -> list[FlowRun]:
    """Those without a delivery, of the runs whose caller wants one; and every crashed or cancelled one without it."""
    keys = {run.id: message_id(str(run.id), _STATUS[run.state_type]) for run in runs if run.state_type}
    deliveries = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            idempotency_key=FlowRunFilterIdempotencyKey(any_=sorted(keys.values()))
        ),
        limit=_PAGE,
    )
    announced = {delivery.idempotency_key for delivery in deliveries}
    return [
        run
        for run in runs
        if keys.get(run.id) not in announced
        # Without a receiver a job that ended by itself needs nothing; its document is written.
        and (run.parameters.get("webhook_url") or run.state_type in (StateType.CRASHED, StateType.CANCELLED))
    ]


async def _lost_deliveries(client: PrefectClient, since: datetime) -> list[FlowRun]:
    return await _deliveries(
        client,
        FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CRASHED])),
            end_time=FlowRunFilterEndTime(after_=since),
        ),
    )


async def _deliveries(client: PrefectClient, wanted: FlowRunFilter) -> list[FlowRun]:
    try:
        deployment = await client.read_deployment_by_name(DELIVERY)
    except ObjectNotFound:
        return []
    of_it = FlowRunFilterDeploymentId(any_=[deployment.id])
    return await _all_runs(client, wanted.model_copy(update={"deployment_id": of_it}))


async def _start_again(client: PrefectClient, run: FlowRun) -> None:
    count = run.labels.get(CRASHES, 0)
    assert isinstance(count, int)  # noqa: S101 - `starts_again` has looked
    # The label first: a run that is counted and not started is found ended the next time, never started twice.
    await client.update_flow_run_labels(run.id, {CRASHES: count + 1})
    again: State[Any] = Scheduled(message="Started again: its process or machine was lost.")
    await client.set_flow_run_state(run.id, again, force=True)


async def _cancel_children(client: PrefectClient, parent: UUID) -> None:
    """Prefect ends the process of a run, not the runs that it started on workers."""
    going_on = FlowRunFilter(
        parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[parent]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(not_any_=[*_FINAL, StateType.CANCELLING])),
    )
    for child in await _all_runs(client, going_on):
        if child.deployment_id is not None:
            await client.set_flow_run_state(child.id, Cancelling(message="Its job has ended."))


async def _document_of(client: PrefectClient, job: UUID) -> tuple[Artifact, JobDocument] | None:
    """The document, and where it is kept; None if the job never ran."""
    found = await client.read_artifacts(
        artifact_filter=ArtifactFilter(
            flow_run_id=ArtifactFilterFlowRunId(any_=[job]), key=ArtifactFilterKey(any_=[RESULT_ARTIFACT])
        ),
        sort=ArtifactSort.UPDATED_DESC,
        limit=1,
    )
    if not found:
        return None
    data = found[0].data
    while isinstance(data, str):
        data = json.loads(data)
    return found[0], JobDocument.model_validate(data)


async def read_document(client: PrefectClient, job: UUID) -> JobDocument | None:
    """The document of a job; None if it has not begun."""
    known = await _document_of(client, job)
    return known[1] if known else None


async def _has_ended(client: PrefectClient, run: FlowRun) -> bool:
    known = await _document_of(client, run.id)
    return known is not None and known[1].completed_at is not None


async def _ended_document(client: PrefectClient, run: FlowRun, state: State[Any]) -> JobDocument:
    """The job's document with an end in it, which is written if it was missing."""
    known = await _document_of(client, run.id)
    if known is not None and known[1].completed_at is not None:
        return known[1]
    document = known[1] if known else await _first_document(client, run)
    status = _STATUS[state.type]
    error, code = _reason(state)
    ended = document.model_copy(
        update={
            "status": status,
            "error": error,
            "error_code": code,
            "updated_at": datetime.now(UTC),
            "completed_at": run.end_time or datetime.now(UTC),
        }
    )
    data = ended.model_dump(mode="json")
    if known:
        await client.update_artifact(known[0].id, ArtifactUpdate(data=data))
    else:
        # The UI leaves artifacts of the type "result" out of a run's page.
        await client.create_artifact(
            ArtifactCreate(
                key=RESULT_ARTIFACT,
                type="json",
                data=data,
                description="The job document",
                flow_run_id=run.id,
            )
        )
    return ended


async def _first_document(client: PrefectClient, run: FlowRun) -> JobDocument:
    """Of a job that never ran."""
    return JobDocument(
        job_id=str(run.id),
        operation=(await client.read_flow(run.flow_id)).name,
        status=JobStatus.QUEUED,
        created_at=run.created,
        id_roteiro=run.parameters.get("id_roteiro"),
        metadata=run.parameters.get("metadata"),
    )


def _reason(state: State[Any]) -> tuple[str | None, str | None]:
    match _STATUS[state.type], state.type:
        case JobStatus.COMPLETED, _:
            return None, None
        case JobStatus.CANCELLED, _:
            return "The job was cancelled.", "cancelled"
        case _, StateType.CRASHED:
            return f"The job's process ended early. {state.message or ''}".strip(), "crashed"
    return state.message or "The job failed before it could say why.", "internal"
