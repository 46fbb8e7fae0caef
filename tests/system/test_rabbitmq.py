"""The message bus on a real RabbitMQ: what every bus does, and what is this one's alone."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import aiormq
import pytest
from aiormq import spec
from aiormq.abc import AbstractChannel
from pydantic import SecretStr

from blocks.amqp_forms import (
    INBOX,
    MAIN,
    PARTITIONS,
    STREAMS,
    WITHOUT_GROUP,
    dead_queue,
    group_queue,
    partition,
    suspect_queue,
)
from blocks.amqp_message_bus import AmqpMessageBus
from blocks.message_bus import GROUP, Entry, Fact, FullStreamError, Handler, Message, MessageBus, Outgoing
from tasks.errors import InvalidInputError, InvalidSettingError, TransientError
from tests.consumers import STREAM, consumer, envelope, killed, number, outgoing, quick, until, until_async
from tests.message_bus_room_suite import MakeBus
from tests.message_bus_suite import MessageBusSuite
from tests.servers.rabbitmq import RabbitMQ, running_rabbitmq

pytestmark = [pytest.mark.engine, pytest.mark.system]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    with running_rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as running:
        yield running


async def emptied(broker: RabbitMQ) -> None:
    """Deletes what the last test left."""
    bus = AmqpMessageBus(url=SecretStr(broker.url))
    known = await bus._own().streams.known()
    await bus.aclose()
    connection = await aiormq.connect(broker.url)
    channel = await connection.channel()
    for stream, groups in known.items():
        await channel.exchange_delete(stream)
        await channel.queue_delete(stream)
        for group in groups - {""}:
            for name_of in (group_queue, dead_queue, suspect_queue):
                await channel.queue_delete(name_of(stream, group))
    for queue in (STREAMS, INBOX, *PARTITIONS):
        await channel.queue_delete(queue)
    await connection.close()


@pytest.fixture
async def make_bus(broker: RabbitMQ) -> AsyncIterator[MakeBus]:
    await emptied(broker)
    made: list[MessageBus] = []

    def make(**fields: Any) -> MessageBus:
        made.append(AmqpMessageBus(url=SecretStr(broker.url), **fields))
        return made[-1]

    yield make
    for bus in made:
        await bus.aclose()


class TestOnRabbitMQ(MessageBusSuite):
    """All of it, but that a group begins with its first consumer, not with its stream."""

    async def test_nothing_is_lost_for_a_group_that_is_away(self, make_bus: MakeBus) -> None:
        bus, seen = make_bus(most_waiting=20), list[int]()

        async def handler(message: Message) -> Sequence[Outgoing]:
            seen.append(number(message))
            return []

        async with consumer(bus, _never, quick(group="longe")):
            await until_async(lambda: self._groups(bus, 1))
        for each in range(20):
            await bus.publish([outgoing(each)])
        with pytest.raises(FullStreamError):
            await bus.publish([outgoing(20)], patience=0.1)
        async with consumer(bus, handler, quick(group="longe", at_once=1)):
            await bus.publish([outgoing(20)])
            await until(lambda: len(seen) == 21)
        assert seen == [*range(21)]


@pytest.fixture
async def foreign(broker: RabbitMQ) -> AsyncIterator[AbstractChannel]:
    """A program that knows only what docs/messages.md says."""
    connection = await aiormq.connect(broker.url)
    yield await connection.channel()
    await connection.close()


def _has(seen: list[Any], number: int) -> bool:
    return len(seen) == number


async def until_taken(bus: MessageBus, messages: Sequence[Outgoing]) -> None:
    """RabbitMQ answers a moment before its queues do."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await bus.publish(messages)
            except TransientError:
                await asyncio.sleep(0.2)


def said_by(*, key: str) -> spec.Basic.Properties:
    return spec.Basic.Properties(message_id=key, delivery_mode=2)


async def test_foreign_programs_publish_to_one_exchange(make_bus: MakeBus, foreign: AbstractChannel) -> None:
    bus, seen = make_bus(), list[tuple[str, int]]()

    async def handler(message: Message) -> Sequence[Outgoing]:
        seen.append((message.key, number(message)))
        return []

    heard: list[Entry] = []

    async def listen() -> None:
        async for entry in bus.conversation("conversa-1"):
            heard.append(entry)

    await bus.publish([])
    await bus.streams()
    # The stream is not known yet, and nobody reads it; then it is.
    await foreign.basic_publish(
        envelope(numero=1).to_json(), exchange=MAIN, routing_key=STREAM, properties=said_by(key="a")
    )
    listening = asyncio.create_task(listen())
    async with consumer(bus, handler):
        await until(lambda: seen == [("a", 1)])
        for each in (1, 2):
            await foreign.basic_publish(
                envelope(numero=each).to_json(),
                exchange=MAIN,
                routing_key=STREAM,
                properties=said_by(key="abc"[each]),
            )
            await until(partial(_has, seen, each + 1))
        # A repeat of what was done with.
        await foreign.basic_publish(
            envelope(numero=3).to_json(), exchange=MAIN, routing_key=STREAM, properties=said_by(key="a")
        )
        await foreign.basic_publish(b"{}", exchange=MAIN, routing_key=STREAM)
        for body in (envelope(resposta="ção").to_json(), b"nothing"):
            await foreign.basic_publish(body, exchange=MAIN, routing_key="conversa_conversa-1")
        await until(lambda: [each for each in heard if each.note.startswith("This is no message")])
        await until(
            lambda: any(each.envelope and each.envelope.payload == {"resposta": "ção"} for each in heard)
        )
    await killed(listening)
    assert seen == [("a", 1), ("b", 1), ("c", 2)]
    (letter,) = await bus.dead_letters()
    assert (letter.stream, letter.raw) == (STREAM, b"{}")


@pytest.mark.parametrize("name", ["", "contraponto", "amq.direct", "x" * 250])
async def test_what_can_be_no_stream_becomes_a_dead_letter(
    make_bus: MakeBus, foreign: AbstractChannel, name: str
) -> None:
    """Else it would be brought nowhere, over and over."""
    bus, seen = make_bus(), list[int]()

    async def handler(message: Message) -> Sequence[Outgoing]:
        seen.append(number(message))
        return []

    async def letters() -> bool:
        return bool(await bus.dead_letters())

    async with consumer(bus, handler):
        await bus.publish([outgoing(1)])
        await until(lambda: seen == [1])
        await foreign.basic_publish(b"{}", exchange=MAIN, routing_key=name)
        await until_async(letters)
    [letter] = await bus.dead_letters()
    assert (letter.stream, letter.raw) == (INBOX, b"{}")
    assert await bus.replay([letter]) == 0
    assert await bus.discard([letter]) == 1
    with pytest.raises(InvalidInputError, match="cannot be the name of a stream"):
        await bus.publish([Outgoing(name, envelope())])


async def test_what_was_deleted_is_made_again(make_bus: MakeBus, foreign: AbstractChannel) -> None:
    bus, seen = make_bus(), list[int]()

    async def handler(message: Message) -> Sequence[Outgoing]:
        seen.append(number(message))
        return []

    async with consumer(bus, handler):
        for each, deleted in enumerate([STREAM, group_queue(STREAM, GROUP), partition("conversa-1")]):
            await bus.publish([outgoing(each)])
            await until(partial(_has, seen, each + 1))
            await foreign.queue_delete(deleted)
        await bus.publish([outgoing(3, "key")])
        await until(lambda: seen == [0, 1, 2, 3])
    assert [each.key for each in await bus.story("conversa-1") if each.fact is Fact.PUBLISHED] == ["key"]


async def test_the_list_of_streams_is_written_again_by_who_reads_them(
    make_bus: MakeBus, foreign: AbstractChannel
) -> None:
    bus = make_bus()

    async def handler(_: Message) -> Sequence[Outgoing]:
        raise InvalidInputError("No.")

    async def are_found() -> bool:
        try:
            return [each.stream for each in await make_bus().dead_letters()] == [STREAM]
        except TransientError:
            return False

    async with consumer(bus, handler):
        await bus.publish([outgoing(1)])
        await until_async(are_found)
        await foreign.queue_delete(STREAMS)
        await until_async(are_found)
        assert await bus.streams() == [STREAM]


@pytest.mark.parametrize("deleted", [MAIN, INBOX, WITHOUT_GROUP, STREAM])
async def test_an_exchange_that_was_deleted_is_made_again(
    make_bus: MakeBus, foreign: AbstractChannel, deleted: str
) -> None:
    bus, seen = make_bus(), list[int]()

    async def handler(message: Message) -> Sequence[Outgoing]:
        seen.append(number(message))
        return []

    async with consumer(bus, handler):
        await bus.publish([outgoing(1)])
        await until(lambda: seen == [1])
        await foreign.exchange_delete(deleted)
        await until_taken(bus, [outgoing(2)])
        await until(lambda: seen == [1, 2])


async def test_what_foreign_programs_put_beside_a_message_stops_nothing(
    make_bus: MakeBus, foreign: AbstractChannel
) -> None:
    """Each of these once came again and again, was dead at once, or was not heard in its conversation."""
    bus, seen, heard = make_bus(), list[tuple[str, int]](), list[Entry]()
    beside: dict[str, dict[str, Any]] = {
        "nanoseconds": {"timestamp": _Nanoseconds(2026, 11, 30, tzinfo=UTC)},
        "ahead": {"timestamp": datetime.now(UTC) + timedelta(hours=1)},
        "behind": {"timestamp": datetime(1971, 1, 1, tzinfo=UTC)},
        "user": {"user_id": "guest"},
        "counted": {"headers": {"x-delivery-count": 99, "tentativas": -7}},
        "copied": {"headers": {"CC": ["nobody"], "retirada": True, "em": 1000, "marca": "x"}},
        "tables": {"headers": {"id": {"x": [1, None]}, "chave": ["y"]}, "content_encoding": "gzip"},
    }

    async def handler(message: Message) -> Sequence[Outgoing]:
        seen.append((message.key, message.attempt))
        return []

    async def listen() -> None:
        async for entry in bus.conversation("conversa-1"):
            heard.append(entry)

    async def publish(stream: str) -> None:
        for name, properties in beside.items():
            await foreign.basic_publish(
                envelope().to_json(),
                exchange=MAIN,
                routing_key=stream,
                properties=spec.Basic.Properties(message_id=f"{stream} {name}", **properties),
            )

    await bus.streams()
    # The first time the stream has no queue yet.
    await publish("escavador_um")
    began = datetime.now(UTC)
    listening = asyncio.create_task(listen())
    async with consumer(bus, handler, stream="escavador_um"):
        await until(partial(_has, seen, len(beside)))
        await publish("escavador_um")
        await publish("conversa_conversa-1")
        await until(lambda: [each for each in heard if each.key == "conversa_conversa-1 tables"])
        await bus.publish([Outgoing("escavador_um", envelope(), key="last")])
        await until(lambda: ("last", 1) in seen)
    await killed(listening)
    assert sorted(seen) == sorted([("last", 1), *((f"escavador_um {name}", 1) for name in beside)])
    said = [each for each in heard if each.stream == "conversa_conversa-1"]
    assert [each.key for each in said] == [f"conversa_conversa-1 {name}" for name in beside]
    assert all(began - timedelta(seconds=1) < each.at < datetime.now(UTC) for each in said)


class _Nanoseconds(datetime):
    """A time that is written as these, and not as seconds."""

    def timestamp(self) -> float:
        return super().timestamp() * 1e9


async def test_each_group_gets_every_message(make_bus: MakeBus) -> None:
    bus = make_bus()
    seen: dict[str, list[int]] = {"um": [], "dois": []}

    def handler_of(group: str) -> Handler:
        async def handler(message: Message) -> Sequence[Outgoing]:
            seen[group].append(number(message))
            return []

        return handler

    await bus.publish([outgoing(each) for each in range(3)])
    # What came before any group goes to the first one; groups that begin at the same time share it in no order.
    async with consumer(bus, handler_of("um"), quick(group="um", at_once=1)):
        await until(lambda: len(seen["um"]) == 3)
        async with consumer(bus, handler_of("dois"), quick(group="dois", at_once=1)):
            groups = {"um": 1, "dois": 1}
            await until_async(lambda: _consumers(bus, groups))
            await bus.publish([outgoing(3)])
            await until(lambda: all(each[-1:] == [3] for each in seen.values()))
    assert seen == {"um": [0, 1, 2, 3], "dois": [3]}


async def _consumers(bus: MessageBus, groups: dict[str, int]) -> bool:
    """Whether the groups of the stream have so many consumers."""
    return {each.group: each.consumers for each in await bus.backlog(STREAM)} == groups


async def test_hundreds_of_conversations_share_one_connection(make_bus: MakeBus) -> None:
    bus, names = make_bus(), [f"conversa/{each}" for each in range(300)]

    async def first_answer(name: str) -> object:
        async for entry in bus.conversation(name):
            if entry.envelope is not None and entry.stream == f"conversa_{name}":
                return entry.envelope.payload["resposta"]
        raise AssertionError("it ended")

    await bus.publish([Outgoing(STREAM, envelope(name, numero=0), name) for name in names[:100]])
    reading = [asyncio.create_task(first_answer(name)) for name in names]
    answers = [Outgoing(f"conversa_{name}", envelope(name, resposta=name)) for name in names]
    await make_bus().publish(answers)
    assert await asyncio.gather(*reading) == names


async def test_conversations_and_keys_are_forgotten_after_their_time(make_bus: MakeBus) -> None:
    bus = make_bus(retention_seconds=5)
    await bus.publish([outgoing(1, "key")])
    assert await bus.story("conversa-1") != []
    await until_async(lambda: _is_forgotten(bus))
    await bus.publish([outgoing(1, "key")])
    (backlog,) = await bus.backlog(STREAM)
    assert backlog.waiting == 2


async def _is_forgotten(bus: MessageBus) -> bool:
    return await bus.story("conversa-1") == []


_CONSUMER = """
import asyncio, os, signal, sys
from blocks.amqp_message_bus import AmqpMessageBus
from blocks.message_bus import ConsumerOptions

async def handler(message):
    if message.envelope.payload["numero"] == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    await asyncio.sleep(0.2)
    return []

options = ConsumerOptions(max_attempts=3)
asyncio.run(AmqpMessageBus(url=sys.argv[1]).consume(sys.argv[2], handler, options, asyncio.Event()))
"""


async def test_what_kills_its_consumers_dies_alone(make_bus: MakeBus, broker: RabbitMQ) -> None:
    bus = make_bus()
    await bus.publish([outgoing(each) for each in range(6)])
    for _ in range(3):
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", _CONSUMER, broker.url, STREAM)
        async with asyncio.timeout(60):
            assert await process.wait() == -9
    seen: list[int] = []

    async def handler(message: Message) -> Sequence[Outgoing]:
        seen.append(number(message))
        return []

    async with consumer(bus, handler, quick(max_attempts=3)):
        done, dead = set[str](), False
        async with asyncio.timeout(30):
            async for entry in bus.conversation("conversa-1"):
                dead = dead or entry.fact is Fact.DEAD
                done |= {entry.key} if entry.fact is Fact.DONE else set()
                if dead and len(done) == 5:
                    break
    (letter,) = await bus.dead_letters()
    assert b'"numero":3' in letter.raw
    assert (letter.attempts, letter.correlation_id) == (3, "conversa-1")
    assert 3 not in seen


async def test_it_goes_on_after_the_broker_was_killed(make_bus: MakeBus, broker: RabbitMQ) -> None:
    bus, other = make_bus(), make_bus()
    seen: list[int] = []
    heard: list[Entry] = []
    slow = asyncio.Event()

    async def handler(message: Message) -> Sequence[Outgoing]:
        seen.append(number(message))
        if number(message) == 0:
            await slow.wait()
        return [Outgoing("conversa_conversa-1", envelope(resposta=number(message)))]

    async def listen() -> None:
        async for entry in other.conversation("conversa-1"):
            heard.append(entry)

    def answers() -> list[object]:
        return [
            each.envelope.payload["resposta"]
            for each in heard
            if each.envelope is not None and each.stream.startswith("conversa_")
        ]

    listening = asyncio.create_task(listen())
    async with consumer(bus, handler):
        await bus.publish([outgoing(0, "zero"), outgoing(1)])
        await until(lambda: answers() == [1])
        # What RabbitMQ 3.10 made in the last second is not written down yet.
        await asyncio.sleep(3)
        broker.kill()
        with pytest.raises(TransientError):
            await bus.publish([outgoing(2)], patience=0)
        with pytest.raises(TransientError):
            await bus.ping()
        slow.set()
        broker.start()
        await until_taken(bus, [outgoing(0, "zero"), outgoing(3)])
        await until(lambda: len(answers()) == 3)
    await killed(listening)
    assert sorted(map(str, answers())) == ["0", "1", "3"]
    # The handler of 0 went on while the connection was lost, and was not started again.
    assert sorted(seen) == [0, 1, 3]
    assert await bus.dead_letters() == []


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("guest:guest", "guest:wrong", InvalidSettingError),
        ("/?", "/nowhere?", InvalidSettingError),
    ],
)
async def test_what_is_set_up_wrong_is_said(
    broker: RabbitMQ, old: str, new: str, error: type[Exception]
) -> None:
    bus = AmqpMessageBus(url=SecretStr(f"{broker.url}?heartbeat=5".replace(old, new)))
    with pytest.raises(error, match="CONTRAPONTO_MESSAGE_BUS"):
        await bus.ping()
    with pytest.raises(error):
        await bus.consume(STREAM, _never, quick(), asyncio.Event())
    await bus.aclose()


async def _never(message: Message) -> Sequence[Outgoing]:
    raise AssertionError(message)
