"""The bus on RabbitMQ among programs that know only its protocol, and what they do to it."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from aiormq import spec
from aiormq.abc import AbstractChannel

from blocks.amqp_forms import (
    INBOX,
    MAIN,
    STREAMS,
    WITHOUT_GROUP,
    group_queue,
    partition,
)
from blocks.message_bus import GROUP, Entry, Fact, Message, MessageBus, Outgoing
from tasks.errors import InvalidInputError, TransientError
from tests.consumers import (
    STREAM,
    consumer,
    envelope,
    killed,
    number,
    outgoing,
    until,
    until_async,
    until_taken,
)
from tests.message_bus_room_suite import MakeBus

pytestmark = [pytest.mark.engine, pytest.mark.system]


def _has(seen: list[Any], number: int) -> bool:
    return len(seen) == number


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
        # A repeat that comes while the first of its key is at work is done, too.
        await until_async(lambda: _is_done(bus, "escavador_um"))
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


async def _is_done(bus: MessageBus, stream: str) -> bool:
    return all(each.waiting == each.pending == 0 for each in await bus.backlog(stream))
