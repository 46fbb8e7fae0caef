"""What happens to streams of a real server: others write to them, delete them, kill the server."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr
from redis import Redis

from blocks.message_bus import Fact, Message, Outgoing
from blocks.redis_message_bus import RedisMessageBus
from blocks.streams import names
from blocks.streams.redis_server import RedisServer
from tasks.errors import InvalidSettingError, TransientError
from tasks.messages.contents import conversation_stream
from tests.consumers import STREAM, consumer, envelope, killed, number, outgoing, quick, until, until_async
from tests.servers.valkey import Valkey, running_valkey

PERMANENT = (*names.PERMANENT, *(f"{names.PREFIX}{each}:" for each in ("again", "later", "dead")))


@pytest.fixture
async def bus(valkey: Valkey) -> AsyncIterator[RedisMessageBus]:
    bus = RedisMessageBus(url=SecretStr(valkey.url))
    yield bus
    await bus.aclose()


@pytest.fixture
def redis(valkey: Valkey) -> Iterator["Redis"]:
    with valkey.client() as client:
        yield client


class Seen(list[tuple[int, int]]):
    """Takes note of number and attempt of each message."""

    async def __call__(self, message: Message) -> Sequence[Outgoing]:
        self.append((number(message), message.attempt))
        return []


def foreign(each: int, **fields: Any) -> bytes:
    """As a program in another language may write it."""
    return json.dumps(
        {
            "correlation_id": "conversa-1",
            "tipo_evento": "iniciar_coleta",
            "payload": {"numero": each, "título": "ação 文"},
            "timestamp": datetime.now(UTC).replace(tzinfo=None).isoformat(),
            **fields,
        },
        ensure_ascii=False,
    ).encode()


async def test_others_write_to_streams_with_their_own_commands(bus: RedisMessageBus, redis: "Redis") -> None:
    redis.xadd(STREAM, {"mensagem": foreign(1)})
    seen = Seen()
    async with consumer(bus, seen):
        await until(lambda: seen)
        redis.xadd(STREAM, {"mensagem": foreign(2), "outro": "campo"})
        await until(lambda: len(seen) == 2)
    assert seen == [(1, 1), (2, 1)]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"mensagem": b"{"}, "This is no message"),
        ({"mensagem": b"\xff\xfe"}, "This is no message"),
        ({"mensagem": b"[]"}, "This is no message"),
        ({"texto": b"oi"}, 'no field "mensagem"'),
        ({"mensagem": foreign(1, tipo_evento="outro")}, "tipo_evento"),
        ({"mensagem": foreign(1, extra=1)}, "extra"),
        ({"mensagem": foreign(1, payload={"x": "a" * 300_000})}, "the most are 262144"),
    ],
)
async def test_what_is_no_message_is_a_dead_letter_at_once(
    bus: RedisMessageBus, redis: "Redis", fields: dict[Any, Any], reason: str
) -> None:
    redis.xadd(STREAM, fields)
    redis.xadd(STREAM, {"mensagem": foreign(2)})
    seen = Seen()
    async with consumer(bus, seen):
        await until(lambda: seen)
        await until_async(bus.dead_letters)
    (letter,) = await bus.dead_letters(STREAM)
    assert reason in letter.reason
    assert letter.attempts == 1
    assert letter.raw == fields.get("mensagem", b"")
    assert letter.correlation_id == ("conversa-1" if b"correlation_id" in letter.raw else None)
    assert seen == [(2, 1)]
    # It can be replayed; it is no better then.
    assert await bus.replay([letter]) == 1
    async with consumer(bus, seen):
        await until_async(bus.dead_letters)


@pytest.mark.parametrize("lost", ["stream", "group", "own group", "everything"])
async def test_what_is_deleted_under_a_consumer_is_made_again(
    bus: RedisMessageBus, redis: "Redis", lost: str
) -> None:
    seen = Seen()
    await bus.publish([outgoing(1)])
    async with consumer(bus, seen):
        await until(lambda: seen)
        if lost == "stream":
            redis.delete(STREAM)
        elif lost == "group":
            redis.xgroup_destroy(STREAM, "contraponto")
        elif lost == "own group":
            redis.xgroup_destroy(names.again(STREAM, "contraponto"), "contraponto")
        else:
            redis.flushall()
        await bus.publish([outgoing(2)])
        await until(lambda: (2, 1) in seen)
    assert await bus.streams() == [STREAM]
    assert [each.waiting for each in await bus.backlog(STREAM)] == [0]


async def test_a_consumer_outlives_its_server() -> None:
    with running_valkey("--appendonly", "yes", "--appendfsync", "always") as valkey:
        bus = RedisMessageBus(url=SecretStr(valkey.url))
        seen = Seen()
        heard: list[Fact] = []

        async def listen() -> None:
            async for entry in bus.conversation("conversa-1"):
                heard.append(entry.fact)

        listening = asyncio.create_task(listen())
        await bus.publish([outgoing(1)])
        async with consumer(bus, seen):
            await until(lambda: seen and len(heard) == 3)
            valkey.kill()
            with pytest.raises(TransientError, match="does not answer"):
                await bus.publish([outgoing(2)])
            with pytest.raises(TransientError):
                await bus.ping()
            valkey.start()
            await bus.publish([outgoing(3)])
            await until(lambda: len(seen) == 2 and len(heard) == 6)
        await killed(listening)
        await bus.aclose()
    assert seen == [(1, 1), (3, 1)]


async def test_a_connection_that_is_cut_does_no_harm(bus: RedisMessageBus, redis: "Redis") -> None:
    seen = Seen()
    async with consumer(bus, seen):
        for each in range(20):
            await bus.publish([outgoing(each)])
            if each % 5 == 0:
                redis.client_kill_filter(skipme=True, _type="normal")
        await until(lambda: len(seen) >= 20)
    assert sorted(each for each, _ in seen) == [*range(20)]


async def test_a_handled_key_is_not_handled_again(bus: RedisMessageBus, redis: "Redis") -> None:
    seen = Seen()
    async with consumer(bus, seen, quick(at_once=1)):
        await bus.publish([outgoing(1, "um")])
        await until(lambda: seen)
        redis.xadd(STREAM, {"mensagem": foreign(2), "chave": "um"})
        redis.xadd(STREAM, {"mensagem": foreign(3), "chave": "três"})
        await until(lambda: len(seen) == 2)
    assert [each for each, _ in seen] == [1, 3]


async def test_a_consumer_that_was_taken_for_dead_has_no_effect(bus: RedisMessageBus) -> None:
    """One that stood still for longer than the claim time: another has done its work since."""
    first, go_on = asyncio.Event(), asyncio.Event()

    async def slow(message: Message) -> Sequence[Outgoing]:
        first.set()
        await go_on.wait()
        return [outgoing(1, stream="conversa_respostas")]

    async def quick_one(message: Message) -> Sequence[Outgoing]:
        return [outgoing(2, stream="conversa_respostas")]

    await bus.publish([outgoing(1, "um")])
    async with consumer(bus, slow, quick(claim_seconds=1000)):  # it renews too late
        await first.wait()
        await asyncio.sleep(0.3)
        async with consumer(bus, quick_one, quick(claim_seconds=0.2)):
            await until_async(lambda: bus.story("respostas"))
        go_on.set()
    (answer,) = await bus.story("respostas")
    assert answer.envelope is not None
    assert answer.envelope.payload["numero"] == 2


async def test_consumers_do_not_pile_up(bus: RedisMessageBus, redis: "Redis") -> None:
    begun = asyncio.Event()

    async def hang(message: Message) -> Sequence[Outgoing]:
        begun.set()
        await asyncio.Event().wait()
        return []

    for _ in range(3):
        async with consumer(bus, Seen()):
            await until(lambda: redis.exists(STREAM) and redis.xinfo_consumers(STREAM, "contraponto"))
    assert redis.xinfo_consumers(STREAM, "contraponto") == []
    await bus.publish([outgoing(each) for each in range(5)])
    async with consumer(bus, hang) as task:
        await begun.wait()
        await killed(task)
    seen = Seen()
    # Its five messages are taken up first, and it is forgotten then.
    async with consumer(bus, seen, quick(claim_seconds=0.05)):
        await until(lambda: len(seen) == 5)
        await until(lambda: len(redis.xinfo_consumers(STREAM, "contraponto")) == 1)
    assert sorted(seen) == [(each, 2) for each in range(5)]


async def test_conversations_share_a_connection(bus: RedisMessageBus, redis: "Redis") -> None:
    heard: list[str] = []

    async def listen(each: int) -> None:
        async for entry in bus.conversation(f"c-{each}"):
            heard.append(entry.key)

    listening = [asyncio.create_task(listen(each)) for each in range(200)]
    await asyncio.sleep(0.2)
    redis.xadd("conversa_c-199", {"mensagem": foreign(1)})
    redis.xadd("conversa_c-0", {"mensagem": b"nada"})
    await until(lambda: len(heard) == 2)
    assert sum(client["cmd"] == "xread" for client in redis.client_list()) == 1
    assert len(redis.client_list()) < 12
    # Those who wrote there said nothing of when it may go.
    await until(lambda: redis.ttl("conversa_c-199") > 0 and redis.ttl("conversa_c-0") > 0)
    await asyncio.gather(*(killed(task) for task in listening))
    (entry,) = await bus.story("c-0")
    assert entry.fact is Fact.DEAD
    assert "This is no message" in entry.note


async def test_a_journal_that_cannot_be_written_stops_nothing(bus: RedisMessageBus, redis: "Redis") -> None:
    redis.set("conversa_conversa-1", "something else")
    seen = Seen()
    await bus.publish([outgoing(1)])
    async with consumer(bus, seen):
        await until(lambda: seen)
        await until_async(lambda: _all_done(bus))


async def test_an_answer_that_has_no_place_is_a_dead_letter(bus: RedisMessageBus, redis: "Redis") -> None:
    redis.set("executador_provas", "something else")

    async def handler(message: Message) -> Sequence[Outgoing]:
        return [outgoing(1, stream="executador_provas")]

    await bus.publish([outgoing(1)])
    async with consumer(bus, handler):
        await until_async(bus.dead_letters)
    (letter,) = await bus.dead_letters()
    assert "WRONGTYPE" in letter.reason


async def test_what_is_done_is_deleted_though_one_takes_long(bus: RedisMessageBus, redis: "Redis") -> None:
    long = asyncio.Event()
    seen: list[int] = []

    async def handler(message: Message) -> Sequence[Outgoing]:
        if number(message) == 0:
            await long.wait()
        seen.append(number(message))
        return []

    async with consumer(bus, handler, quick(claim_seconds=30)):
        for batch in itertools.batched(range(300), 50) if hasattr(itertools, "batched") else [range(300)]:
            await bus.publish([outgoing(each) for each in batch])
        await until(lambda: len(seen) == 299)
        await until(lambda: redis.xlen(STREAM) == 1)
        long.set()
    await bus.publish([outgoing(1)])
    assert redis.xlen(STREAM) <= 2


async def test_every_key_goes_some_day(bus: RedisMessageBus, redis: "Redis") -> None:
    async def handler(message: Message) -> Sequence[Outgoing]:
        if number(message) == 1 and message.attempt == 1:
            raise TransientError("Not yet.")
        if number(message) == 2:
            raise ValueError("never")
        return [outgoing(number(message), f"r-{number(message)}", stream="conversa_outra")]

    await bus.publish([outgoing(each, f"k-{each}") for each in range(4)])
    redis.xadd(STREAM, {"mensagem": b"nada"})
    listening = asyncio.ensure_future(anext(aiter(bus.conversation("conversa-1"))))
    async with consumer(bus, handler, quick(max_attempts=2)):
        await until_async(lambda: _all_done(bus))
    await listening
    for key in (each.decode() for each in redis.scan_iter()):
        assert redis.ttl(key) > 0 or key == STREAM or key.startswith(PERMANENT), key
    assert redis.zcard(names.later(STREAM, "contraponto")) == 0
    assert redis.xlen(names.again(STREAM, "contraponto")) == 0


async def _all_done(bus: RedisMessageBus) -> bool:
    (backlog,) = await bus.backlog(STREAM)
    return backlog.group != "" and backlog.waiting == backlog.pending == 0


async def test_an_address_that_nothing_answers_at(tmp_path: Any) -> None:
    bus = RedisMessageBus(url=SecretStr(f"unix://{tmp_path}/nothing"))
    with pytest.raises(TransientError, match="does not answer"):
        await bus.publish([Outgoing(STREAM, envelope())])
    stop = asyncio.Event()
    waiting = asyncio.create_task(bus.consume(STREAM, Seen(), quick(), stop))
    await asyncio.sleep(0.1)
    stop.set()
    await waiting


async def test_a_server_that_does_not_let_us_in(valkey: Valkey, redis: "Redis") -> None:
    redis.acl_setuser("ana", enabled=True, passwords=["+certa"], keys=["*"], categories=["+@all"])
    redis.acl_setuser("bia", enabled=True, passwords=["+certa"], keys=["nada"], commands=["+ping"])
    wrong, forbidden = (
        valkey.url.replace("unix://", f"unix://{who}@") for who in ("ana:errada", "bia:certa")
    )
    for url in (wrong, forbidden):
        bus = RedisMessageBus(url=SecretStr(url))
        with pytest.raises(InvalidSettingError, match="does not let us in"):
            await bus.publish([outgoing(1)])
        with pytest.raises(InvalidSettingError, match="does not let us in"):
            await bus.consume(STREAM, Seen(), quick(), asyncio.Event())
        await bus.aclose()


async def test_a_server_that_forgets_all_scripts_at_every_moment(
    bus: RedisMessageBus, redis: "Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = RedisServer._sent

    async def after_a_restart(server: RedisServer, *calls: Any, **how: Any) -> list[Any]:
        redis.script_flush()
        return await sent(server, *calls, **how)

    monkeypatch.setattr(RedisServer, "_sent", after_a_restart)
    seen = Seen()
    async with consumer(bus, seen):
        await bus.publish([outgoing(1), outgoing(2)])
        await until(lambda: len(seen) == 2)
    assert await bus.dead_letters() == []


async def test_an_announcement_makes_no_conversation_and_is_told_to_one_that_is_there(
    bus: RedisMessageBus, redis: "Redis"
) -> None:
    announced = Outgoing("trabalhos", envelope(numero=1), key="a", announcement=True)
    conversation = conversation_stream(announced.envelope.correlation_id)
    await bus.publish([announced])
    assert not redis.exists(conversation)
    await bus.publish([outgoing(2)])
    await bus.publish([replace(announced, key="b")])
    assert [entry.stream for entry in await bus.story(announced.envelope.correlation_id)] == [
        STREAM,
        "trabalhos",
    ]


def _seconds_left(redis: "Redis", count: int) -> list[int]:
    with redis.pipeline() as asked:
        for each in range(count):
            asked.ttl(f"conversa_tarde-{each}")
        found: list[int] = asked.execute()
    return found


async def test_a_conversation_that_a_stranger_has_made_goes_away_too(
    bus: RedisMessageBus, redis: "Redis"
) -> None:
    for each in range(1500):
        redis.xadd(f"conversa_tarde-{each}", {"mensagem": foreign(each)})
    redis.xadd("conversa_logo", {"mensagem": foreign(0)})
    redis.expire("conversa_logo", 60)
    redis.set("alheia", "1")
    async with consumer(bus, Seen()):
        await until(lambda: min(_seconds_left(redis, 1500)) > 60)
    assert 0 < redis.ttl("conversa_logo") <= 60
    assert redis.ttl("alheia") == -1
