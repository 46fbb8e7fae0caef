"""Other programs write into the keys of the bus: whatever it is, the bus goes on."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from blocks.message_bus import GROUP, Message, Outgoing
from blocks.redis_message_bus import RedisMessageBus
from blocks.streams import names
from blocks.streams.entries import Again, dead_letter, put_back, read_again
from blocks.streams.server import Raw
from tests.consumers import STREAM, consumer, killed, number, outgoing, quick, until, until_async
from tests.servers.valkey import Valkey

if TYPE_CHECKING:
    from redis import Redis

GARBAGE = (
    b"",
    b"\xff\xfe",
    b"no json\n{}",
    b"17",
    b"null\n{}",
    b"{}\n{}",
    b"[]\n{}",
    b'["1-1", null]\n{}',
    b"[null, null, 1]\n{}",
    b'["yesterday", null, 0]\n{}',
    b'["1-1", 5, 0]\n{}',
    b'["1-1", "\\ud800", 0]\n{}',
    b'["1-1", null, "2"]\n{}',
    b'["1-1", null, -1]\n{}',
    b'["1-1", null, 1e999]\n{}',
    b'["1-1", null, ' + b"9" * 5000 + b"]\n{}",
    b"[" * 100_000 + b"\n{}",
)
ODD_FIELDS: tuple[dict[bytes, bytes], ...] = (
    {b"tentativas": b"many"},
    {b"tentativas": b"-3"},
    {b"tentativas": "٣".encode()},
    {b"tentativas": b"9" * 5000},
    {b"id": b"\xff", b"chave": b"\xff\xfe"},
    {b"correlacao": b"\xff\xfe", b"motivo": b"\xff"},
    {b"correlacao": b"x" * 100_000},
    {},
)


@pytest.mark.parametrize("written", GARBAGE)
def test_what_no_bus_has_written_is_not_read(written: bytes) -> None:
    assert read_again(written) is None


def test_what_a_bus_has_written_is_read() -> None:
    for again in (Again("17-0", None, 0, b"\xff\n\n{}"), Again("17-1", "chave ção", 4, b"")):
        assert read_again(again.written()) == again


@pytest.mark.parametrize("fields", ODD_FIELDS)
def test_a_dead_letter_is_told_and_goes_back_whatever_it_says(fields: dict[bytes, bytes]) -> None:
    raw = Raw("17-0", fields)
    letter = dead_letter(STREAM, GROUP, raw)
    assert (letter.id, letter.attempts, letter.correlation_id) == ("17-0", 0, None)
    back = put_back(raw)
    assert read_again(back.written()) == back
    assert back.first_id == "17-0"


@pytest.fixture
def redis(valkey: Valkey) -> "Iterator[Redis]":
    with valkey.client() as client:
        yield client


@pytest.fixture
async def bus(valkey: Valkey) -> AsyncIterator[RedisMessageBus]:
    made = RedisMessageBus(url=SecretStr(valkey.url))
    yield made
    await made.aclose()


async def test_garbage_goes_to_the_dead_letters_and_the_others_are_handled(
    bus: RedisMessageBus, redis: "Redis"
) -> None:
    seen: list[int] = []

    async def handler(message: Message) -> Sequence[Outgoing]:
        seen.append(number(message))
        return []

    async with consumer(bus, handler, quick(at_once=100)):
        await bus.publish([outgoing(1)])
        await until(lambda: seen == [1])
        for score, garbage in enumerate(GARBAGE):
            redis.xadd(names.again(STREAM, GROUP), {"de_novo": garbage})
            redis.zadd(names.later(STREAM, GROUP), {garbage + b" ": score})
        redis.xadd(names.again(STREAM, GROUP), {"other": "field"})
        redis.sadd(names.GROUPS, b"\xff", "no group", ":", "a:b:c")
        redis.sadd(names.STREAMS, b"\xff", "x" * 10_000)
        for fields in ODD_FIELDS:
            odd: dict[Any, Any] = {**(fields or {b"x": b"y"})}
            redis.xadd(names.dead(STREAM, GROUP), odd)
        expected = 2 * len(GARBAGE) + 1 + len(ODD_FIELDS)

        async def are_dead() -> bool:
            return len(await bus.dead_letters(STREAM)) == expected

        await until_async(are_dead)
        assert STREAM in await bus.streams()
        (backlog,) = await bus.backlog(STREAM)
        assert backlog.dead == expected
        letters = await bus.dead_letters(STREAM)
        assert await bus.replay(letters) == expected
        assert await bus.replay(letters) == 0
        await until_async(are_dead)
        await bus.publish([outgoing(2)])
        await until(lambda: seen == [1, 2])


async def test_what_waits_is_counted_beside_garbage(bus: RedisMessageBus, redis: "Redis") -> None:
    redis.xadd(STREAM, {"mensagem": "{}"})
    redis.xgroup_create(STREAM, GROUP, id="$")
    redis.xadd(names.again(STREAM, GROUP), {"de_novo": "?"})
    redis.zadd(names.later(STREAM, GROUP), {"?": 1})
    (backlog,) = await bus.backlog(STREAM)
    assert (backlog.pending, backlog.oldest_seconds) == (2, None)


@pytest.mark.parametrize(
    "key", [STREAM, names.again(STREAM, GROUP), names.GROUPS, names.STREAMS, names.later(STREAM, GROUP)]
)
async def test_a_key_that_something_else_has_is_waited_for(
    bus: RedisMessageBus, redis: "Redis", key: str, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[int] = []

    async def handler(message: Message) -> Sequence[Outgoing]:
        seen.append(number(message))
        return []

    redis.set(key, "something else")
    async with consumer(bus, handler) as consuming:
        await asyncio.sleep(0.3)
        assert not consuming.done()
        redis.delete(key)
        await bus.publish([outgoing(1)])
        await until(lambda: seen == [1])
    if key != names.STREAMS:
        assert "Another program keeps something else" in caplog.text


async def test_a_conversation_that_is_none_ends_no_other(bus: RedisMessageBus, redis: "Redis") -> None:
    redis.set("conversa_b", "something else")
    heard: list[str] = []

    async def listen(correlation_id: str) -> None:
        async for entry in bus.conversation(correlation_id):
            heard.append(entry.key)

    one, other = (asyncio.create_task(listen(each)) for each in ("a", "b"))
    await asyncio.wait([other])
    assert "Another program" in str(other.exception())
    redis.xadd("conversa_a", {"mensagem": json.dumps({}), "chave": "first"})
    await until(lambda: heard == ["first"])
    await killed(one)
