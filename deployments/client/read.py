"""A job as its caller sees it: the job document, wherever the job is in its life."""

import contextlib
import time
from collections.abc import Callable
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound

from deployments.client.queue_place import in_queue
from tasks.errors import SourceNotFoundError
from tasks.jobs.artifacts import NEWEST_FIRST, document_in, of_job
from tasks.jobs.document import JobDocument, JobStatus
from tasks.jobs.status import status_of
from tasks.net.urls import mask_url

_POLL_SECONDS = 0.5
_PLACE_SECONDS = 5.0
"""Between two polls of the place in the queue, which take several calls each."""


def read_job(client: SyncPrefectClient, job_id: UUID) -> JobDocument:
    """The document of a job; before it has one (queued, starting), one made from what the server knows.

    Raises:
        SourceNotFoundError: the server has no such job.
    """
    run = read_run(client, job_id)
    artifacts = client.read_artifacts(artifact_filter=of_job(job_id), sort=NEWEST_FIRST, limit=1)
    if not artifacts:
        return _from_run(client, run)
    return _with_end_of(run, document_in(artifacts[0]))


def read_run(client: SyncPrefectClient, job_id: UUID) -> FlowRun:
    """The flow run that a job is.

    Raises:
        SourceNotFoundError: the server has no such job.
    """
    try:
        return client.read_flow_run(job_id)
    except ObjectNotFound as error:
        raise SourceNotFoundError(
            f"There is no job {job_id} on {mask_url(str(client.api_url))}.",
            hint="Its id is what `contraponto submit` printed; `contraponto jobs` lists the newest.",
        ) from error


def follow_job(client: SyncPrefectClient, job_id: UUID, show: Callable[[JobDocument], None]) -> JobDocument:
    """Call `show` with the document of a job until it ends; its last document."""
    next_place = 0.0
    while True:
        run = client.read_flow_run(job_id)
        document = read_job(client, job_id)
        if document.status is JobStatus.QUEUED and time.monotonic() >= next_place:
            document = in_queue(client, run, document)
            next_place = time.monotonic() + _PLACE_SECONDS
        show(document)
        if run.state is not None and run.state.is_final():
            return document
        time.sleep(_POLL_SECONDS)


def read_job_and_place(client: SyncPrefectClient, job_id: UUID) -> JobDocument:
    """The document of a job; while it is queued with its place in the queue.

    Raises:
        SourceNotFoundError: the server has no such job.
    """
    document = read_job(client, job_id)
    if document.status is not JobStatus.QUEUED:
        return document
    return in_queue(client, read_run(client, job_id), document)


def _from_run(client: SyncPrefectClient, run: FlowRun) -> JobDocument:
    created = run.created or run.expected_start_time
    status = status_of(run.state_type)
    document = JobDocument.first(
        run.id,
        _operation(client, run),
        status,
        run.parameters or {},
        created_at=created,
        updated_at=run.updated or created,
        completed_at=run.end_time,
    )
    progress = 100.0 if status is JobStatus.COMPLETED else 0.0
    return document.model_copy(update={"overall_progress": progress, "error": _error(run)})


def _operation(client: SyncPrefectClient, run: FlowRun) -> str:
    if run.deployment_id is not None:
        with contextlib.suppress(ObjectNotFound):
            return client.read_deployment(run.deployment_id).name
    return str((run.labels or {}).get("prefect.flow.name", run.name))


def _with_end_of(run: FlowRun, document: JobDocument) -> JobDocument:
    """A job whose process was killed could not write its own end: the server knows it."""
    if run.state is None or not run.state.is_final() or document.completed_at is not None:
        return document
    return document.model_copy(
        update={
            "status": status_of(run.state_type),
            "completed_at": run.end_time,
            "error": document.error or _error(run),
        }
    )


def _error(run: FlowRun) -> str | None:
    failed = run.state is not None and run.state.is_final() and not run.state.is_completed()
    return run.state.message if run.state is not None and failed else None
