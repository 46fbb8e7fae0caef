"""Conversations as tasks of their worker, over a real Valkey: cancelled one by one, killed, and gone on with."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.exceptions import ObjectAlreadyExists
from prefect.settings import PREFECT_API_URL
from prefect.states import Cancelling, Crashed
from pydantic import SecretStr

from blocks.message_bus import MessageBus, Outgoing
from blocks.redis_message_bus import RedisMessageBus
from deployments.in_process_worker.worker import InProcessWorker
from deployments.server.bootstrap import process_template
from flows.collection import collect_and_execute
from tasks.collection.document import ConversationDocument
from tasks.jobs.artifacts import read_document
from tasks.messages.contents import conversation_stream
from tasks.messages.envelope import Envelope, EventType
from tasks.recovery.ends import RESUMABLE, can_restart, restart
from tests.flow.conftest import Configure
from tests.servers.endpoint import WebhookEndpoint
from tests.servers.valkey import Valkey, running_valkey

POOL = "conversations"
ASK = {"collectors": [{"name": "a"}, {"name": "b"}], "executors": [{"name": "x"}]}
_PATIENCE = 60.0


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    with running_valkey() as server:
        yield server


@pytest.fixture(autouse=True)
def settings(configure: Configure, valkey: Valkey) -> Iterator[None]:
    configure(allowed_private_hosts="127.0.0.0/8", redis_url=valkey.url)
    yield
    valkey.flush()


@pytest.fixture
async def bus(valkey: Valkey) -> AsyncIterator[MessageBus]:
    made = RedisMessageBus(url=SecretStr(valkey.url))
    yield made
    await made.aclose()


@pytest.fixture
async def client() -> AsyncIterator[PrefectClient]:
    async with get_client() as running:
        yield running


@pytest.fixture
async def deployment(client: PrefectClient) -> AsyncIterator[UUID]:
    with suppress(ObjectAlreadyExists):
        await client.create_work_pool(
            WorkPoolCreate(name=POOL, type="process", base_job_template=process_template("true"))
        )
    flow = await client.create_flow_from_name("collect-and-execute")
    tags = ["job", RESUMABLE]
    made = await client.create_deployment(flow, name="collect-and-execute", work_pool_name=POOL, tags=tags)
    yield made
    await client.delete_deployment(made)


async def submit(client: PrefectClient, deployment: UUID, name: str, **parameters: Any) -> FlowRun:
    return await client.create_flow_run_from_deployment(
        deployment, parameters={**ASK, "correlation_id": name, **parameters}
    )


async def until(client: PrefectClient, run: UUID, state: StateType) -> FlowRun:
    for _ in range(int(_PATIENCE * 10)):
        found = await client.read_flow_run(run)
        if found.state_type is state:
            return found
        await asyncio.sleep(0.1)
    pytest.fail(f"it stays {found.state}")


async def said(bus: MessageBus, name: str, stream: str) -> int:
    """How many messages of a conversation were put on a stream; waits for the first."""
    for _ in range(int(_PATIENCE * 10)):
        found = [each for each in await bus.story(name) if each.stream == stream and each.envelope]
        if found:
            return len(found)
        await asyncio.sleep(0.1)
    pytest.fail(f"nothing was put on {stream}")


async def answer(bus: MessageBus, name: str, who: str, data: object) -> None:
    kind, event = (
        ("executador", EventType.EXECUTION_RESULT)
        if who == "x"
        else ("escavador", EventType.COLLECTION_RESULT)
    )
    message = Envelope.model_validate(
        {
            "correlation_id": name,
            "tipo_evento": event,
            "payload": {kind: who, "status": "concluida", "dados": data},
            "timestamp": "2026-11-29T12:00:00Z",
        }
    )
    await bus.publish([Outgoing(conversation_stream(name), message)])


async def document_of(client: PrefectClient, run: UUID) -> ConversationDocument:
    found = await read_document(client, run)
    assert found is not None
    return ConversationDocument.model_validate(found.model_dump())


@asynccontextmanager
async def working(marks: Path) -> AsyncIterator[None]:
    marks.mkdir(exist_ok=True)
    worker = InProcessWorker(collect_and_execute, marks, pool=POOL, name="test", limit=10, interrupts=True)
    work = [
        asyncio.create_task(worker.start(printer=lambda *_: None)),
        asyncio.create_task(worker.watch_cancellations()),
    ]
    yield
    for each in work:
        each.cancel()
    await asyncio.wait(work)


async def test_one_is_cancelled_and_the_others_go_on(
    client: PrefectClient, deployment: UUID, bus: MessageBus, endpoint: WebhookEndpoint, tmp_path: Path
) -> None:
    async with working(tmp_path / "marks"):
        ended = await submit(client, deployment, "c-1", webhook_url=endpoint.url)
        other = await submit(client, deployment, "c-2")
        for name in ("c-1", "c-2"):
            await said(bus, name, "escavador_b")
        await client.set_flow_run_state(ended.id, Cancelling())
        await until(client, ended.id, StateType.CANCELLED)
        document = await document_of(client, ended.id)
        assert (document.status, document.error) == ("cancelled", "The job was cancelled.")
        assert len(endpoint.received) == 1
        await answer(bus, "c-2", "a", 1)
        await answer(bus, "c-2", "b", 2)
        await said(bus, "c-2", "executador_x")
        await answer(bus, "c-2", "x", 3)
        await until(client, other.id, StateType.COMPLETED)
        document = await document_of(client, other.id)
        assert document.result is not None
        assert document.result["results"] == {"x": 3}
        assert document.warnings[0] == "Nobody listened on escavador_a when the job began."


@asynccontextmanager
async def killed_after(marks: Path) -> AsyncIterator[None]:
    """A worker in a process of its own, which is killed at the end of the block."""
    api = PREFECT_API_URL.value()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deployments.in_process_worker", "--pool", POOL, "--name", "killed"),
        *("--limit", "10", "--marks", str(marks)),
        env={**os.environ, "PREFECT_API_URL": str(api), "PREFECT_WORKER_QUERY_SECONDS": "1"},
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def test_killed_three_times_there_is_one_report_and_one_webhook(
    client: PrefectClient, deployment: UUID, bus: MessageBus, endpoint: WebhookEndpoint, tmp_path: Path
) -> None:
    run = await submit(client, deployment, "c-3", webhook_url=endpoint.url)

    async def lost() -> None:
        """What notices of lost workers, and the reconciliation, do."""
        crashed: Any = Crashed(message="The worker of this run was killed.")
        await client.set_flow_run_state(run.id, crashed, force=True)
        found = await client.read_flow_run(run.id)
        assert found.state is not None
        assert can_restart(found, found.state)
        await restart(client, found)

    async with killed_after(tmp_path / "marks"):
        await said(bus, "c-3", "escavador_b")
    await lost()
    await answer(bus, "c-3", "a", "um")
    async with killed_after(tmp_path / "marks"):
        for _ in range(int(_PATIENCE * 10)):
            if [str(each.status) for each in (await document_of(client, run.id)).collectors][:1] == [
                "concluida"
            ]:
                break
            await asyncio.sleep(0.1)
        warned = "Nobody listened on escavador_b when the job began."
        assert warned in (await document_of(client, run.id)).warnings, "also in its second life"
        await answer(bus, "c-3", "b", "dois")
        await said(bus, "c-3", "executador_x")
    await lost()
    async with killed_after(tmp_path / "marks"):
        await until(client, run.id, StateType.RUNNING)
    await lost()
    await answer(bus, "c-3", "x", {"pages": 2})
    async with working(tmp_path / "marks"):
        await until(client, run.id, StateType.COMPLETED)
    document = await document_of(client, run.id)
    assert document.result is not None
    assert document.result["results"] == {"x": {"pages": 2}}
    assert [await said(bus, "c-3", each) for each in ("escavador_a", "escavador_b", "executador_x")] == [
        1,
        1,
        1,
    ]
    assert len(endpoint.received) == 1
