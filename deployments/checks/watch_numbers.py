"""Numbers of what somebody on call watches: how long jobs wait and last, slots that nobody uses, signs of life.

Each is one cheap question to the server, or one for each pool. An age is in seconds.
"""

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort
from prometheus_client.core import GaugeMetricFamily, Metric
from pydantic import BaseModel, TypeAdapter, ValidationError

from deployments.server.automations import END_JOBS
from tasks.recovery.runs import PAGE, read_page_sync
from tasks.webhooks.endpoint import TAG, Endpoint

LOOKED_BACK = timedelta(hours=1)
"""For signs of life; where there is none, it is said to be as old as this."""

_ACTIVE = ["PENDING", "RUNNING", "CANCELLING"]
_BEGUN = {"type": {"not_any_": ["SCHEDULED", "PENDING"]}}
"""Of a run that has not begun, the server takes the time when it should."""
_HISTORY: Any = "/ui/flow_runs/history"
_LIMITS_OF_ALL: Any = "/v2/concurrency_limits/filter"
_OF_DEPLOYMENTS = "deployment:"
"""How Prefect names the limit of a deployment, before its id."""


class _Moment(BaseModel):
    timestamp: datetime
    """When a run began; of one that has not, when it should."""


class _Limit(BaseModel):
    name: str
    active_slots: int = 0


_MOMENTS = TypeAdapter(list[_Moment])
_LIMITS = TypeAdapter(list[_Limit])


def waits(client: SyncPrefectClient) -> Iterator[Metric]:
    """How long the oldest job of each pool is due, pending or running; 0 where there is none."""
    due = _family("pool_oldest_due_seconds", "How long the job of a pool is due that waits longest.", "pool")
    longest = _family(
        "pool_longest_seconds",
        "How long the oldest of a pool's jobs is pending, or running.",
        "pool",
        "status",
    )
    now = datetime.now(UTC)
    pending = _pending(client, now)
    for pool in client.read_work_pools():
        wanted = {
            "state": {"type": {"any_": ["SCHEDULED"]}},
            "next_scheduled_start_time": {"before_": now.isoformat()},
        }
        due.add_metric([pool.name], _age(client, pool.name, wanted, FlowRunSort.EXPECTED_START_TIME_ASC))
        longest.add_metric([pool.name, "pending"], pending.get(pool.name, 0.0))
        running = {"state": {"type": {"any_": ["RUNNING"]}}}
        longest.add_metric(
            [pool.name, "running"], _age(client, pool.name, running, FlowRunSort.START_TIME_ASC)
        )
    yield due
    yield longest


def slots(client: SyncPrefectClient) -> Iterator[Metric]:
    """Slots of concurrency limits that are held while no run could hold them."""
    unused = _family(
        "slots_without_a_run", "Slots of limits that are held though no run holds them.", "limit"
    )
    answer = client.request("POST", _LIMITS_OF_ALL, json={"limit": PAGE})
    idle: Counter[str] = Counter({"deployment": 0})
    others: Counter[str] = Counter()
    for limit in _LIMITS.validate_json(answer.content):
        if not limit.name.startswith(_OF_DEPLOYMENTS):
            # What follows may name an endpoint.
            others[limit.name.partition(":")[0]] += limit.active_slots
        elif limit.active_slots:
            deployment = limit.name.removeprefix(_OF_DEPLOYMENTS)
            active = _active(client, deployments={"id": {"any_": [str(UUID(deployment))]}})
            idle["deployment"] += max(0, limit.active_slots - active)
    # Whose the others are is not known: too many are held only if all runs together are fewer.
    runs = _active(client) if others.total() else 0
    for kind, held in others.items():
        idle[kind] += max(0, held - runs)
    for kind, number in idle.items():
        unused.add_metric([kind], number)
    yield unused


def signs_of_life(client: SyncPrefectClient) -> Iterator[Metric]:
    """Ages of what comes every minute as long as the background services of the server work."""
    now = datetime.now(UTC)
    yield GaugeMetricFamily(
        "contraponto_last_event_seconds",
        "Age of the newest event that the server has stored, at most an hour.",
        value=_since(now, _newest_event(client, now)),
    )
    yield GaugeMetricFamily(
        "contraponto_end_jobs_seconds",
        "Time since `end-jobs`, which runs every minute, began last, at most an hour.",
        value=_since(now, _newest_end_jobs(client, now)),
    )


def endpoints(client: SyncPrefectClient) -> Iterator[Metric]:
    """Endpoints of webhooks that are not in order."""
    found = _family("endpoints", "Endpoints of webhooks that fail, and that get nothing any more.", "state")
    counts: Counter[str] = Counter({"failing": 0, "paused": 0})
    wanted = {"variables": {"tags": {"all_": [TAG]}}, "limit": PAGE}
    for variable in client.request("POST", "/variables/filter", json=wanted).json():
        try:
            endpoint = Endpoint.model_validate(variable["value"])
        except ValidationError:
            continue  # edited by hand
        counts["paused" if endpoint.paused else "failing"] += 1
    for state, number in counts.items():
        found.add_metric([state], number)
    yield found


def disk_numbers(home: Path) -> Iterator[Metric]:
    """The disk of this machine that the data lie on."""
    if not home.exists():
        return
    usage = shutil.disk_usage(home)
    yield GaugeMetricFamily(
        "contraponto_home_size_bytes",
        "Size of the disk that holds CONTRAPONTO_HOME.",
        value=float(usage.total),
    )
    yield GaugeMetricFamily(
        "contraponto_home_free_bytes", "What is free of it for an ordinary user.", value=float(usage.free)
    )


def _pending(client: SyncPrefectClient, now: datetime) -> dict[str, float]:
    """By pool. A state knows since when it is in force; `read_page_sync` passes over what cannot be read."""
    wanted = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PENDING])))
    ages: dict[str, float] = {}
    page = read_page_sync(
        client, flow_run_filter=wanted, sort=FlowRunSort.EXPECTED_START_TIME_ASC, limit=PAGE, offset=0
    )
    for run in page.runs:
        if run.work_pool_name and run.state:
            age = _since(now, run.state.timestamp, most=None)
            ages[run.work_pool_name] = max(age, ages.get(run.work_pool_name, 0.0))
    return ages


def _age(client: SyncPrefectClient, pool: str, runs: dict[str, Any], sort: FlowRunSort) -> float:
    """Of the first of these runs of a pool. Asked so that what a run holds, which may be unreadable, is not told."""
    wanted = {
        "work_pools": {"name": {"any_": [pool]}},
        "flow_runs": runs,
        "sort": sort.value,
        "limit": 1,
    }
    found = _history(client, wanted)
    return _since(datetime.now(UTC), found[0].timestamp, most=None) if found else 0.0


def _active(client: SyncPrefectClient, **filters: Any) -> int:
    wanted = {"flow_runs": {"state": {"type": {"any_": _ACTIVE}}}, **filters}
    return int(client.request("POST", "/flow_runs/count", json=wanted).json())


def _newest_event(client: SyncPrefectClient, now: datetime) -> datetime | None:
    occurred = {"since": (now - LOOKED_BACK).isoformat(), "until": now.isoformat()}
    wanted = {"filter": {"occurred": occurred, "order": "DESC"}, "limit": 1}
    events = client.request("POST", "/events/filter", json=wanted).json()["events"]
    return datetime.fromisoformat(events[0]["occurred"]) if events else None


def _newest_end_jobs(client: SyncPrefectClient, now: datetime) -> datetime | None:
    wanted = {
        "flows": {"name": {"any_": [END_JOBS.partition("/")[0]]}},
        "flow_runs": {"start_time": {"after_": (now - LOOKED_BACK).isoformat()}, "state": _BEGUN},
        "sort": FlowRunSort.START_TIME_DESC.value,
        "limit": 1,
    }
    found = _history(client, wanted)
    return found[0].timestamp if found else None


def _history(client: SyncPrefectClient, wanted: dict[str, Any]) -> list[_Moment]:
    answer = client.request("POST", _HISTORY, json=wanted)
    return _MOMENTS.validate_json(answer.content)


def _since(now: datetime, moment: datetime | None, *, most: timedelta | None = LOOKED_BACK) -> float:
    if moment is None:
        return LOOKED_BACK.total_seconds()
    seconds = max(0.0, (now - moment).total_seconds())
    return min(seconds, most.total_seconds()) if most else seconds


def _family(name: str, help_text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"contraponto_{name}", help_text, labels=labels)
