"""Many jobs at once: lists of them, and what becomes of them in numbers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    Operator,
    WorkPoolFilter,
    WorkPoolFilterName,
    WorkQueueFilter,
    WorkQueueFilterName,
)
from prefect.client.schemas.objects import TERMINAL_STATES, FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.types import DateTime
from pydantic import BaseModel

from tasks.jobs.status import JobStatus, status_of
from tasks.recovery.runs import NamedRun, read_page_sync

_PAGE = 200
_HISTORY = timedelta(days=1)
_MOST_DURATIONS = 1000
_ALL_SECONDS = 1 << 28
"""Eight and a half years, before any job. On PostgreSQL Prefect's query makes a float of 32 bits of it: another number
would be rounded, and the jobs of the last seconds, up to eight, be missing."""


class JobLine(BaseModel):
    """One job in a list."""

    job_id: UUID
    operation: str
    status: JobStatus
    created_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    queue: str | None
    error: str | None


class OperationNumbers(BaseModel):
    """The jobs of one operation."""

    operation: str
    jobs: dict[JobStatus, int]
    seconds_p50: float | None
    """Of the jobs that completed in the last day, at most 1000 of them."""
    seconds_p95: float | None


class QueueNumbers(BaseModel):
    """What waits and runs in one queue of a pool."""

    pool: str
    queue: str
    queued: int
    running: int


class Statistics(BaseModel):
    """Every operation and every queue."""

    operations: list[OperationNumbers]
    queues: list[QueueNumbers]


def list_jobs(
    client: SyncPrefectClient,
    operations: Sequence[str],
    *,
    status: JobStatus | None = None,
    since: timedelta | None = None,
    limit: int = 20,
) -> list[JobLine]:
    """The newest jobs of these operations; `since` leaves out those that ended longer ago.

    An operation whose flow has others, too, is named with the flow before it: `flow/operation`. Of such a flow name one
    operation, or all.
    """
    lines: list[JobLine] = []
    wanted = _filter(status, since)
    flows = _of_flows(operations)
    names = {flow.id: flow.name for flow in client.read_flows(flow_filter=flows, limit=_PAGE)}
    # A job that was made from none has the name of its flow.
    deployments = {found.id: found.name for found in client.read_deployments(flow_filter=flows, limit=_PAGE)}
    while len(lines) < limit:
        page = read_page_sync(
            client,
            **_named(operations),
            flow_run_filter=wanted,
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
            limit=min(_PAGE, limit - len(lines)),
            offset=len(lines),
        )
        lines += [_line(run, _deployment(run, deployments) or names[run.flow_id]) for run in page.runs]
        lines += [_unread(run) for run in page.unreadable]
        if not page.runs and not page.unreadable:
            break
    return lines


def statistics(client: SyncPrefectClient, operations: Sequence[str]) -> Statistics:
    """Counts by operation and status, durations of late, and the length of every queue."""
    return Statistics(
        operations=[_numbers(client, operation) for operation in operations], queues=read_queues(client)
    )


def count_jobs(client: SyncPrefectClient, operation: str) -> Counter[JobStatus]:
    """The jobs of an operation by their status."""
    filters = _named([operation])
    # The call has other names for the same filters.
    return _count(client, **{f"{name.removesuffix('_filter')}s": wanted for name, wanted in filters.items()})


def recent_seconds(
    client: SyncPrefectClient, operation: str, *, most: int = _MOST_DURATIONS
) -> tuple[float, float] | None:
    """Median and 95th percentile of how long the newest jobs that completed in the last day took."""
    seconds: list[float] = []
    read = 0
    while read < most:
        page = read_page_sync(
            client,
            **_named([operation]),
            flow_run_filter=_filter(JobStatus.COMPLETED, _HISTORY),
            sort=FlowRunSort.END_TIME_DESC,
            limit=_PAGE,
            offset=read,
        )
        read += page.count
        seconds += [run.total_run_time.total_seconds() for run in page.runs]
        if page.count < _PAGE:
            break
    if not seconds:
        return None
    # Two values are the least that have quantiles.
    marks = quantiles(seconds * 2 if len(seconds) == 1 else seconds, n=20, method="inclusive")
    return round(marks[9], 3), round(marks[18], 3)


def read_queues(client: SyncPrefectClient) -> list[QueueNumbers]:
    """What waits and runs in each queue of every pool, the most urgent queue of a pool first."""
    unended = [kind for kind in StateType if kind not in TERMINAL_STATES]
    numbers = []
    for pool in sorted(client.read_work_pools(limit=_PAGE), key=lambda pool: pool.name):
        queues = client.read_work_queues(work_pool_name=pool.name)
        for queue in sorted(queues, key=lambda queue: queue.priority):
            jobs = _count(
                client,
                flow_runs=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=unended))),
                work_pools=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool.name])),
                work_queues=WorkQueueFilter(name=WorkQueueFilterName(any_=[queue.name])),
            )
            numbers.append(
                QueueNumbers(
                    pool=pool.name,
                    queue=queue.name,
                    queued=jobs[JobStatus.QUEUED],
                    running=jobs[JobStatus.PROCESSING],
                )
            )
    return numbers


def _numbers(client: SyncPrefectClient, operation: str) -> OperationNumbers:
    seconds = recent_seconds(client, operation)
    return OperationNumbers(
        operation=operation.rpartition("/")[2],
        jobs=dict(count_jobs(client, operation)),
        seconds_p50=seconds[0] if seconds else None,
        seconds_p95=seconds[1] if seconds else None,
    )


def _count(client: SyncPrefectClient, **filters: BaseModel) -> Counter[JobStatus]:
    """Jobs by their status; without those that are scheduled for later."""
    now = datetime.now(UTC)
    answer = client.request(
        "POST",
        "/flow_runs/history",
        json={
            "history_start": (now - timedelta(seconds=_ALL_SECONDS)).isoformat(),
            "history_end": now.isoformat(),
            # All in one interval: the server counts every state in one query.
            "history_interval_seconds": _ALL_SECONDS,
            **{name: wanted.model_dump(mode="json") for name, wanted in filters.items()},
        },
    )
    answer.raise_for_status()
    counts: Counter[JobStatus] = Counter()
    for state in answer.json()[0]["states"]:
        counts[status_of(state["state_type"])] += state["count_runs"]
    return counts


def _deployment(run: FlowRun, names: Mapping[UUID, str]) -> str | None:
    return names.get(run.deployment_id) if run.deployment_id else None


def _named(operations: Sequence[str]) -> dict[str, BaseModel]:
    """The filters of runs that find the jobs of these operations."""
    found: dict[str, BaseModel] = {"flow_filter": _of_flows(operations)}
    if len(operations) == 1 and "/" in operations[0]:
        deployment = operations[0].rpartition("/")[2]
        found["deployment_filter"] = DeploymentFilter(name=DeploymentFilterName(any_=[deployment]))
    return found


def _of_flows(operations: Sequence[str]) -> FlowFilter:
    return FlowFilter(name=FlowFilterName(any_=[name.partition("/")[0] for name in operations]))


def _filter(status: JobStatus | None, since: timedelta | None = None) -> FlowRunFilter:
    """Runs with a status; of those that have ended, only those that did so within `since`."""
    types = [kind for kind in StateType if status is None or status_of(kind) is status]
    if since is None or not TERMINAL_STATES.intersection(types):
        return FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=types)))
    ended = FlowRunFilterEndTime(after_=_at(datetime.now(UTC) - since))
    unended = [kind for kind in types if kind not in TERMINAL_STATES]
    if not unended:
        return FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=types)), end_time=ended
        )
    either = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=unended)), end_time=ended
    )
    either.operator = Operator.or_
    return either


def _at(moment: datetime) -> DateTime:
    return DateTime.fromisoformat(moment.isoformat())


def _unread(run: NamedRun) -> JobLine:
    return JobLine(
        job_id=run.id,
        operation="?",
        status=status_of(run.state_type),
        created_at=None,
        started_at=None,
        completed_at=None,
        queue=None,
        error=f"The server cannot tell what this job holds. End it with: contraponto cancel {run.id}",
    )


def _line(run: FlowRun, operation: str) -> JobLine:
    status = status_of(run.state_type)
    failed = status in (JobStatus.FAILED, JobStatus.CANCELLED)
    return JobLine(
        job_id=run.id,
        operation=operation,
        status=status,
        created_at=run.created,
        started_at=run.start_time,
        completed_at=run.end_time,
        queue=run.work_queue_name,
        error=run.state.message if failed and run.state else None,
    )
