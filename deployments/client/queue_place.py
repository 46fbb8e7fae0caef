"""Where a queued job stands in its pool, and when it may begin: estimated from how long such jobs took of late."""

import heapq
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from statistics import median
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterNextScheduledStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkerFilter,
    WorkerFilterStatus,
    WorkPoolFilter,
    WorkPoolFilterName,
    WorkQueueFilter,
    WorkQueueFilterName,
)
from prefect.client.schemas.objects import FlowRun, StateType, WorkPool, WorkQueue
from prefect.client.schemas.sorting import FlowRunSort
from prefect.types import DateTime

from blocks.settings import get_settings
from deployments.client.queued_document import QueuedDocument, QueuePlace
from deployments.server.pools import pools
from tasks.jobs.document import JobDocument
from tasks.recovery.runs import read_page_sync

_HISTORY = 20
"""The newest completed jobs of a deployment, whose median time is what the next one is expected to take."""

_MOST_READ = 200
"""Jobs ahead that are looked at one by one; the others are taken to be like these."""


def in_queue(client: SyncPrefectClient, run: FlowRun, document: JobDocument) -> JobDocument:
    """The document with the job's place, if it is queued in a pool; else as it was."""
    place = read_place(client, run)
    return document if place is None else QueuedDocument(**dict(document), queue=place)


def read_place(client: SyncPrefectClient, run: FlowRun) -> QueuePlace | None:
    """Where a job stands; None if it waits for no pool."""
    if run.state_type not in (StateType.SCHEDULED, StateType.PENDING):
        return None
    if run.work_pool_name is None or run.work_queue_name is None:
        return None
    pool = client.read_work_pool(run.work_pool_name)
    queues = {queue.name: queue for queue in client.read_work_queues(work_pool_name=pool.name)}
    own = queues[run.work_queue_name]
    listening = len(client.read_workers_for_work_pool(pool.name, worker_filter=_ONLINE))
    history = _History(client)
    running = _read(client, pool, queues.values(), _in_state(StateType.PENDING, StateType.RUNNING))
    ahead, count = ([], 0) if run.state_type is StateType.PENDING else _ahead(client, pool, queues, run)
    slots = pool.concurrency_limit or usual_slots(pool.name, listening)
    typical = history.seconds(run)
    starts: float | None = None
    remark = _obstacle(pool, own, listening)
    if remark is None and run.state_type is StateType.PENDING:
        starts = 0.0
    elif remark is None:
        left = history.seconds_left(running)
        taken = history.all_seconds(ahead)
        if left is None or taken is None:
            remark = "a kind of job ahead of it has never completed here"
        else:
            starts = max(expected_wait(left, like(taken, count), slots), _until(run))
    if remark is None and typical is None:
        remark = "no job of this kind has completed here"
    return QueuePlace(
        pool=pool.name,
        queue=own.name,
        position=0 if run.state_type is StateType.PENDING else count + 1,
        running=len(running),
        slots=slots,
        typical_seconds=typical,
        starts_in_seconds=None if starts is None else round(starts, 3),
        ends_in_seconds=None if starts is None or typical is None else round(starts + typical, 3),
        remark=remark,
    )


def expected_wait(left: Iterable[float], ahead: Iterable[float], slots: int | None) -> float:
    """Seconds until a slot is free for the job behind those `ahead`, which take so many seconds each.

    `left`: how long each running job still takes.
    """
    if slots is None:
        return 0.0
    ends = list(left)
    heapq.heapify(ends)
    now = 0.0
    for seconds in ahead:
        now = _next_start(ends, slots, now)
        heapq.heappush(ends, now + seconds)
    return _next_start(ends, slots, now)


def _next_start(ends: list[float], slots: int, now: float) -> float:
    """When fewer than `slots` jobs run; takes those that have ended by then off the heap."""
    while len(ends) >= slots:
        now = max(now, heapq.heappop(ends))
    return now


def like(seen: Sequence[float], count: int) -> list[float]:
    """`count` values of which some were seen: the others repeat these."""
    return [seen[number % len(seen)] for number in range(count)] if seen else []


_ONLINE = WorkerFilter(status=WorkerFilterStatus(any_=["ONLINE"]))


class _History:
    """How long jobs of each deployment took; asks for each deployment once."""

    def __init__(self, client: SyncPrefectClient) -> None:
        self._client = client
        self._typical: dict[UUID | None, float | None] = {}

    def seconds(self, run: FlowRun) -> float | None:
        """What a job like this takes; None if none has completed."""
        if run.deployment_id not in self._typical:
            self._typical[run.deployment_id] = self._read(run.deployment_id) if run.deployment_id else None
        return self._typical[run.deployment_id]

    def all_seconds(self, runs: Sequence[FlowRun]) -> list[float] | None:
        """What each takes; None if that is unknown of one."""
        found = [self.seconds(run) for run in runs]
        known = [seconds for seconds in found if seconds is not None]
        return known if len(known) == len(found) else None

    def seconds_left(self, running: Sequence[FlowRun]) -> list[float] | None:
        """How much longer each runs; one that has taken longer than usual is taken to end at once."""
        taken = self.all_seconds(running)
        if taken is None:
            return None
        now = datetime.now(UTC)
        return [
            max(0.0, seconds - ((now - run.start_time).total_seconds() if run.start_time else 0.0))
            for seconds, run in zip(taken, running, strict=True)
        ]

    def _read(self, deployment: UUID) -> float | None:
        runs = read_page_sync(
            self._client,
            flow_run_filter=FlowRunFilter(
                deployment_id=FlowRunFilterDeploymentId(any_=[deployment]),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.COMPLETED])),
            ),
            sort=FlowRunSort.END_TIME_DESC,
            limit=_HISTORY,
        ).runs
        return round(median(run.total_run_time.total_seconds() for run in runs), 3) if runs else None


def _ahead(
    client: SyncPrefectClient, pool: WorkPool, queues: dict[str, WorkQueue], run: FlowRun
) -> tuple[list[FlowRun], int]:
    """Jobs that workers take before this one, as far as they are read, and how many there are."""
    own = queues[run.work_queue_name or ""]
    due = run.next_scheduled_start_time or run.expected_start_time or _now()
    before_its_turn = _in_state(StateType.SCHEDULED, before=max(due, _now()))
    earlier = _in_state(StateType.SCHEDULED, before=due)
    urgent = [queue for queue in queues.values() if queue.priority < own.priority and not queue.is_paused]
    ahead: list[FlowRun] = []
    count = 0
    for queue, wanted in (*((queue, before_its_turn) for queue in urgent), (own, earlier)):
        ahead += [found for found in _read(client, pool, [queue], wanted) if found.id != run.id]
        count += _count(client, pool, queue, wanted)
    # The job itself is among those of its queue that are due by its time.
    return ahead[:_MOST_READ], max(0, count - 1)


def _read(
    client: SyncPrefectClient, pool: WorkPool, queues: Iterable[WorkQueue], wanted: FlowRunFilter
) -> list[FlowRun]:
    return read_page_sync(
        client,
        flow_run_filter=wanted,
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool.name])),
        work_queue_filter=WorkQueueFilter(name=WorkQueueFilterName(any_=[queue.name for queue in queues])),
        sort=FlowRunSort.NEXT_SCHEDULED_START_TIME_ASC,
        limit=_MOST_READ,
    ).runs


def _count(client: SyncPrefectClient, pool: WorkPool, queue: WorkQueue, wanted: FlowRunFilter) -> int:
    return client.count_flow_runs(
        flow_run_filter=wanted,
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool.name])),
        work_queue_filter=WorkQueueFilter(name=WorkQueueFilterName(any_=[queue.name])),
    )


def _in_state(*types: StateType, before: DateTime | None = None) -> FlowRunFilter:
    return FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(types))),
        next_scheduled_start_time=FlowRunFilterNextScheduledStartTime(before_=before) if before else None,
    )


def _obstacle(pool: WorkPool, queue: WorkQueue, listening: int) -> str | None:
    """What keeps jobs of a queue from starting at all."""
    if pool.is_paused:
        return f"the pool is paused: prefect work-pool resume {pool.name}"
    if queue.is_paused:
        return f"the queue is paused: prefect work-queue resume {queue.name} --pool {pool.name}"
    return (
        None if listening else f"no worker listens: contraponto worker --pool {pool.name}, or contraponto up"
    )


def usual_slots(pool: str, workers: int) -> int | None:
    """Of a pool without a limit: what its workers take as they are started here."""
    known = {found.name: found.worker_limit for found in pools(get_settings().queue_max_workers)}
    return known[pool] * workers if pool in known and workers else None


def _until(run: FlowRun) -> float:
    """Seconds until the time that the job was scheduled for."""
    due = run.next_scheduled_start_time or run.expected_start_time
    return max(0.0, (due - _now()).total_seconds()) if due else 0.0


def _now() -> DateTime:
    return DateTime.now("UTC")
