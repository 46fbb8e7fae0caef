"""Runs that wait for too long: after a downtime a schedule starts one run, not all that it has missed.

Prefect keeps every run of a schedule until a worker takes it, and workers take the oldest first. Here the newest of
those that wait stands for all, unless the deployment's tags say otherwise (`tasks.recovery.too_late`). What somebody
has submitted waits as long as it takes, unless such a tag gives it an end.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.types import DateTime

from tasks.recovery.runs import BULK, PAGE, all_runs, read_page
from tasks.recovery.survival import Survivors
from tasks.recovery.too_late import EXPIRE, EXPIRE_TAGS, SKIP, clock, starts_all, too_late

SKIPPED = "Skipped"
"""State of a scheduled run that was not started."""
EXPIRED = "Expired"
"""State of a submitted one."""
STANDS_FOR = "contraponto.stands_for"
"""Label of a waiting run: how many it stands for. It keeps its place in the queue, whatever comes behind it."""

_SCHEDULED = "auto-scheduled"
"""Prefect's tag of runs that a schedule has made."""
_MOST_PAGES = 10
"""At one poll; what is beyond waits for the next, and other duties do not wait for it."""
_AT_ONCE = 50
"""No request may change more."""
_AT_WORK = (StateType.PENDING, StateType.RUNNING)


async def end_backlog(client: PrefectClient, now: datetime) -> int:
    """End the waiting runs that are not to start any more; how many were."""
    ended = 0
    for pile in _piles(await _waiting(client, now, [_SCHEDULED])).values():
        ended += await _shrink(client, pile, now)
    expired = defaultdict(list)
    for run in await _waiting(client, now, EXPIRE_TAGS):
        due = _due(run)
        if not run.auto_scheduled and (by := too_late(run.tags, EXPIRE, due, now)):
            expired[by].append(run)
    for by, runs in expired.items():
        reason = f"Not started: it has waited {by}, which is too late for this job."
        ended += await _end(client, runs, StateType.FAILED, EXPIRED, reason)
    return ended


async def stand_aside(client: PrefectClient, run: FlowRun, now: datetime) -> str | None:
    """Why a scheduled run whose process has just started is not to go on; None: it goes on.

    Those of its schedule that are due and wait end with it, or because of it: a pile starts one run, whoever looks
    first.
    """
    if not run.auto_scheduled or run.run_count > 1 or starts_all(run.tags) or run.deployment_id is None:
        return None
    due = _due(run)
    if by := too_late(run.tags, SKIP, due, now):
        return f"Not started: due at {clock(due)}, {by} late."
    others = await all_runs(
        client,
        FlowRunFilter(
            deployment_id=FlowRunFilterDeploymentId(any_=[run.deployment_id]),
            tags=FlowRunFilterTags(all_=[_SCHEDULED]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED, *_AT_WORK])),
            expected_start_time=_before(now),
        ),
    )
    of_schedule = [each for each in others if _schedule(each) == _schedule(run) and each.id != run.id]
    earlier = [each for each in of_schedule if each.state_type in _AT_WORK and _is_before(each, run, now)]
    if earlier:
        first = min(_due(each) for each in earlier)
        return f"Not started: the run that was due at {clock(first)} is still at work."
    waiting = [each for each in of_schedule if _never_started(each)]
    reason = f"Not started: the run of this schedule that was due at {clock(due)} stands for it."
    with Survivors().each("What waits of the same schedule"):
        await _end(client, waiting, StateType.CANCELLED, SKIPPED, reason)
    return None


def _is_before(other: FlowRun, run: FlowRun, now: datetime) -> bool:
    """Whether the other one was due earlier and is not itself about to stand aside."""
    late = too_late(other.tags, SKIP, _due(other), other.start_time or now)
    return late is None and (_due(other), other.id) < (_due(run), run.id)


async def _shrink(client: PrefectClient, pile: Sequence[FlowRun], now: datetime) -> int:
    """Leave one run of a schedule; how many have ended."""
    if starts_all(pile[0].tags):
        return 0
    ended = 0
    late = defaultdict(list)
    for run in pile:
        if by := too_late(run.tags, SKIP, _due(run), now):
            late[by].append(run)
    for by, runs in late.items():
        reason = f"Not started: it was due {by} earlier."
        if len(runs) == 1:
            reason = f"Not started: due at {clock(_due(runs[0]))}, {by} late."
        ended += await _end(client, runs, StateType.CANCELLED, SKIPPED, reason)
    gone = {run.id for runs in late.values() for run in runs}
    rest = sorted((run for run in pile if run.id not in gone), key=_due)
    if len(rest) > 1:
        chosen = next((run for run in rest if STANDS_FOR in run.labels), rest[-1])
        others = [run for run in rest if run.id != chosen.id]
        stands_for = chosen.labels.get(STANDS_FOR, 0)
        count = (stands_for if isinstance(stands_for, int) else 0) + len(others)
        # First this: one that has been chosen stays so, or it would never come to its turn in a long queue.
        await client.update_flow_run_labels(chosen.id, {STANDS_FOR: count})
        reason = f"Not started: the run of this schedule that was due at {clock(_due(chosen))} stands for it."
        ended += await _end(client, others, StateType.CANCELLED, SKIPPED, reason)
    return ended


async def _waiting(client: PrefectClient, now: datetime, tags: Iterable[str]) -> list[FlowRun]:
    """Due and never started; the newest, if they are very many."""
    wanted = FlowRunFilter(
        tags=FlowRunFilterTags(any_=list(tags)),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
        expected_start_time=_before(now),
    )
    found: dict[UUID, FlowRun] = {}
    for page in range(_MOST_PAGES):
        read = await read_page(
            client, flow_run_filter=wanted, sort=FlowRunSort.EXPECTED_START_TIME_DESC, offset=page * PAGE
        )
        found |= {run.id: run for run in read.runs if _never_started(run)}
        if read.count < PAGE:
            break
    return list(found.values())


def _piles(runs: Iterable[FlowRun]) -> dict[object, list[FlowRun]]:
    found = defaultdict(list)
    for run in runs:
        # A person may give a run of their own the tag.
        if run.auto_scheduled:
            found[_schedule(run)].append(run)
    return dict(found)


def _schedule(run: FlowRun) -> object:
    """What has made it: a deployment may have several, with other parameters each."""
    return run.created_by.id if run.created_by is not None and run.created_by.id else run.deployment_id


def _never_started(run: FlowRun) -> bool:
    """A lost run that waits for its restart, and one between two tries, are not late."""
    return run.state_type is StateType.SCHEDULED and run.start_time is None and run.run_count == 0


def _due(run: FlowRun) -> datetime:
    assert run.expected_start_time is not None, "the filter asked for it"  # noqa: S101
    return run.expected_start_time


def _before(now: datetime) -> FlowRunFilterExpectedStartTime:
    return FlowRunFilterExpectedStartTime(before_=DateTime.fromisoformat(now.isoformat()))


async def _end(
    client: PrefectClient, runs: Sequence[FlowRun], kind: StateType, name: str, reason: str
) -> int:
    """End runs that wait, many with a request; how many were still waiting."""
    ended = 0
    for start in range(0, len(runs), _AT_ONCE):
        few = [str(run.id) for run in runs[start : start + _AT_ONCE]]
        body: dict[str, Any] = {
            # One that a worker has taken meanwhile goes on.
            "flow_runs": {"id": {"any_": few}, "state": {"type": {"any_": [StateType.SCHEDULED.value]}}},
            "state": {"type": kind.value, "name": name, "message": reason},
        }
        answer = await client.request("POST", BULK, json=body)
        results = answer.raise_for_status().json()["results"]
        ended += sum(result["status"] == "ACCEPT" for result in results)
    return ended
