"""Ends of jobs that their own process could not report: never started, cancelled, crashed, killed, forgotten.

A job normally writes its end and notifies its endpoint itself. What it missed is made up for here, from what the
server knows; doing it twice changes nothing.
"""

import contextlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
from prefect import State
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import Artifact, FlowRun, StateType
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.states import Cancelling, Scheduled

from tasks.errors import InvalidInputError, StageTimeoutError
from tasks.jobs.artifacts import (
    document_in,
    find_artifact,
    is_refused,
    write_document,
    write_summary,
)
from tasks.jobs.document import ASKED_FOR, JobDocument, JobStatus
from tasks.jobs.status import ended_status
from tasks.jobs.unreadable import UNREADABLE
from tasks.recovery.backlog import EXPIRED, SKIPPED
from tasks.recovery.overrun import as_it_ended, is_timed_out
from tasks.recovery.runs import FINAL, all_runs
from tasks.recovery.survival import Survivors
from tasks.webhooks.notify import notify

JOB_TAG = "job"
"""Tag of the deployments, and so of the runs, that may have a `webhook_url`."""

RESTARTS = "contraponto.restarts"
"""Label of a run: how often it was restarted because its process or machine was lost."""
_EARLIER_RESTARTS = "contraponto.crashes"
"""What earlier versions called it; runs of theirs may still be there."""

_LEAST = {
    *("job_id", "operation", "status", "created_at", "updated_at", "completed_at"),
    *("error", "error_code", "id_roteiro", ASKED_FOR),
}
"""Fields of a document that every server takes."""

TOO_LATE = "too_late"
"""Error code of a job that has waited for longer than its deployment allows."""

RESUMABLE = "resumable"
"""Tag of deployments whose jobs go on where they were: to start one again repeats nothing."""
JOB_RESTARTS = 1
RESUMABLE_RESTARTS = 20
DELIVERY_RESTARTS = 5


async def record_end(client: PrefectClient, run: FlowRun, state: State[Any]) -> None:
    """Bring a job that is over to its end: children cancelled, document written, endpoint notified."""
    await _cancel_children(client, run.id)
    state = await as_it_ended(client, run, state)
    document = await _ended_document(client, run, state)
    if webhook_url := run.parameters.get("webhook_url"):
        await notify(document, str(webhook_url))


async def has_end(client: PrefectClient, run: FlowRun) -> bool:
    """Whether the job's document says how it ended."""
    known = await _known_document(client, run)
    return known is not None and known[1] is not None and known[1].completed_at is not None


def can_restart(run: FlowRun, state: State[Any], *, most: int | None = None) -> bool:
    """Whether the run was lost by its infrastructure and workers will get it once more; at `most` so often."""
    if most is None:
        most = RESUMABLE_RESTARTS if RESUMABLE in run.tags else JOB_RESTARTS
    return (
        state.type is StateType.CRASHED
        and run.deployment_id is not None
        and run.work_queue_id is not None
        and _restarts(run) < most
    )


async def restart(client: PrefectClient, run: FlowRun) -> None:
    """Have workers start a lost run once more."""
    # The label first: a run that is counted and not started is found ended the next time, never started twice.
    await client.update_flow_run_labels(run.id, {RESTARTS: _restarts(run) + 1})
    again: State[Any] = Scheduled(message="Restarted: its process or machine was lost.")
    await client.set_flow_run_state(run.id, again, force=True)


def _restarts(run: FlowRun) -> int:
    count = run.labels.get(RESTARTS, run.labels.get(_EARLIER_RESTARTS, 0))
    return count if isinstance(count, int) else 0


async def _cancel_children(client: PrefectClient, parent: UUID) -> None:
    """Prefect ends the process of a run, not the runs that it started on workers."""
    going_on = FlowRunFilter(
        parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[parent]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(not_any_=[*FINAL, StateType.CANCELLING])),
    )
    survivors = Survivors()
    for child in await all_runs(client, going_on):
        if child.deployment_id is not None:
            with survivors.each(f"The run {child.id} of a job that has ended"):
                await client.set_flow_run_state(child.id, Cancelling(message="Its job has ended."))


async def read_end(client: PrefectClient, run: FlowRun, state: State[Any]) -> JobDocument:
    """The document of a job that is over, with an end in it; where the document lacks it, that of the state."""
    return (await _read_end(client, run, state))[0]


async def _read_end(
    client: PrefectClient, run: FlowRun, state: State[Any]
) -> tuple[JobDocument, UUID | None, bool]:
    """The document with its end, the artifact that holds one, and whether that says the end."""
    known = await _known_document(client, run)
    if known is not None and known[1] is not None and known[1].completed_at is not None:
        return known[1], known[0].id, True
    document = (known[1] if known else None) or await _first_document(client, run)
    error, code = _reason(state)
    ended = document.model_copy(
        update={
            "status": ended_status(state.type),
            "error": error,
            "error_code": code,
            "updated_at": datetime.now(UTC),
            "completed_at": run.end_time or datetime.now(UTC),
        }
    )
    return ended, known[0].id if known else None, False


async def _ended_document(client: PrefectClient, run: FlowRun, state: State[Any]) -> JobDocument:
    """The job's document with an end in it, which is written if it was missing."""
    ended, artifact, is_known = await _read_end(client, run, state)
    if is_known:
        return ended
    try:
        await write_document(client, ended, artifact)
    except PrefectHTTPStatusError as error:
        if not is_refused(error):
            raise
        # That the job has ended, and why, is said all the same.
        ended = JobDocument(**ended.model_dump(include=_LEAST))
        await write_document(client, ended, artifact)
    with Survivors().each(f"The page of the job {run.id}"):
        await write_summary(client, ended)
    return ended


async def _known_document(client: PrefectClient, run: FlowRun) -> tuple[Artifact, JobDocument | None] | None:
    """What is kept of the job: one that is no document (any more) is written over."""
    try:
        found = await find_artifact(client, run.id)
    except PrefectHTTPStatusError as error:
        if error.response.status_code != httpx.codes.INTERNAL_SERVER_ERROR:
            raise
        # The server cannot tell what it has kept. A newer one hides it.
        return None
    try:
        return (found, document_in(found)) if found else None
    except ValueError:
        return (found, None) if found else None


async def _first_document(client: PrefectClient, run: FlowRun) -> JobDocument:
    """Of a job that never ran."""
    operation = (await client.read_flow(run.flow_id)).name
    if run.deployment_id is not None:
        # Several operations may share a flow.
        with contextlib.suppress(ObjectNotFound):
            operation = (await client.read_deployment(run.deployment_id)).name
    return JobDocument.first(run.id, operation, JobStatus.QUEUED, run.parameters, created_at=run.created)


def _reason(state: State[Any]) -> tuple[str | None, str | None]:
    match ended_status(state.type), state.type:
        case JobStatus.COMPLETED, _:
            return None, None
        case JobStatus.CANCELLED, _ if state.name == SKIPPED:
            return state.message, "cancelled"
        case JobStatus.CANCELLED, _:
            return "The job was cancelled.", "cancelled"
        case _ if is_timed_out(state):
            return state.message, StageTimeoutError.code
        case _ if state.name == EXPIRED:
            return state.message, TOO_LATE
        case _, StateType.CRASHED:
            return f"The job's process ended early. {state.message or ''}".strip(), "crashed"
        case _ if state.message == UNREADABLE:
            return UNREADABLE, InvalidInputError.code
    return state.message or "The job failed before it could say why.", "internal"
