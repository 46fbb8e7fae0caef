"""The message bus on a real RabbitMQ: what every bus does, and what is this one's alone."""

import asyncio
import sys
from collections.abc import Sequence

import pytest
from pydantic import SecretStr

from blocks.amqp_message_bus import AmqpMessageBus
from blocks.message_bus import Entry, Fact, FullStreamError, Handler, Message, MessageBus, Outgoing
from tasks.errors import InvalidSettingError, TransientError
from tests.consumers import (
    STREAM,
    consumer,
    envelope,
    killed,
    number,
    outgoing,
    quick,
    until,
    until_async,
    until_taken,
)
from tests.message_bus_room_suite import MakeBus
from tests.message_bus_suite import MessageBusSuite
from tests.servers.rabbitmq import RabbitMQ

pytestmark = [pytest.mark.engine, pytest.mark.system]


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
