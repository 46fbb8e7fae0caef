"""Ends that no process of the job was there to report, and what becomes of messages about them."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect import State, task
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.events.actions import DoNothing
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.exceptions import ObjectNotFound
from prefect.states import AwaitingRetry, Completed, Crashed, Failed, Pending, Running, Scheduled
from prefect.variables import Variable

from deployments.client.cancel import cancel_job
from deployments.client.dead_letters import list_dead_letters, read_dead_letter, replay
from deployments.server.automations import ensure_automations
from flows import notifications
from tasks.errors import InvalidInputError
from tasks.jobs.slots import slot
from tasks.recovery import ends, lost, reconciliation, runs
from tasks.recovery.ends import JOB_TAG, RESTARTS
from tasks.recovery.reconciliation import reconcile
from tasks.webhooks.endpoints import failing_endpoint, note_failure

URL = "https://user:geheim@hooks.example.org:8443/done?token=geheim"


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
    made = [
        client.create_deployment(
            client.create_flow_from_name(name), name=name, tags=tags, work_pool_name="idle", **_OPEN
        )
        for name, tags in (("some-job", [JOB_TAG]), ("deliver-webhook", []))
    ]
    yield made[0]
    for deployment in made:
        client.delete_deployment(deployment)


_DELIVERIES = FlowFilter(name=FlowFilterName(any_=["deliver-webhook"]))
_OPEN: dict[str, Any] = {"enforce_parameter_schema": False}


def _submit(client: SyncPrefectClient, deployment: UUID) -> FlowRun:
    return client.create_flow_run_from_deployment(
        deployment,
        parameters={"webhook_url": URL, "id_roteiro": "r-1", "metadata": {"pedido": 42}},
        state=Scheduled(scheduled_time=datetime.now(UTC) + timedelta(hours=1)),
    )


def _deliveries(client: SyncPrefectClient, job: FlowRun) -> list[FlowRun]:
    return [
        run
        for run in client.read_flow_runs(sort=FlowRunSort.EXPECTED_START_TIME_DESC, flow_filter=_DELIVERIES)
        if run.parameters.get("message", {}).get("jobId") == str(job.id)
    ]


def test_the_end_of_a_job_cancelled_in_its_queue_is_notified_once(
    client: SyncPrefectClient, jobs: UUID
) -> None:
    job = _submit(client, jobs)
    assert cancel_job(client, job.id)
    assert not cancel_job(client, job.id)
    [delivery] = _deliveries(client, job)
    message = delivery.parameters["message"]
    assert (message["status"], message["operation"], message["error"]["code"]) == (
        "CANCELLED",
        "some-job",
        "cancelled",
    )
    assert (message["idRoteiro"], message["metadata"]) == ("r-1", {"pedido": 42})


def test_a_job_cancelled_while_it_waits_for_its_next_try_is_notified_of_once(
    client: SyncPrefectClient, jobs: UUID
) -> None:
    job = _submit(client, jobs)
    later = datetime.now(UTC) + timedelta(hours=1)
    client.set_flow_run_state(job.id, Running(), force=True)
    client.set_flow_run_state(job.id, AwaitingRetry(scheduled_time=later), force=True)
    assert cancel_job(client, job.id)
    state = client.read_flow_run(job.id).state
    assert state is not None
    assert state.is_cancelled()
    [delivery] = _deliveries(client, job)
    assert delivery.parameters["message"]["status"] == "CANCELLED"


async def test_a_lost_job_is_restarted_once_and_its_endpoint_is_then_notified(jobs: UUID) -> None:
    with get_client(sync_client=True) as client:
        job = _submit(client, jobs)
        for start in (1, 2):
            client.set_flow_run_state(job.id, Crashed(message="The machine is gone."), force=True)
            await reconcile()
            run = client.read_flow_run(job.id)
            assert run.labels[RESTARTS] == 1
            assert run.state is not None
            assert run.state.is_scheduled() == (start == 1)
            assert len(_deliveries(client, job)) == start - 1
        await reconcile()
        [delivery] = _deliveries(client, job)
        assert delivery.parameters["message"]["error"]["code"] == "crashed"


async def test_a_job_that_an_earlier_version_has_restarted_is_not_restarted_once_more(jobs: UUID) -> None:
    with get_client(sync_client=True) as client:
        job = _submit(client, jobs)
        async with get_client() as there:
            await there.update_flow_run_labels(job.id, {"contraponto.crashes": 1})
        client.set_flow_run_state(job.id, Crashed(message="The machine is gone."), force=True)
        await reconcile()
        assert _state_of(client, job).is_crashed()
        assert len(_deliveries(client, job)) == 1


async def test_a_job_that_a_worker_took_and_never_started_is_restarted_though_no_event_says_so(
    jobs: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    with get_client(sync_client=True) as client:
        job = _submit(client, jobs)
        client.set_flow_run_state(job.id, Pending(), force=True)
        await reconcile()
        assert _state_of(client, job).is_pending(), "it has only just been taken"
        monkeypatch.setattr(lost, "PENDING_PROCESS", timedelta())
        await reconcile()
        assert _state_of(client, job).is_scheduled()
        assert client.read_flow_run(job.id).labels[RESTARTS] == 1
        client.set_flow_run_state(job.id, Pending(), force=True)
        await reconcile()
        assert _state_of(client, job).is_crashed()
        [delivery] = _deliveries(client, job)
        assert delivery.parameters["message"]["error"]["code"] == "crashed"


async def test_a_lost_run_that_starts_after_all_goes_on(jobs: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowded machine starts it between the look and the end: it must not run twice."""
    monkeypatch.setattr(lost, "PENDING_PROCESS", timedelta())
    read = runs.read_page
    with get_client(sync_client=True) as client:
        job = _submit(client, jobs)
        client.set_flow_run_state(job.id, Pending(), force=True)

        async def read_and_start(*arguments: Any, **named: Any) -> runs.RunPage:
            page = await read(*arguments, **named)
            client.set_flow_run_state(job.id, Running(), force=True)
            return page

        monkeypatch.setattr(lost, "read_page", read_and_start)
        async with get_client() as connected:
            assert await lost.crash_pending(connected, datetime.now(UTC)) == 0
        assert _state_of(client, job).is_running()


@pytest.mark.parametrize("kept", ["2099-01-01T00:00:00+00:00", "yesterday", 7, "2026-01-01T00:00:00"])
async def test_ends_are_noticed_whatever_was_kept_of_the_last_time(
    client: SyncPrefectClient, jobs: UUID, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock was ahead for a while, or somebody has edited the variable."""
    monkeypatch.setattr(reconciliation, "_RECONCILED_UNTIL", "until_odd")
    await Variable.aset("until_odd", kept, overwrite=True)
    job = _submit(client, jobs)
    client.set_flow_run_state(job.id, Failed(message="No."), force=True)
    await reconcile()
    assert len(_deliveries(client, job)) == 1


def test_a_delivery_that_was_killed_before_its_first_heartbeat_is_restarted(
    client: SyncPrefectClient, jobs: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = _submit(client, jobs)
    cancel_job(client, job.id)
    [delivery] = _deliveries(client, job)
    client.set_flow_run_state(delivery.id, Running(), force=True)
    client.set_flow_run_state(job.id, Running(), force=True)
    asyncio.run(reconcile())
    assert _state_of(client, delivery).is_running(), "an endpoint may take its time"
    monkeypatch.setattr(lost, "_DELIVERING", -timedelta(days=1))
    asyncio.run(reconcile())
    assert _state_of(client, delivery).is_scheduled()
    assert client.read_flow_run(delivery.id).labels[RESTARTS] == 1
    assert _state_of(client, job).is_running(), "a job may take longer"


async def test_an_endpoint_that_does_not_answer_keeps_no_other_waiting(
    jobs: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no delivery can be started, ends are sent from here: each of these waits until the other is sent, too."""
    both = asyncio.Barrier(2)

    async def sent_together(*_: Any) -> None:
        async with asyncio.timeout(5):
            await both.wait()

    monkeypatch.setattr(ends, "notify", sent_together)
    monkeypatch.setattr(reconciliation, "_RECONCILED_UNTIL", "until_together")
    with get_client(sync_client=True) as client:
        mine = [_submit(client, jobs) for _ in range(2)]
        for job in mine:
            client.set_flow_run_state(job.id, Failed(message="It could not say."), force=True)
        wanted = {job.id for job in mine}
        read = reconciliation._unnotified

        async def only_mine(*arguments: Any) -> list[FlowRun]:
            return [run for run in await read(*arguments) if run.id in wanted]

        monkeypatch.setattr(reconciliation, "_unnotified", only_mine)
        assert (await reconcile()).notified == 2


async def test_ends_children_and_lost_deliveries_are_read_beyond_the_first_page(
    jobs: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (lost, reconciliation, runs):
        monkeypatch.setattr(module, "PAGE", 2)
    with get_client(sync_client=True) as client:
        parent, *others = (_submit(client, jobs) for _ in range(5))
        async with get_client() as there:
            beginning = await there.create_task_run(task(reconcile), parent.id, dynamic_key="children")
        children = [
            client.create_flow_run_from_deployment(jobs, parent_task_run_id=beginning.id) for _ in range(5)
        ]
        for job in (parent, *others):
            client.set_flow_run_state(job.id, Failed(message="It could not say."), force=True)
        await reconcile()
        deliveries = [_deliveries(client, job) for job in (parent, *others)]
        assert [len(each) for each in deliveries] == [1] * 5
        assert [_state_of(client, child).type for child in children] == [StateType.CANCELLED] * 5

        for [delivery] in deliveries:
            client.set_flow_run_state(delivery.id, Crashed(message="The machine is gone."), force=True)
        await reconcile()
        assert all(_state_of(client, delivery).is_scheduled() for [delivery] in deliveries)


def _state_of(client: SyncPrefectClient, job: FlowRun) -> State[Any]:
    state = client.read_flow_run(job.id).state
    assert state is not None
    return state


def test_a_dead_letter_is_replayed_once(client: SyncPrefectClient, jobs: UUID) -> None:
    job = _submit(client, jobs)
    cancel_job(client, job.id)
    [delivery] = _deliveries(client, job)
    with pytest.raises(InvalidInputError, match="not a delivery that failed"):
        replay(client, delivery.id)
    client.set_flow_run_state(delivery.id, Failed(message="Not delivered."), force=True)

    [letter] = list_dead_letters(client, endpoint="hooks.example.org:8443")
    assert letter.id == delivery.id
    assert "geheim" not in letter.model_dump_json()
    assert list_dead_letters(client, endpoint="Hooks.Example.org") == [letter], "as people write hosts"
    assert list_dead_letters(client, endpoint="other.example.org") == []
    assert list_dead_letters(client, since=datetime.now(UTC) + timedelta(minutes=1)) == []

    url = delivery.parameters["url"]
    asyncio.run(note_failure(url, "HTTP 410", gone=True, pause_after=timedelta(days=3)))
    assert asyncio.run(failing_endpoint(url))
    again = replay(client, letter.id)
    assert asyncio.run(failing_endpoint(url)) is None, "whoever replays has mended it"
    assert replay(client, letter.id) == again
    assert client.read_flow_run(again).parameters == delivery.parameters
    assert list_dead_letters(client) == []
    assert read_dead_letter(client, letter.id).replayed

    assert delivery.deployment_id is not None
    empty = client.create_flow_run_from_deployment(delivery.deployment_id, parameters={})
    client.set_flow_run_state(empty.id, Failed(message="It lacks all that it needs."), force=True)
    with pytest.raises(InvalidInputError, match="holds no message that could be delivered"):
        replay(client, empty.id)


async def test_a_job_that_was_removed_meanwhile_is_not_notified_of_again(
    client: SyncPrefectClient, jobs: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a clean-up: the messages about its end have gone with it."""
    job = _submit(client, jobs)
    client.set_flow_run_state(job.id, Running(), force=True)
    client.set_flow_run_state(job.id, Failed(message="Once."), force=True)
    find = reconciliation._unnotified

    async def found_and_removed(*given: Any) -> list[FlowRun]:
        found = await find(*given)
        assert job.id in {run.id for run in found}
        client.delete_flow_run(job.id)
        return found

    monkeypatch.setattr(reconciliation, "_unnotified", found_and_removed)
    assert (await reconcile()).failed == 0
    assert _deliveries(client, job) == []


def test_automations_are_made_once(client: SyncPrefectClient) -> None:
    earlier = "contraponto: a process that stays pending has crashed"
    waits_for_an_event = EventTrigger(
        after={"prefect.flow-run.Pending"},
        posture=Posture.Proactive,
        threshold=1,
        within=timedelta(minutes=3),
    )
    client.create_automation(AutomationCore(name=earlier, trigger=waits_for_an_event, actions=[DoNothing()]))
    names = []
    for _ in range(2):
        ensure_automations(client)
        names.append(
            {
                name: [found.id for found in client.read_automations_by_name(name)]
                for name in ("contraponto: a run that falls silent has crashed", earlier)
            }
        )
    assert names[0] == names[1]
    assert [len(ids) for ids in names[0].values()] == [1, 0]


@pytest.fixture
def nothing_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests have left behind is not looked at, and nobody is waited for.

    Not what has ended since another test with this fixture, either: its deliveries have lost their deployment, and
    would be tried here, one after the other, for twenty seconds each.
    """
    monkeypatch.setattr(notifications, "_WAIT_SECONDS", 0.0)
    monkeypatch.setattr(reconciliation, "_RECONCILED_UNTIL", f"until_{uuid4().hex}")
    monkeypatch.setattr(reconciliation, "_FIRST_TIME", timedelta(0))
    monkeypatch.setattr(reconciliation, "_OVERLAP", timedelta(0))


@pytest.mark.usefixtures("nothing_to_end")
async def test_one_end_jobs_works_at_a_time(client: SyncPrefectClient) -> None:
    other = client.create_flow_run(notifications.end_jobs, state=Running())
    async with slot("end-jobs", 1, wait=0.0, lease=60):
        second = await notifications.end_jobs(return_state=True)
        client.set_flow_run_state(other.id, Completed(), force=True)
    third = await notifications.end_jobs(return_state=True)
    assert second.message == "Another run is at it."
    assert str(third.message).endswith(" left")


@pytest.mark.usefixtures("nothing_to_end")
async def test_end_jobs_works_though_the_lease_of_its_slot_was_lost(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a loss of Redis. A run whose process is gone with it holds nothing after a while."""
    gone = client.create_flow_run(notifications.end_jobs, state=Running())
    async with slot("end-jobs", 1, wait=0.0, lease=60):
        pass
    client.increment_concurrency_slots(names=["end-jobs"], slots=1, mode="concurrency")
    first = await notifications.end_jobs(return_state=True)
    monkeypatch.setattr(notifications, "_LONGEST", timedelta(0))
    second = await notifications.end_jobs(return_state=True)
    client.set_flow_run_state(gone.id, Crashed(), force=True)
    third = await notifications.end_jobs(return_state=True)
    assert first.message == "Another run is at it."
    for done in (second, third):
        assert str(done.message).endswith(" left")
