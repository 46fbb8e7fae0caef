"""After a downtime a schedule starts one run; what is submitted has an end where its deployment says so."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from prefect import State
from prefect.client.orchestration import PrefectClient, SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterDeploymentId,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.flow_engine import run_flow
from prefect.states import AwaitingRetry, Pending, Running, Scheduled

from flows.job import job_flow
from flows.maintenance import MaintenanceOutcome
from tasks.errors import InvalidInputError
from tasks.maintenance.report import CleanupReport
from tasks.recovery import backlog, runs
from tasks.recovery.backlog import EXPIRED, SKIPPED, STANDS_FOR, end_backlog
from tasks.recovery.ends import JOB_TAG
from tasks.recovery.reconciliation import reconcile
from tasks.recovery.too_late import check_tags, clock

PILE = 120
URL = "https://hooks.example.org/done"
_DELIVERIES = FlowFilter(name=FlowFilterName(any_=["deliver-webhook"]))
_NONE: dict[str, Any] = {"enforce_parameter_schema": False, "work_pool_name": "idle"}


@pytest.fixture
def client() -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as connected:
        yield connected


@pytest.fixture
def deployments(client: SyncPrefectClient) -> Iterator[list[UUID]]:
    """Made by `_deployment`; no worker takes any of their runs."""
    try:
        client.read_work_pool("idle")
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name="idle", type="process"))
    made: list[UUID] = []
    yield made
    for deployment in made:
        client.delete_deployment(deployment)


def _deployment(client: SyncPrefectClient, made: list[UUID], name: str, *tags: str) -> UUID:
    made.append(
        client.create_deployment(client.create_flow_from_name(name), name=name, tags=list(tags), **_NONE)
    )
    return made[-1]


def _missed(
    client: SyncPrefectClient, deployment: UUID, count: int, *, minutes: int = 1, ago: float = 0.5
) -> None:
    """A schedule, and what it has made while no worker was there; the newest was due `ago` minutes ago or earlier."""
    schedule = IntervalSchedule(
        interval=timedelta(minutes=minutes), anchor_date=datetime.now(UTC) - timedelta(minutes=ago)
    )
    made: Any = [(schedule, True)]
    client.create_deployment_schedules(deployment, made)
    _fall_due(client, deployment, minutes * (count - 0.5) + ago, ago - 0.1)


def _fall_due(client: SyncPrefectClient, deployment: UUID, begin: float, end: float) -> None:
    """What all schedules of the deployment make between so many minutes ago and so many minutes ago."""
    now = datetime.now(UTC)
    body = {
        "start_time": (now - timedelta(minutes=begin)).isoformat(),
        "end_time": (now - timedelta(minutes=end)).isoformat(),
        "min_runs": 1000,
        "max_runs": 1000,
    }
    path: Any = f"/deployments/{deployment}/schedule"
    client.request("POST", path, json=body).raise_for_status()


def _by_state(client: SyncPrefectClient, deployment: UUID, name: str) -> list[FlowRun]:
    return [run for run in _runs(client, deployment) if run.state_name == name]


def _due(run: FlowRun) -> datetime:
    assert run.expected_start_time is not None
    return run.expected_start_time


def _runs(client: SyncPrefectClient, deployment: UUID) -> list[FlowRun]:
    """Those that are due, the oldest first."""
    of_it = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment]))
    found: list[FlowRun] = []
    while page := client.read_flow_runs(
        flow_run_filter=of_it, sort=FlowRunSort.EXPECTED_START_TIME_ASC, limit=200, offset=len(found)
    ):
        found += page
    now = datetime.now(UTC)
    return [run for run in found if run.expected_start_time is not None and run.expected_start_time < now]


def _states(runs: list[FlowRun]) -> dict[str | None, int]:
    return dict(Counter(run.state_name for run in runs))


@contextmanager
def _counted(client: PrefectClient) -> Iterator[list[str]]:
    """The paths of the requests that are made meanwhile."""
    paths: list[str] = []
    send = client._client.send

    async def count(request: Any, *arguments: Any, **options: Any) -> Any:
        paths.append(request.url.path)
        return await send(request, *arguments, **options)

    client._client.send = count  # type: ignore[method-assign]
    yield paths
    client._client.send = send  # type: ignore[method-assign]


async def test_of_many_runs_that_a_downtime_has_left_one_waits(
    deployments: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "PAGE", 50)
    monkeypatch.setattr(runs, "PAGE", 50)
    with get_client(sync_client=True) as client:
        piled = _deployment(client, deployments, "piled", JOB_TAG)
        _missed(client, piled, PILE)
        wanted = _deployment(client, deployments, "wanted", "skip-after:never")
        _missed(client, wanted, 3)
        submitted = client.create_flow_run_from_deployment(piled)
        before = [run for run in _runs(client, piled) if run.auto_scheduled]
        assert _states(before) == {"Scheduled": PILE}
        async with get_client() as there:
            with _counted(there) as paths:
                assert await end_backlog(there, datetime.now(UTC)) == PILE - 1
            assert await end_backlog(there, datetime.now(UTC)) == 0, "what is done is done"
        # Three pages of waiting runs, none of submitted ones, one label, three times fifty ends.
        assert len(paths) <= 9, Counter(paths)
        after = _runs(client, piled)
        assert _states(after) == {SKIPPED: PILE - 1, "Scheduled": 2}
        assert client.read_flow_run(submitted.id).state_name == "Scheduled", "a person has asked for it"
        newest = client.read_flow_run(before[-1].id)
        assert newest.state_name == "Scheduled"
        assert newest.labels[STANDS_FOR] == PILE - 1
        state = after[0].state
        assert state is not None
        assert state.type is StateType.CANCELLED
        assert state.message == (
            f"Not started: the run of this schedule that was due at {clock(_due(newest))} stands for it."
        )
        assert _states(_runs(client, wanted)) == {"Scheduled": 3}


async def test_the_chosen_one_keeps_its_place_and_what_is_too_late_ends(deployments: list[UUID]) -> None:
    with get_client(sync_client=True) as client:
        hourly = _deployment(client, deployments, "hourly", "skip-after:3h")
        _missed(client, hourly, 6, minutes=60, ago=65)
        async with get_client() as there:
            assert await end_backlog(there, datetime.now(UTC)) == 5
        late, chosen = _by_state(client, hourly, SKIPPED), _by_state(client, hourly, "Scheduled")
        assert len(late) == 5, _states(_runs(client, hourly))
        assert len(chosen) == 1
        messages = [run.state.message or "" for run in late if run.state is not None]
        assert sum("it was due more than 3h earlier" in message for message in messages) == 4
        assert sum("stands for it" in message for message in messages) == 1
        # Newer ones fall due while it waits in a long queue; those of another schedule are another pile.
        _fall_due(client, hourly, 10, 0)
        _missed(client, hourly, 3, ago=0.5)
        async with get_client() as there:
            assert await end_backlog(there, datetime.now(UTC)) == 3
        left = _by_state(client, hourly, "Scheduled")
        assert len(left) == 2
        assert chosen[0].id in {run.id for run in left}


async def test_a_submitted_job_that_waits_for_too_long_ends_and_its_endpoint_is_notified(
    deployments: list[UUID],
) -> None:
    with get_client(sync_client=True) as client:
        job = _deployment(client, deployments, "some-job", JOB_TAG, "expire-after:2h")
        _deployment(client, deployments, "deliver-webhook")
        asked = {"webhook_url": URL, "id_roteiro": "r-1"}
        long_ago: State[Any] = Scheduled(scheduled_time=datetime.now(UTC) - timedelta(hours=3))
        old = client.create_flow_run_from_deployment(job, parameters=asked, state=long_ago)
        fresh = client.create_flow_run_from_deployment(job, parameters=asked)
        begun = client.create_flow_run_from_deployment(job, parameters=asked, state=long_ago)
        client.set_flow_run_state(begun.id, Running(), force=True)
        client.set_flow_run_state(begun.id, AwaitingRetry(scheduled_time=datetime.now(UTC)), force=True)
        await reconcile()
        await reconcile()
        assert client.read_flow_run(old.id).state_name == EXPIRED
        assert client.read_flow_run(fresh.id).state_name == "Scheduled"
        assert client.read_flow_run(begun.id).state_name == "AwaitingRetry"
        messages = [
            run.parameters["message"]
            for run in client.read_flow_runs(
                flow_filter=_DELIVERIES, sort=FlowRunSort.EXPECTED_START_TIME_DESC
            )
            if run.parameters["message"]["jobId"] == str(old.id)
        ]
        assert [(message["status"], message["error"]["code"]) for message in messages] == [
            ("FAILED", "too_late")
        ]
        assert "waited more than 2h" in messages[0]["error"]["message"]


@job_flow(operation="scheduled-job", stages=("work",), envelope=None)
async def scheduled_job() -> MaintenanceOutcome:
    """Does nothing."""
    return MaintenanceOutcome(result=CleanupReport(dry_run=True, removed=()))


async def _run(run: FlowRun) -> State[Any]:
    """As a worker does it: in a process of its own with this run."""
    running: Any = run_flow(scheduled_job, flow_run=run, return_type="state")
    state: State[Any] = await running
    return state


async def test_the_first_of_a_pile_that_a_worker_starts_stands_for_all(deployments: list[UUID]) -> None:
    with get_client(sync_client=True) as client:
        deployment = _deployment(client, deployments, "scheduled-job", JOB_TAG, "skip-after:2h")
        _missed(client, deployment, 5)
        first, second, *waiting = _runs(client, deployment)
        # A worker with two free slots has taken two before anybody could look.
        client.set_flow_run_state(first.id, Pending(), force=True)
        client.set_flow_run_state(second.id, Pending(), force=True)
        aside = await _run(client.read_flow_run(second.id))
        assert (aside.type, aside.name) == (StateType.CANCELLED, SKIPPED)
        assert "is still at work" in (aside.message or "")
        assert (await _run(client.read_flow_run(first.id))).is_completed()
        assert {client.read_flow_run(run.id).state_name for run in waiting} == {SKIPPED}

        # On time, and the one before has ended: it runs.
        _missed(client, deployment, 1)
        [on_time] = _by_state(client, deployment, "Scheduled")
        assert (await _run(on_time)).is_completed()


async def test_a_scheduled_run_that_starts_too_late_ends_at_once(deployments: list[UUID]) -> None:
    with get_client(sync_client=True) as client:
        deployment = _deployment(client, deployments, "scheduled-job", JOB_TAG, "skip-after:15m")
        _missed(client, deployment, 2, minutes=60)
        old = _runs(client, deployment)[0]
        state = await _run(old)
        assert state.name == SKIPPED
        assert state.message == f"Not started: due at {clock(_due(old))}, more than 15m late."


def test_a_tag_without_an_effect_is_refused() -> None:
    check_tags(["skip-after:2h", "skip-after:never", "expire-after:7d", "video"])
    for wrong in ("skip-after:5h", "skip-after: 2h", "expire-after:never"):
        with pytest.raises(InvalidInputError, match=r"has no effect\. Write .* one of 15m"):
            check_tags([wrong])
