"""The worker of deliveries on a real server: many at once, each to its end or until later, and none is lost."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from prefect import flow, flow_engine
from prefect.client.orchestration import PrefectClient, SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectAlreadyExists
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import Cancelling

from deployments.in_process_worker.__main__ import heartbeats, make_worker
from deployments.launcher.taken import lost
from deployments.server.bootstrap import process_template
from tasks.webhooks.message import WebhookMessage
from tests.flow.conftest import Configure
from tests.servers.endpoint import Answer, WebhookEndpoint, ended_job
from tests.servers.hostile import WAYS, HostileEndpoint

POOL = "webhooks"
_PATIENCE = 60.0


@pytest.fixture(autouse=True)
def settings(configure: Configure) -> None:
    configure(allowed_private_hosts="127.0.0.0/8", webhook_retry_delays="7200", webhook_timeout=20)


@pytest.fixture
async def client() -> AsyncIterator[PrefectClient]:
    async with get_client() as running:
        yield running


@pytest.fixture
async def deployment(client: PrefectClient) -> AsyncIterator[UUID]:
    template = process_template("true")
    with suppress(ObjectAlreadyExists):
        await client.create_work_pool(WorkPoolCreate(name=POOL, type="process", base_job_template=template))
    flow = await client.create_flow_from_name("deliver-webhook")
    made = await client.create_deployment(flow, name=f"test-{uuid4()}", work_pool_name=POOL)
    yield made
    await client.delete_deployment(made)


@asynccontextmanager
async def working(marks: Path) -> AsyncIterator[None]:
    marks.mkdir(exist_ok=True)
    worker = make_worker(POOL, "test", 10, marks)
    work = asyncio.create_task(worker.start(printer=lambda *_: None))
    yield
    work.cancel()
    await asyncio.wait({work})


async def submit(client: PrefectClient, deployment: UUID, url: str) -> FlowRun:
    message = WebhookMessage.of(ended_job(job_id=str(uuid4())))
    return await client.create_flow_run_from_deployment(
        deployment,
        parameters={
            "url": url,
            "message": message.model_dump(mode="json", by_alias=True),
            "webhook_id": message.webhook_id,
        },
    )


async def until(client: PrefectClient, run: UUID, *states: StateType) -> FlowRun:
    for _ in range(int(_PATIENCE * 10)):
        found = await client.read_flow_run(run)
        if found.state_type in states and found.state_name not in ("Scheduled", "Late"):
            return found
        await asyncio.sleep(0.1)
    pytest.fail(f"it stays {found.state}")


async def test_silent_endpoints_keep_no_good_one_waiting(
    client: PrefectClient,
    deployment: UUID,
    endpoint: WebhookEndpoint,
    configure: Configure,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure(webhook_timeout=300)
    monkeypatch.setattr("deployments.in_process_worker.worker._GRACE_SECONDS", 0.1)
    asked: list[str] = []
    for kind in (PrefectClient, SyncPrefectClient):
        monkeypatch.setattr(kind, "read_server_default_result_storage", lambda *_: asked.append("results"))
    silent = [HostileEndpoint(WAYS["silent"], f"127.0.0.{number}") for number in range(2, 8)]
    try:
        async with working(tmp_path / "marks"):
            waiting = [await submit(client, deployment, there.url) for there in silent]
            for run in waiting:
                await until(client, run.id, StateType.RUNNING)
            good = await submit(client, deployment, endpoint.url)
            ended = await until(client, good.id, StateType.COMPLETED)
            assert ended.state is not None
            assert "Delivered at try 1" in str(ended.state.message)
            still = [(await client.read_flow_run(run.id)).state_type for run in waiting]
            assert still == [StateType.RUNNING] * len(waiting), "the good one overtook them"
            assert not asked, "the loop would stand still until the answer"
            assert not [each.name for each in threading.enumerate() if "observer" in each.name], (
                "and until the connection of each run's own observer stands"
            )
    finally:
        for there in silent:
            there.close()


async def test_a_failed_try_leaves_the_worker_until_the_next(
    client: PrefectClient, deployment: UUID, endpoint: WebhookEndpoint, tmp_path: Path
) -> None:
    endpoint.answers = [Answer(503, {"Retry-After": "10000"})]
    marks = tmp_path / "marks"
    async with working(marks):
        run = await submit(client, deployment, endpoint.url)
        later = await until(client, run.id, StateType.SCHEDULED)
        assert later.state_name == "AwaitingRetry"
        assert later.next_scheduled_start_time is not None
        assert later.next_scheduled_start_time > datetime.now(UTC) + timedelta(seconds=9000)
        for _ in range(100):
            if not list(marks.iterdir()):
                break
            await asyncio.sleep(0.1)
        assert not list(marks.iterdir()), "nobody takes it for lost"


async def test_a_delivery_is_cancelled_at_the_end_of_its_try(
    client: PrefectClient, deployment: UUID, configure: Configure, tmp_path: Path
) -> None:
    configure(webhook_timeout=2)
    silent = HostileEndpoint(WAYS["silent"])
    try:
        async with working(tmp_path / "marks"):
            run = await submit(client, deployment, silent.url)
            await until(client, run.id, StateType.RUNNING)
            await client.set_flow_run_state(run.id, Cancelling())
            await until(client, run.id, StateType.CANCELLED)
    finally:
        silent.close()


async def test_what_a_worker_leaves_behind_is_known(
    client: PrefectClient, deployment: UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.in_process_worker.worker._GRACE_SECONDS", 0.1)
    silent, marks = HostileEndpoint(WAYS["silent"]), tmp_path / "marks"
    try:
        async with working(marks):
            run = await submit(client, deployment, silent.url)
            await until(client, run.id, StateType.RUNNING)
        assert [left.run_id for left in lost(marks)] == [run.id]
    finally:
        silent.close()


@pytest.mark.parametrize("frequency", [30, None])
async def test_the_runs_of_a_process_say_by_one_thread_that_they_live(
    monkeypatch: pytest.MonkeyPatch, frequency: int | None
) -> None:
    monkeypatch.setattr(flow_engine, "_send_heartbeats", flow_engine._send_heartbeats)
    heard: list[str] = []
    by: set[str] = set()

    def hear(event: str, resource: dict[str, str], **_: object) -> None:
        heard.append(resource["prefect.resource.id"])
        by.add(threading.current_thread().name)

    monkeypatch.setattr(flow_engine, "emit_event", hear)

    @flow
    async def waits() -> str:
        context = FlowRunContext.get()
        assert context is not None
        assert context.flow_run is not None
        of_this = f"prefect.flow-run.{context.flow_run.id}"
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE if frequency else 3):
                while of_this not in heard:  # noqa: ASYNC110 - from a thread
                    await asyncio.sleep(0.05)
        return of_this

    with heartbeats(), temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: frequency}):
        found = await asyncio.gather(*(waits() for _ in range(3)))
    assert sorted(heard) == (sorted(found) if frequency else [])
    assert by == ({"heartbeats"} if frequency else set())
