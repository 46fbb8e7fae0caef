"""Jobs that a pool has had, as the Prefect server recorded them."""

import contextlib
import itertools
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterKey,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import TERMINAL_STATES, FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.types import DateTime
from pydantic import ValidationError

from tasks.jobs.artifacts import NEWEST_FIRST, RESULT_ARTIFACT, document_in
from tasks.recovery.runs import PAGE, read_page_sync
from tasks.sizing.history import RecordedJob

MOST_JOBS = 20_000
_LENGTH = "duration"
"""Of the recording or film: what the results of all operations call it."""
_MOST_DOCUMENTS = 1_000
_DOCUMENTS = 20
"""Read at a time: those of long recordings are long."""


def read_history(
    client: SyncPrefectClient, pool: str, since: timedelta, *, most: int = MOST_JOBS, lengths: bool = False
) -> list[RecordedJob]:
    """The jobs of a pool that have begun and ended within `since`, the newest `most` of them, in the order they came.

    `lengths`: also how long the media of the newest thousand are, for which their documents are read.

    Also those that failed, which took a slot as well; one that was restarted, from its first begin to its last end.
    """
    after = DateTime.fromisoformat((datetime.now(UTC) - since).isoformat())
    wanted = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(TERMINAL_STATES))),
        end_time=FlowRunFilterEndTime(after_=after),
    )
    of_pool = WorkPoolFilter(name=WorkPoolFilterName(any_=[pool]))
    names: dict[UUID, str] = {}
    found: dict[UUID, RecordedJob] = {}
    for offset in itertools.count(0, PAGE):
        page = read_page_sync(
            client,
            flow_run_filter=wanted,
            work_pool_filter=of_pool,
            sort=FlowRunSort.END_TIME_DESC,
            limit=PAGE,
            offset=offset,
        )
        wants_lengths = lengths and offset < _MOST_DOCUMENTS
        media = _media_seconds(client, [run.id for run in page.runs]) if wants_lengths else {}
        for run in page.runs:
            if (job := _job(client, run, names, media.get(run.id))) is not None:
                found[run.id] = job
        if page.count < PAGE or len(found) >= most:
            break
    return sorted(found.values(), key=lambda job: job.submitted)


def pool_slots(client: SyncPrefectClient, pool: str) -> int | None:
    """How many runs the pool lets run at once, over all of its workers; None: as many as they take."""
    return client.read_work_pool(pool).concurrency_limit


def _job(
    client: SyncPrefectClient, run: FlowRun, names: dict[UUID, str], media_seconds: float | None
) -> RecordedJob | None:
    """None of a run that never began: it took no slot."""
    submitted = run.expected_start_time or run.created
    # The server gives one that was cancelled while it waited a begin, too: its end.
    if run.run_count == 0 or run.start_time is None or run.end_time is None or submitted is None:
        return None
    if run.flow_id not in names:
        names[run.flow_id] = client.read_flow(run.flow_id).name
    # Clocks of two machines may differ by more than a job waits.
    began = max(run.start_time, submitted)
    return RecordedJob(
        submitted=submitted,
        began=began,
        ended=max(run.end_time, began),
        operation=names[run.flow_id],
        queue=run.work_queue_name or "default",
        media_seconds=media_seconds,
    )


def _media_seconds(client: SyncPrefectClient, jobs: list[UUID]) -> dict[UUID, float]:
    """How long the media of these jobs are, as far as their documents say so."""
    found: dict[UUID, float] = {}
    for some in (jobs[start : start + _DOCUMENTS] for start in range(0, len(jobs), _DOCUMENTS)):
        documents = client.read_artifacts(
            artifact_filter=ArtifactFilter(
                flow_run_id=ArtifactFilterFlowRunId(any_=some), key=ArtifactFilterKey(any_=[RESULT_ARTIFACT])
            ),
            sort=NEWEST_FIRST,
        )
        for artifact in documents:
            with contextlib.suppress(ValidationError):  # what another version has written says no length
                length = (document_in(artifact).result or {}).get(_LENGTH)
                if isinstance(length, bool) or not isinstance(length, int | float) or length < 0:
                    continue
                if artifact.flow_run_id is not None:
                    found.setdefault(artifact.flow_run_id, float(length))
    return found
