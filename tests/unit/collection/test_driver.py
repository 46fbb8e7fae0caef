"""A conversation over a real Valkey: whoever carries it on may die at any moment, and others say what they like."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from blocks.local_media_store import LocalMediaStore
from blocks.message_bus import ConsumerOptions, Message, MessageBus, Outgoing
from blocks.redis_message_bus import RedisMessageBus
from tasks.collection import driver
from tasks.collection.conversation import Conversation
from tasks.collection.driver import Driver, fitting
from tasks.collection.targets import Target
from tasks.messages.contents import CollectionResult, ExecutionRequest, SubstepStatus, conversation_stream
from tasks.messages.envelope import Envelope, EventType
from tests.servers.valkey import Valkey, running_valkey

NAME = "pedido-1"


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    with running_valkey() as server:
        yield server


@pytest.fixture
async def bus(valkey: Valkey) -> AsyncIterator[MessageBus]:
    made = RedisMessageBus(url=SecretStr(valkey.url))
    yield made
    await made.aclose()
    valkey.flush()


class Talk:
    """A conversation with the collectors a and b and the executor x, carried on by one life after the other."""

    def __init__(self, bus: MessageBus, folder: Path, *, seconds: float = 60) -> None:
        self.bus = bus
        self.store = LocalMediaStore(root=folder)
        self.seconds = seconds
        self.changed = asyncio.Event()
        self.state = self._new()

    def _new(self) -> Conversation:
        return Conversation.of(
            NAME,
            "job-1",
            [Target(name="a", parameters={"n": 1}), Target(name="b")],
            [Target(name="x")],
            collect_seconds=self.seconds,
            execute_seconds=self.seconds,
        )

    async def _live(self, state: Conversation) -> None:
        driver = Driver(self.bus, self.store, state, "jobs/job-1", lambda _phase: self.changed.set())
        await driver.catch_up()
        await driver.collect()
        await driver.execute()

    async def live(self, until: Callable[[Conversation], bool] | None = None) -> None:
        """A new life, to its end or until something is so; then it dies wherever it is."""
        self.state = self._new()
        life = asyncio.create_task(self._live(self.state))
        while not life.done() and not (until and until(self.state)):
            self.changed.clear()
            waiting = asyncio.create_task(self.changed.wait())
            await asyncio.wait({life, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=30)
            waiting.cancel()
        if until is None:
            await life
        life.cancel()
        with suppress(asyncio.CancelledError):
            await life

    async def answer(self, event: EventType, payload: dict[str, Any], key: str | None = None) -> None:
        """Somebody writes an answer."""
        now = Envelope.model_validate(
            {
                "correlation_id": NAME,
                "tipo_evento": event,
                "payload": payload,
                "timestamp": "2026-11-29T12:00:00Z",
            }
        )
        await self.bus.publish([Outgoing(conversation_stream(NAME), now, key=key)])

    async def collected(self, name: str, data: object, key: str | None = None) -> None:
        """A collector answers."""
        await self.answer(
            EventType.COLLECTION_RESULT, {"escavador": name, "status": "concluida", "dados": data}, key
        )

    async def executed(self) -> None:
        """The executor answers."""
        await self.answer(EventType.EXECUTION_RESULT, {"executador": "x", "status": "concluida", "dados": 7})

    async def waiting(self, stream: str) -> int:
        """How many messages were put on a stream that nobody reads."""
        return sum(each.waiting for each in await self.bus.backlog(stream))

    def states(self) -> dict[str, str]:
        """All of them."""
        both = (*self.state.collect.substeps, *self.state.execute.substeps)
        return {each.name: str(each.status) for each in both}


async def test_killed_three_times_it_asks_once_and_ends_the_same(bus: MessageBus, tmp_path: Path) -> None:
    talk = Talk(bus, tmp_path)
    await talk.live(until=lambda state: all(each.published for each in state.collect.substeps))
    began = talk.state.collect.started_at
    await talk.collected("a", {"n": 1})
    await talk.live(until=lambda state: bool(state.collect.done))
    await talk.collected("b", [2], key="run 2")
    await talk.collected("b", ["again"], key="run 2")
    await talk.live(until=lambda state: state.execute.substeps[0].published)
    await talk.executed()
    await talk.live()
    assert talk.states() == {"a": "concluida", "b": "concluida", "x": "concluida"}
    assert talk.state.collect.started_at == began, "time runs from the first request"
    assert [each.dados for each in talk.state.collected()] == [{"n": 1}, [2]]
    assert [await talk.waiting(each) for each in ("escavador_a", "escavador_b", "executador_x")] == [1, 1, 1]


async def test_time_runs_on_while_nobody_carries_it_on(bus: MessageBus, tmp_path: Path) -> None:
    talk = Talk(bus, tmp_path, seconds=1)
    await talk.live(until=lambda state: all(each.published for each in state.collect.substeps))
    await asyncio.sleep(1.2)
    await talk.collected("a", "late")
    await talk.live()
    assert talk.states() == {"a": "timeout", "b": "timeout", "x": "timeout"}
    assert talk.state.collect.substeps[0].late
    assert not talk.state.execute.substeps[0].late


@pytest.mark.parametrize("hours", [1, -1])
async def test_the_clock_of_the_bus_may_be_another(
    bus: MessageBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """A server of its own has one; whoever was asked has all of the time, and no more."""

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Wrong":
            return super().now(tz) + timedelta(hours=hours)

    monkeypatch.setattr(driver, "datetime", Wrong)
    talk = Talk(bus, tmp_path, seconds=3)
    living = asyncio.create_task(talk.live())
    while not talk.state.collect.started_at:
        await talk.changed.wait()
        await asyncio.sleep(0.05)
    await asyncio.sleep(1)
    await talk.collected("a", 1)
    async with asyncio.timeout(10):
        await living
    assert talk.states() == {"a": "concluida", "b": "timeout", "x": "timeout"}


async def test_what_a_stranger_writes_blocks_nothing(bus: MessageBus, valkey: Valkey, tmp_path: Path) -> None:
    """Programs in other languages only know how to XADD."""
    talk = Talk(bus, tmp_path)
    await talk.live(until=lambda state: all(each.published for each in state.collect.substeps))
    good = {
        "correlation_id": NAME,
        "tipo_evento": "resultado_coleta",
        "payload": {"escavador": "a", "status": "erro", "erro": "Fora do ar.", "extra": 1},
        "timestamp": "2026-11-29T12:00:00",
    }
    with valkey.client() as client:
        for text in ("{", json.dumps({**good, "correlation_id": ""}), json.dumps(good), json.dumps(good)):
            client.xadd(conversation_stream(NAME), {"mensagem": text})
        client.xadd(conversation_stream(NAME), {"outro": "x"})
    await talk.collected("b", "ok")
    await talk.live(until=lambda state: state.execute.substeps[0].published)
    await talk.executed()
    await talk.live()
    assert talk.states() == {"a": "erro", "b": "concluida", "x": "concluida"}
    assert talk.state.collect.substeps[0].error == "Fora do ar."
    assert talk.state.ignored_count == 4


async def test_those_who_consume_are_seen_and_get_large_data_as_files(
    bus: MessageBus, tmp_path: Path
) -> None:
    talk, asked, stop = Talk(bus, tmp_path), [], asyncio.Event()
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def execute(message: Message) -> list[Outgoing]:
        asked.append(ExecutionRequest.model_validate(message.envelope.payload))
        begun.set()
        await go_on.wait()
        await talk.executed()
        return []

    consumer = asyncio.create_task(bus.consume("executador_x", execute, ConsumerOptions(), stop))
    await talk.collected("a", "x" * 150_000)
    await talk.collected("b", "y" * 150_000)
    life = asyncio.create_task(talk.live())
    await asyncio.wait_for(begun.wait(), 30)
    while talk.states()["x"] != SubstepStatus.RUNNING:  # noqa: ASYNC110 - another life tells
        await asyncio.sleep(0.05)
    go_on.set()
    await life
    stop.set()
    await consumer
    files = [each.arquivo for each in asked[0].coletas]
    assert sum(each is not None for each in files) == 1, "only as many as do not fit"
    (file,) = filter(None, files)
    assert len(json.loads(talk.store.read_bytes(file))) == 150_000


def test_the_largest_are_kept_elsewhere_until_all_fit() -> None:
    def result(name: str, size: int) -> CollectionResult:
        return CollectionResult(escavador=name, status="concluida", dados="é" * size)

    kept: dict[str, bytes] = {}

    def keep(each: CollectionResult, data: bytes) -> str:
        kept[each.escavador] = data
        return f"files/{each.escavador}"

    made = fitting([result("a", 100), result("b", 5000), result("c", 1000)], 3000, keep)
    assert list(kept) == ["b"]
    assert [each.arquivo for each in made] == [None, "files/b", None]
    assert json.loads(kept["b"]) == "é" * 5000
    assert fitting([], 10, keep) == []


def test_errors_leave_room_for_all() -> None:
    """Two hundred collectors that fail with all that they know are told of in one message."""
    failed = [CollectionResult(escavador=f"a-{n}", status="erro", erro="é" * 1000) for n in range(200)]
    small = CollectionResult(escavador="b", status="erro", erro="Fora do ar.")
    made = fitting([*failed, small], 100_000, lambda *_: "")
    assert sum(len(each.model_dump_json().encode()) for each in made) <= 100_000
    assert [each.escavador for each in made] == [each.escavador for each in (*failed, small)]
    assert made[-1].erro == "Fora do ar."
    assert fitting(failed[:1], 100_000, lambda *_: "") == failed[:1]
