"""Poison in the store: what cannot be told is set aside, and everything else goes on."""

import asyncio
import contextlib
import functools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectAlreadyExists, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Failed, Pending, Running, Scheduled
from pydantic import BaseModel

from deployments.checks.check import Check, State
from deployments.checks.metrics import as_text, registry
from deployments.checks.pools import pools
from deployments.checks.queue_watch import LONG
from deployments.client.cancel import cancel_job
from deployments.client.dead_letters import list_dead_letters, replay
from deployments.client.overview import list_jobs
from flows.job import job_flow
from flows.notifications import deliver_webhook
from tasks.jobs.document import JobStatus
from tasks.jobs.unreadable import MOST_LEVELS, UNREADABLE
from tasks.maintenance.runs import remove_runs
from tasks.recovery import reconciliation
from tasks.recovery.ends import JOB_TAG
from tasks.recovery.reconciliation import reconcile
from tasks.webhooks import notify as notification
from tasks.webhooks.message import message_id
from tasks.webhooks.notify import DELIVERY
from tests.flow.conftest import Configure
from tests.flow.jobs import end_of, id_of
from tests.flow.poison import ServedApplication, nested, plain, submit_poison
from tests.servers.endpoint import Answer, WebhookEndpoint
from tests.waiting import wait_until

_OPEN: dict[str, Any] = {"enforce_parameter_schema": False}
_DELIVERIES = FlowFilter(name=FlowFilterName(any_=["deliver-webhook"]))


class Outcome(BaseModel):
    result: dict[str, str] = {"made": "it"}


@job_flow(operation="poisoned-work", stages=())
async def work() -> Outcome:
    """A job that does nothing."""
    return Outcome()


@pytest.fixture(autouse=True)
def settings(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(allowed_private_hosts="127.0.0.1", webhook_retry_delays="0")
    # Not what other tests have left behind.
    monkeypatch.setattr(reconciliation, "_RECONCILED_UNTIL", f"until_{datetime.now(UTC):%H%M%S%f}")
    monkeypatch.setattr(reconciliation, "_FIRST_TIME", timedelta(minutes=1))


@pytest.fixture
def client() -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as connected:
        yield connected


def deploy(client: SyncPrefectClient, name: str, *, pool: str = "poisoned", **options: Any) -> UUID:
    with contextlib.suppress(ObjectAlreadyExists):
        client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
    return client.create_deployment(
        client.create_flow_from_name(name), name=name, work_pool_name=pool, **{**_OPEN, **options}
    )


@pytest.fixture
def jobs(client: SyncPrefectClient) -> Iterator[UUID]:
    """A deployment of jobs and that of deliveries; no worker takes any of their runs."""
    made = [deploy(client, "poisoned-work", tags=[JOB_TAG]), deploy(client, "deliver-webhook")]
    yield made[0]
    for deployment in made:
        client.delete_deployment(deployment)


@pytest.fixture
def poison(client: SyncPrefectClient, jobs: UUID, endpoint: WebhookEndpoint) -> Iterator[UUID]:
    """A stored run that this plain server cannot tell of."""
    run = submit_poison(client, jobs, webhook_url=endpoint.url)
    with pytest.raises(PrefectHTTPStatusError, match="500"):
        client.read_flow_run(run)
    yield run
    with plain(client) as raw:
        raw.delete(f"/flow_runs/{run}")


def failed(client: SyncPrefectClient, jobs: UUID, **parameters: Any) -> FlowRun:
    run = client.create_flow_run_from_deployment(
        jobs, parameters=parameters, state=Scheduled(scheduled_time=datetime.now(UTC) + timedelta(hours=1))
    )
    client.set_flow_run_state(run.id, Failed(message="It could not say."), force=True)
    return run


def deliveries(client: SyncPrefectClient, job: FlowRun) -> list[FlowRun]:
    return [
        run
        for run in client.read_flow_runs(sort=FlowRunSort.EXPECTED_START_TIME_DESC, flow_filter=_DELIVERIES)
        if run.parameters.get("message", {}).get("jobId") == str(job.id)
    ]


# --- A plain server, which cannot tell of what it has stored --------------------------------------------------


def test_others_are_listed_and_the_one_is_named(client: SyncPrefectClient, jobs: UUID, poison: UUID) -> None:
    others = [failed(client, jobs).id for _ in range(5)]
    lines = {line.job_id: line for line in list_jobs(client, ["poisoned-work"])}
    assert set(others) < set(lines)
    assert f"contraponto cancel {poison}" in str(lines[poison].error)


async def test_ends_of_others_are_notified(jobs: UUID, poison: UUID, endpoint: WebhookEndpoint) -> None:
    with get_client(sync_client=True) as client:
        others = [failed(client, jobs, webhook_url=endpoint.url) for _ in range(2)]
        client.set_flow_run_state(poison, Failed(message="No."), force=True)
        others += [failed(client, jobs, webhook_url=endpoint.url) for _ in range(2)]
        assert (await reconcile()).failed == 0
        assert [len(deliveries(client, job)) for job in others] == [1] * len(others)


async def test_a_delivery_that_nobody_can_be_told_of_stops_no_other(
    jobs: UUID, endpoint: WebhookEndpoint
) -> None:
    """Whoever may submit a job may submit a delivery, with the key of another one's message."""
    with get_client(sync_client=True) as client:
        first, second = (failed(client, jobs, webhook_url=endpoint.url) for _ in range(2))
        deployment = client.read_deployment_by_name(DELIVERY).id
        key = message_id(str(first.id), "failed")
        body = {"parameters": {"message": nested(300)}, "idempotency_key": key, "name": key}
        with plain(client) as raw:
            raw.post(f"/deployments/{deployment}/create_flow_run", content=json.dumps(body))
            named = {"flow_runs": {"name": {"any_": [key]}}}
            [bad] = raw.post("/ui/flow_runs/history", json=named).json()
            done = await reconcile()
            raw.delete(f"/flow_runs/{bad['id']}")
        assert done.failed == 0
        assert len(deliveries(client, second)) == 1
        assert [received.headers["webhook-id"] for received in endpoint.received] == [key], "sent from here"


def test_it_is_ended_by_a_command(client: SyncPrefectClient, poison: UUID) -> None:
    assert cancel_job(client, poison)
    [line] = [line for line in list_jobs(client, ["poisoned-work"]) if line.job_id == poison]
    assert line.status is JobStatus.CANCELLED


async def test_it_goes_with_the_next_clean_up(jobs: UUID, poison: UUID) -> None:
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(poison, Failed(message="No."), force=True)
        other = failed(client, jobs)
        removed = {
            found.what: found.count
            for found in await remove_runs(timedelta(0), undelivered=False, dry_run=False)
        }
        assert removed["runs"] >= 2
        assert "runs left" not in removed
        with plain(client) as raw:
            assert [raw.get(f"/flow_runs/{run}").status_code for run in (poison, other.id)] == [404, 404]


def pool_of(client: SyncPrefectClient, name: str = "poisoned") -> Check:
    with plain(client) as raw:
        [found] = [check for check in pools(raw, is_here=False) if check.subject == f"pool {name}"]
    return found


def test_health_names_what_holds_a_pool_up(client: SyncPrefectClient, poison: UUID) -> None:
    client.send_worker_heartbeat("poisoned", "one", 60)
    found = pool_of(client)
    assert found.state is State.DOWN
    assert found.fix == f"contraponto cancel {poison}"
    cancel_job(client, poison)
    assert pool_of(client).state is State.HEALTHY


def test_health_sees_a_queue_that_does_not_move(client: SyncPrefectClient) -> None:
    jobs = deploy(client, "waiting-work", pool="waiting")
    client.send_worker_heartbeat("waiting", "one", 60)
    now = datetime.now(UTC)
    for due in (now + timedelta(hours=1), now):
        client.create_flow_run_from_deployment(jobs, state=Scheduled(scheduled_time=due))
        assert pool_of(client, "waiting").state is State.HEALTHY, "not due, or only just"
    waits = client.create_flow_run_from_deployment(jobs, state=Scheduled(scheduled_time=now - 2 * LONG))
    found = pool_of(client, "waiting")
    assert found.state is State.DEGRADED
    assert f"{waits.id} for one" in found.remark
    numbers = as_text(registry(lambda: get_client(sync_client=True), [], None))
    assert 'contraponto_pool_still{pool="waiting"} 1.0' in numbers
    assert "contraponto_collect_errors 0.0" in numbers
    client.update_work_pool("waiting", WorkPoolUpdate(concurrency_limit=1))
    other = client.create_flow_run_from_deployment(jobs)
    client.set_flow_run_state(other.id, Pending(), force=True)
    assert pool_of(client, "waiting").state is State.HEALTHY, "every slot is taken"
    client.update_work_pool("waiting", WorkPoolUpdate(concurrency_limit=2))
    assert pool_of(client, "waiting").state is State.DEGRADED
    client.set_flow_run_state(other.id, Running(), force=True)
    assert pool_of(client, "waiting").state is State.HEALTHY, "one has begun"
    client.delete_work_pool("waiting")


# --- Documents and messages -----------------------------------------------------------------------------------


async def test_what_is_nested_too_deep_ends_a_job_with_a_sentence_and_its_endpoint_is_told(
    endpoint: WebhookEndpoint,
) -> None:
    state = await end_of(work, metadata=nested(MOST_LEVELS + 1), webhook_url=endpoint.url)
    assert state.message == (
        f'The parameter "metadata" is nested deeper than {MOST_LEVELS} levels. Send it flatter, or as one text.'
    )
    [received] = endpoint.received
    assert b'"code":"invalid_input"' in received.body


async def test_a_document_that_the_server_refuses_ends_the_job_with_a_sentence(
    endpoint: WebhookEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A value that a plain server stores and cannot tell: the answer to its artifact is an error.
    monkeypatch.setattr(Outcome, "model_dump", lambda *_, **__: {"result": nested(300)})
    state = await end_of(work, webhook_url=endpoint.url)
    assert state.is_failed()
    assert str(state.message).startswith("The job's document cannot be kept: ")
    [received] = endpoint.received
    assert b'"status":"FAILED"' in received.body
    await asyncio.to_thread(_is_read, id_of(state))


def _is_read(job: UUID) -> None:
    with get_client(sync_client=True) as client:
        [line] = [line for line in list_jobs(client, ["poisoned-work"]) if line.job_id == job]
        assert line.status is JobStatus.FAILED


async def test_a_job_whose_document_is_none_gets_its_end(jobs: UUID, endpoint: WebhookEndpoint) -> None:
    with get_client(sync_client=True) as client:
        job = failed(client, jobs, webhook_url=endpoint.url, id_roteiro=34, metadata=["no", "object"])
        async with get_client() as there:
            await there.create_artifact(
                ArtifactCreate(key="result", type="json", data={"nonsense": 1}, flow_run_id=job.id)
            )
        assert (await reconcile()).failed == 0
        [delivery] = deliveries(client, job)
        assert delivery.parameters["message"]["error"]["message"] == "It could not say."


async def test_a_long_message_has_one_delivery_and_arrives_in_full(
    jobs: UUID, endpoint: WebhookEndpoint
) -> None:
    long = {"text": "ç" * 80_000}
    with get_client(sync_client=True) as client:
        job = failed(client, jobs, webhook_url=endpoint.url, metadata=long, id_roteiro="r-1")
        for _ in range(3):
            await reconcile()
        [delivery] = deliveries(client, job)
        assert len(str(delivery.parameters)) < 1000
        endpoint.answers = [Answer(500), Answer(500), Answer(200)]
        dead = await deliver_webhook(**delivery.parameters, return_state=True)
        assert dead.is_failed()
        client.set_flow_run_state(delivery.id, Failed(message="Not delivered."), force=True)
        [letter] = [letter for letter in list_dead_letters(client) if letter.id == delivery.id]
        assert letter.message.job_id == str(job.id)

        await remove_runs(timedelta(0), undelivered=False, dry_run=False)
        again = client.read_flow_run(replay(client, delivery.id))
        assert (await deliver_webhook(**again.parameters, return_state=True)).is_completed()
    first, *_, last = endpoint.received
    assert first.body == last.body
    assert first.headers["webhook-id"] == last.headers["webhook-id"] == delivery.parameters["webhook_id"]
    assert "ç" * 80_000 in last.body.decode()


async def test_a_message_without_a_delivery_is_sent_once(
    jobs: UUID, endpoint: WebhookEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Prefect said to long messages; here to any."""
    with get_client(sync_client=True) as client:
        refusing = deploy(
            client,
            "no-delivery",
            enforce_parameter_schema=True,
            parameter_openapi_schema={"type": "object", "properties": {"message": {"type": "null"}}},
        )
        monkeypatch.setattr(notification, "DELIVERY", "no-delivery/no-delivery")
        good = failed(client, jobs, webhook_url=endpoint.url)
        await reconcile()
        await reconcile()
        assert len(endpoint.received) == 1
        endpoint.answers = [Answer(500)]
        failed(client, jobs, webhook_url=endpoint.url)
        for _ in range(2):
            await reconcile()
        assert len(endpoint.received) == 1 + 2, "its tries, once"
        assert client.read_flow_run(good.id).labels[notification.NOTIFIED] == f"msg_{good.id}_failed"
        client.delete_deployment(refusing)


# --- The server as the project serves it ----------------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedApplication]:
    application = ServedApplication(tmp_path)
    try:
        application.wait()
        with temporary_settings({PREFECT_API_URL: application.url}):
            yield application
    finally:
        application.close()


async def test_poison_alone_is_set_aside_and_a_normal_job_runs_is_listed_and_notified(
    served: ServedApplication, endpoint: WebhookEndpoint
) -> None:
    with get_client(sync_client=True) as client:
        deployment = deploy(client, "poisoned-work", tags=[JOB_TAG])
        deploy(client, "deliver-webhook")
        bad = {
            text: client.create_flow_run_from_deployment(deployment).id
            for text in (
                '{"a":' * 300 + "1" + "}" * 300,
                "[" * 9000 + "]" * 9000,
                '"\\ud800"',
                '{"n": ' + "9" * 30 + "}",
                "1" + "0" * 30,
            )
        }
        for text, run in bad.items():
            served.store(run, f'{{"metadata": {text}, "webhook_url": "{endpoint.url}"}}')
        good = client.create_flow_run_from_deployment(deployment, parameters={"webhook_url": endpoint.url})
        for _ in range(2):
            assert [run.id for run in _handed_out(client)] == [good.id]
        for run in bad.values():
            wait_until(functools.partial(_is_final, client, run), what="its end", seconds=30)
            ended = client.read_flow_run(run)
            assert (ended.state_type, ended.state and ended.state.message) == (StateType.FAILED, UNREADABLE)
        assert (await end_of(work, webhook_url=endpoint.url)).is_completed()
        assert (await reconcile()).failed == 0
        listed = [line.status for line in list_jobs(client, ["poisoned-work"])]
        assert sorted(listed) == [*["completed"], *["failed"] * len(bad), "queued"]

        sent = [run for run in _handed_out(client) if run.id != good.id]
        assert len(sent) == len(bad) + 1
        for delivery in sent:
            assert (await deliver_webhook(**delivery.parameters, return_state=True)).is_completed()
        bodies = [received.body.decode() for received in endpoint.received]
        assert len([body for body in bodies if '"status":"COMPLETED"' in body]) == 1
        assert len([body for body in bodies if UNREADABLE in body and "invalid_input" in body]) == len(bad)
        assert await asyncio.to_thread(_cancel, good.id)


def _cancel(job: UUID) -> bool:
    with get_client(sync_client=True) as client:
        return cancel_job(client, job)


def _handed_out(client: SyncPrefectClient) -> list[FlowRun]:
    """What a worker of the pool gets."""
    with plain(client) as raw:
        answer = raw.post("/work_pools/poisoned/get_scheduled_flow_runs", json={"limit": 50})
    return [FlowRun.model_validate(found["flow_run"]) for found in answer.raise_for_status().json()]


def _is_final(client: SyncPrefectClient, run: UUID) -> bool:
    state = client.read_flow_run(run).state
    return state is not None and state.is_final()
