"""Whether the queues of a pool move: jobs that are due begin where workers listen and slots are free."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from pydantic import BaseModel, TypeAdapter

from tasks.recovery.halving import Span, halving

Ask = Callable[[str, dict[str, Any]], httpx.Response]
"""Posts a question to a path of the API; the answer, also if it is an error."""

LONG = timedelta(minutes=3)
"""A job that is due is started within seconds, on a crowded machine within a minute."""

_ANSWER_RUNS = 20
"""Runs that a question for work is answered with, at most: more than any worker takes at once."""
_WAITING = ("Scheduled", "Late", "AwaitingRetry")
"""States of runs that wait for a worker, and for nothing else."""


class PoolSlots(BaseModel):
    """What is to be known of a pool."""

    name: str
    is_paused: bool = False
    concurrency_limit: int | None = None


class _Queue(BaseModel):
    name: str
    is_paused: bool = False
    concurrency_limit: int | None = None


class _Run(BaseModel):
    id: UUID


_QUEUES = TypeAdapter(list[_Queue])
_RUNS = TypeAdapter(list[_Run])


@dataclass(frozen=True)
class Standstill:
    """A pool whose queues do not move."""

    is_fault: bool
    """Whether it is known that no worker can get a run."""
    remark: str
    runs: tuple[UUID, ...]
    """Those that hold the others up, as far as they could be found; else the one that waits longest."""


def standstill(ask: Ask, pool: PoolSlots, *, usual_slots: int | None) -> Standstill | None:
    """Why the jobs of a pool to which workers listen do not begin; None if they do, or if none is due.

    Args:
        ask: Asks the server.
        pool: The pool.
        usual_slots: Jobs that its workers are known to run at once, where the pool itself has no limit.

    Raises:
        httpx.HTTPStatusError: the server refuses to answer.
    """
    if pool.is_paused:
        return None
    work = ask(f"/work_pools/{pool.name}/get_scheduled_flow_runs", {"limit": _ANSWER_RUNS})
    if work.is_server_error:
        bad = _unreadable(ask, pool)
        named = f" because of {', '.join(map(str, bad))}" if bad else ""
        return Standstill(
            is_fault=True,
            remark=f"workers get no job: the server answers {work.status_code} to them{named}",
            runs=bad,
        )
    due = _due(ask, pool)
    slots = pool.concurrency_limit or usual_slots
    if due is None or not _count(ask, due) or _began(ask, pool):
        return None
    active = _count(ask, _of(pool, state={"type": {"any_": ["PENDING", "RUNNING", "CANCELLING"]}}))
    # Of a pool of which nothing is known, any job that runs may take all there is.
    if active >= (slots or 1):
        return None
    oldest = _RUNS.validate_json(
        ask(
            "/ui/flow_runs/history",
            {name: due[name] for name in ("flow_runs", "work_pools")}
            | {"sort": "EXPECTED_START_TIME_ASC", "limit": 1},
        )
        .raise_for_status()
        .content
    )
    waiting = f", {oldest[0].id} for one" if oldest else ""
    return Standstill(
        is_fault=False,
        remark=f"{_count(ask, due)} due and slots free, but for {LONG.total_seconds() / 60:.0f} minutes no job "
        f"has begun{waiting}",
        runs=tuple(run.id for run in oldest),
    )


def _due(ask: Ask, pool: PoolSlots) -> dict[str, Any] | None:
    """Finds what has waited long, in queues that nothing holds up on purpose; None if there is no such queue."""
    found = _QUEUES.validate_json(
        ask(f"/work_pools/{pool.name}/queues/filter", {}).raise_for_status().content
    )
    open_queues = [queue.name for queue in found if not queue.is_paused and queue.concurrency_limit is None]
    if not open_queues:
        return None
    return {
        **_of(
            pool,
            state={"type": {"any_": ["SCHEDULED"]}, "name": {"any_": _WAITING}},
            next_scheduled_start_time={"before_": _long_ago()},
        ),
        "work_pool_queues": {"name": {"any_": open_queues}},
    }


def _began(ask: Ask, pool: PoolSlots) -> bool:
    # Of a run that has not started, the server takes the time when it should.
    started = {"type": {"not_any_": ["SCHEDULED", "PENDING"]}}
    return _count(ask, _of(pool, state=started, start_time={"after_": _long_ago()})) > 0


def _of(pool: PoolSlots, **wanted: Any) -> dict[str, Any]:
    return {"work_pools": {"name": {"any_": [pool.name]}}, "flow_runs": wanted}


def _count(ask: Ask, wanted: dict[str, Any]) -> int:
    return int(ask("/flow_runs/count", wanted).raise_for_status().json())


def _long_ago() -> str:
    return (datetime.now(UTC) - LONG).isoformat()


def _unreadable(ask: Ask, pool: PoolSlots) -> tuple[UUID, ...]:
    """Waiting runs that the server cannot tell of, among the first that workers would get."""
    wanted = {
        **_of(pool, state={"type": {"any_": ["SCHEDULED"]}}),
        "sort": "NEXT_SCHEDULED_START_TIME_ASC",
    }
    spans = halving(0, 2 * _ANSWER_RUNS)
    bad: list[Span] = []
    span: Span | None = next(spans)
    while span is not None:
        readable = not ask(
            "/flow_runs/filter", {**wanted, "limit": span.count, "offset": span.offset}
        ).is_server_error
        if not readable and span.count == 1:
            bad.append(span)
        try:
            span = spans.send(readable)
        except StopIteration:
            span = None
    return tuple(_named(ask, wanted, bad))


def _named(ask: Ask, wanted: dict[str, Any], spans: Sequence[Span]) -> list[UUID]:
    found: list[UUID] = []
    for span in spans:
        answer = ask("/ui/flow_runs/history", {**wanted, "limit": 1, "offset": span.offset})
        if answer.is_success:
            found += [run.id for run in _RUNS.validate_json(answer.content)]
    return found
