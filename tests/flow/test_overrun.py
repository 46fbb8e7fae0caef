"""A job that goes on after its time is killed by its worker, and has failed for its time; its endpoint is notified."""

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from prefect import State
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Running

from flows.job import job_flow
from flows.maintenance import MaintenanceOutcome
from tasks.jobs.document import JobStatus
from tasks.jobs.termination import CANCELLATION, Cancellation
from tasks.recovery import overrun
from tasks.recovery.ends import JOB_TAG
from tasks.recovery.overrun import TIME_LIMIT
from tasks.recovery.reconciliation import reconcile
from tests.flow.jobs import run_to_end

URL = "https://hooks.example.org/done"
_DELIVERIES = FlowFilter(name=FlowFilterName(any_=["deliver-webhook"]))


@pytest.fixture
def client() -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as connected:
        yield connected


@pytest.fixture
def jobs(client: SyncPrefectClient) -> Iterator[UUID]:
    """A deployment of jobs and that of deliveries; no worker takes any of their runs."""
    try:
        client.read_work_pool("idle")
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name="idle", type="process"))
    options: dict[str, Any] = {"enforce_parameter_schema": False, "work_pool_name": "idle"}
    made = [
        client.create_deployment(client.create_flow_from_name(name), name=name, tags=tags, **options)
        for name, tags in (("some-job", [JOB_TAG]), ("deliver-webhook", []))
    ]
    yield made[0]
    for deployment in made:
        client.delete_deployment(deployment)


def _running(client: SyncPrefectClient, deployment: UUID) -> FlowRun:
    run = client.create_flow_run_from_deployment(deployment, parameters={"webhook_url": URL})
    client.set_flow_run_state(run.id, Running(), force=True)
    return run


def _state(client: SyncPrefectClient, run: FlowRun) -> State[Any]:
    state = client.read_flow_run(run.id).state
    assert state is not None
    return state


async def test_a_job_that_does_not_end_in_time_is_killed_and_has_failed(
    jobs: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overrun, "_GRACE", -timedelta(seconds=1))
    with get_client(sync_client=True) as client:
        late, in_time, unlimited = (_running(client, jobs) for _ in range(3))
        async with get_client() as there:
            await there.update_flow_run_labels(late.id, {TIME_LIMIT: 0.001})
            await there.update_flow_run_labels(in_time.id, {TIME_LIMIT: 60})
        await reconcile()
        assert _state(client, late).type is StateType.CANCELLING, "its worker kills it"
        assert _state(client, in_time).is_running()
        assert _state(client, unlimited).is_running()
        # The worker's part.
        client.set_flow_run_state(late.id, Cancelled(), force=True)
        for _ in range(2):
            await reconcile()
            state = _state(client, late)
            assert (state.type, state.name) == (StateType.FAILED, "TimedOut")
            assert state.message == (
                "The job took longer than 0.001 minutes, did not end by itself, and was killed."
            )
        messages = [
            run.parameters["message"]
            for run in client.read_flow_runs(
                flow_filter=_DELIVERIES, sort=FlowRunSort.EXPECTED_START_TIME_DESC
            )
            if run.parameters["message"]["jobId"] == str(late.id)
        ]
        assert [(each["status"], each["error"]["code"]) for each in messages] == [("FAILED", "timeout")]
        for run in (in_time, unlimited):
            client.set_flow_run_state(run.id, Cancelled(), force=True)


@job_flow(operation="deaf-job", stages=("work",), envelope=None, time_limit=0.02)
async def deaf_job() -> MaintenanceOutcome:
    """Goes on whatever its own timer says, until its worker cancels it."""
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(60)
    asked, task = CANCELLATION.get(), asyncio.current_task()
    assert asked is not None
    assert task is not None
    asked.asked = True
    task.cancel()
    await asyncio.sleep(60)
    raise AssertionError("nobody has ended it")


async def test_a_job_knows_its_limit_and_says_so_to_whoever_ends_it() -> None:
    CANCELLATION.set(Cancellation())  # as the worker does whose runs are its tasks
    document, _ = await run_to_end(deaf_job)
    assert (document.status, document.error_code) == (JobStatus.FAILED, "timeout")
    assert "took longer than 0.02 minutes" in (document.error or "")
    async with get_client() as client:
        run = await client.read_flow_run(UUID(document.job_id))
    assert run.labels[TIME_LIMIT] == 0.02
