"""The listener between a real bus and a real server: messages become runs, and ends of runs become answers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from prefect import State
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolCreate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Completed

from blocks.from_settings import media_store, message_bus
from blocks.message_bus import Fact, MessageBus, Outgoing
from blocks.settings import get_settings
from deployments.client.trace import Kind, trace
from deployments.listener import ends, runs, streams
from deployments.listener.__main__ import Listener
from deployments.listener.runs import Deployment, WantedRun, make_run
from deployments.processes.pulse import is_well, pulses
from deployments.server.schemas import strict
from tasks.errors import SourceNotFoundError, TransientError
from tasks.jobs.artifacts import write_document
from tasks.jobs.correlation import LABEL
from tasks.jobs.document import JobDocument, JobStatus
from tasks.messages.contents import JOB_STREAM, START_STREAM, conversation_stream
from tasks.messages.envelope import Envelope, EventType
from tests.flow.conftest import Configure
from tests.servers.valkey import Valkey, running_valkey


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    with running_valkey() as server:
        yield server


@pytest.fixture
async def bus(valkey: Valkey, configure: Configure) -> AsyncIterator[MessageBus]:
    valkey.flush()
    configure(redis_url=valkey.url)
    found = message_bus(get_settings())
    yield found
    await found.aclose()


@pytest.fixture
def client() -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as connected:
        yield connected


@pytest.fixture
def deploy(client: SyncPrefectClient) -> Iterator[Callable[..., UUID]]:
    """Makes a deployment whose runs no worker takes."""
    try:
        client.read_work_pool("idle")
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name="idle", type="process"))
    made: list[UUID] = []

    def make(name: str, *tags: str, **properties: Any) -> UUID:
        flow = client.create_flow_from_name(name)
        deployment = client.create_deployment(
            flow,
            name=name,
            tags=["job", *tags],
            work_pool_name="idle",
            parameter_openapi_schema=strict({"type": "object", "properties": properties}),
        )
        client.update_deployment(deployment, DeploymentUpdate(enforce_parameter_schema=True))
        made.append(deployment)
        return deployment

    yield make
    for deployment in made:
        client.delete_deployment(deployment)


@asynccontextmanager
async def listening(bus: MessageBus, home: Path) -> AsyncIterator[Listener]:
    async with get_client() as client:
        listener = Listener(client, bus, get_settings(), home / "run" / "listeners")
        stop = asyncio.Event()
        running = asyncio.create_task(listener.run(stop))
        try:
            yield listener
        finally:
            stop.set()
            await running


async def until(condition: Callable[[], Awaitable[Any]], what: str) -> Any:
    for _ in range(600):
        if found := await condition():
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(what)


def asked(event: EventType, correlation_id: str, /, **payload: Any) -> Envelope:
    return Envelope(
        correlation_id=correlation_id, tipo_evento=event, payload=payload, timestamp=datetime.now(UTC)
    )


def runs_of(client: SyncPrefectClient, deployment: UUID) -> list[FlowRun]:
    of_it = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment]))
    return client.read_flow_runs(flow_run_filter=of_it)


async def end(run: FlowRun, operation: str, result: dict[str, Any]) -> None:
    async with get_client() as client:
        now = datetime.now(UTC)
        document = JobDocument(
            job_id=str(run.id),
            operation=operation,
            status=JobStatus.COMPLETED,
            completed_at=now,
            result=result,
        )
        await write_document(client, document, None)
        done: State[Any] = Completed()
        await client.set_flow_run_state(run.id, done, force=True)


async def test_messages_become_runs_and_their_ends_answers(
    bus: MessageBus,
    client: SyncPrefectClient,
    deploy: Callable[..., UUID],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "_LOOK_SECONDS", 0.2)
    monkeypatch.setattr(ends, "_SETTLED_SECONDS", 0.0)
    conversation = f"pedido-{uuid4().hex}"
    reply = conversation_stream(conversation)
    words = deploy("escavador-words", "escavador", text={"type": "string"}, correlation_id={"type": "string"})

    def request(name: str = "words", **parameters: Any) -> Envelope:
        return asked(
            EventType.START_COLLECTION,
            conversation,
            escavador=name,
            parametros=parameters,
            responder_em=reply,
        )

    async def answers() -> dict[str, dict[str, Any]]:
        return {
            entry.key: entry.envelope.payload
            for entry in await bus.story(conversation)
            if entry.envelope is not None and entry.stream == reply
        }

    async with listening(bus, home) as listener:
        for key in ("a", "a", "b"):
            await bus.publish([Outgoing("escavador_words", request(text=f"olá {key}"), key=key)])

        async def both() -> list[FlowRun] | None:
            found = runs_of(client, words)
            return found if len(found) == 2 else None

        found: list[FlowRun] = await until(both, "two runs")
        for run in found:
            assert {conversation, "escavador", "job"} <= {*run.tags}
            assert run.labels[LABEL] == conversation
            assert run.parameters["correlation_id"] == conversation

        # What the server refuses is dead, and nobody waits for it.
        await bus.publish([Outgoing("escavador_words", request("words-2", txt="olá"), key="odd")])
        await bus.publish([Outgoing("escavador_words", asked(EventType.COLLECTION_RESULT, conversation))])
        refused = await until(answers, "an answer to what was refused")
        [answer] = refused.values()
        assert (answer["escavador"], answer["status"]) == ("words-2", "erro")
        assert 'refuses a run of "escavador-words"' in answer["erro"]

        async def both_dead() -> bool:
            return len(await bus.dead_letters("escavador_words")) == 2

        await until(both_dead, "two dead letters")

        # Each way to end is answered; what is too long lies in the store.
        long = {"text": "ã" * bus.max_bytes}
        await end(found[0], "escavador-words", {"words": 2})
        await end(found[1], "escavador-words", long)
        await bus.publish([Outgoing("escavador_words", request(text="c"), key="c")])
        third = await until(
            lambda: _new(client, words, {run.id for run in found}), "the run of the third message"
        )
        client.set_flow_run_state(third.id, Cancelled(), force=True)

        async def all_four() -> dict[str, dict[str, Any]] | None:
            told = await answers()
            return told if len(told) == 4 else None

        told = await until(all_four, "four answers")
        assert told[str(found[0].id)]["dados"] == {"words": 2}
        file = told[str(found[1].id)]["arquivo"]
        assert told[str(found[1].id)]["dados"] is None
        assert "ããã".encode() in media_store(get_settings()).read_bytes(file)
        assert (told[str(third.id)]["status"], told[str(third.id)]["erro"]) == (
            "erro",
            "The job was cancelled.",
        )

        # A deployment that comes later is read, too, and one conversation is one job.
        later = deploy("executador-sum", "executador", coletas={"type": "array"})
        collected = {"escavador": "words", "status": "concluida", "dados": {"words": 2}}
        execute = asked(
            EventType.START_EXECUTION,
            conversation,
            executador="sum",
            coletas=[collected],
            responder_em=reply,
        )
        await bus.publish([Outgoing("executador_sum", execute)])
        fourth = await until(lambda: _new(client, later, set()), "the run of a later deployment")
        assert fourth.parameters["coletas"] == [{**collected, "arquivo": None, "erro": None}]
        collect = deploy(
            "collect-and-execute", collectors={"type": "array"}, correlation_id={"type": "string"}
        )
        for _ in range(2):
            start = asked(EventType.START_COLLECTION, conversation, collectors=[])
            await bus.publish([Outgoing(START_STREAM, start)])
        other = asked(EventType.START_COLLECTION, conversation, collectors=[], correlation_id="outro")
        await bus.publish([Outgoing(START_STREAM, other)])

        async def all_handled() -> bool:
            return listener.streams.counts.handled[START_STREAM] == 2

        await until(all_handled, "both messages that start it")
        [started] = runs_of(client, collect)
        assert started.parameters["correlation_id"] == conversation

        # Everyone hears of the ends of all jobs.
        async def announced() -> bool:
            return (await bus.backlog(JOB_STREAM))[0].waiting >= 3

        await until(announced, "announcements")
        assert is_well(home / "run" / "listeners")
    [pulse] = pulses(home / "run" / "listeners")
    assert not pulse.well, "it has said that it is gone"
    assert pulse.counts["handled"]["escavador_words"] == 3
    assert pulse.counts["failed"]["escavador_words"] == 2

    story = await bus.story(conversation)
    letters = await bus.dead_letters()
    found_trace = trace(client, conversation, story, letters, logs=True)
    kinds = {event.kind for event in found_trace.events}
    assert {Kind.MESSAGE, Kind.RUN, Kind.DEAD_LETTER} <= kinds
    assert [event.at for event in found_trace.events] == sorted(event.at for event in found_trace.events)
    assert {run.operation for run in found_trace.runs} == {
        *("escavador-words", "executador-sum", "collect-and-execute")
    }
    assert Fact.DONE in {entry.fact for entry in story}
    with pytest.raises(SourceNotFoundError, match="Nothing is known of"):
        trace(client, "nobody", [], letters)


async def _new(client: SyncPrefectClient, deployment: UUID, known: set[UUID]) -> FlowRun | None:
    return next((run for run in runs_of(client, deployment) if run.id not in known), None)


async def test_a_server_that_is_away_is_waited_for(
    deploy: Callable[..., UUID], client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "_FIRST_WAIT", 0.01)
    deployment = Deployment.of(client.read_deployment(deploy("escavador-away", "escavador")))
    wanted = WantedRun(deployment, {}, key=uuid4().hex, tag="pedido", labels={})
    stop = asyncio.Event()
    async with get_client() as connected:
        asking, left = connected.request, [httpx.ConnectError("no"), httpx.ReadTimeout("late")]

        async def request(*given: Any, **named: Any) -> httpx.Response:
            if left:
                raise left.pop()
            return await asking(*given, **named)

        monkeypatch.setattr(connected, "request", request)
        first = await make_run(connected, wanted, stop)
        assert await make_run(connected, wanted, stop) == first

        left += [httpx.ConnectError("no")]
        stop.set()
        with pytest.raises(TransientError, match="stopping"):
            await make_run(connected, wanted, stop)
