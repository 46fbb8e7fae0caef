"""What may be wrong with a Redis: it refuses some commands, has other things under our keys, hands over to another."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr
from redis.exceptions import MovedError, OutOfMemoryError, RedisError, ResponseError

from blocks.message_bus import GROUP, Message, Outgoing
from blocks.redis_message_bus import RedisMessageBus
from blocks.streams import names
from blocks.streams.redis_errors import meant
from blocks.streams.redis_server import RedisServer
from deployments.checks.check import State
from deployments.checks.messages import bus_check
from tasks.errors import InvalidSettingError, TransientError
from tests.consumers import STREAM, consumer, killed, number, outgoing, quick, until, until_async
from tests.servers.valkey import Valkey, running_valkey


async def test_what_a_dead_consumer_had_is_found_behind_what_others_work_on(valkey: Valkey) -> None:
    server = RedisServer(valkey.url)
    await server.make_group(STREAM, "g")
    with valkey.client() as redis:
        for each in range(60):
            redis.xadd(STREAM, {"mensagem": str(each)})
    at_work = await server.read_group("g", "alive", [STREAM], 59, 1)
    (lost,) = await server.read_group("g", "dead", [STREAM], 1, 1)
    with valkey.client() as redis:
        redis.xclaim(STREAM, "g", "dead", 0, [lost.entry.id], idle=60_000, justid=True)
    await server.renew(STREAM, "g", "alive", [each.entry.id for each in at_work])
    taken = await server.claim(STREAM, "g", "other", 50, 2)
    assert [each.entry.id for each in taken] == [lost.entry.id]
    await server.aclose()


async def test_a_duty_that_the_server_refuses_keeps_no_other_from_being_done(valkey: Valkey) -> None:
    """A user who may not look through all keys; what failed was never tried again."""
    with valkey.client() as redis:
        redis.execute_command("ACL", "SETUSER", "bus", "on", ">pw", "~*", "&*", "+@all", "-scan")
    bus = RedisMessageBus(url=SecretStr(valkey.url.replace("unix://", "unix://bus:pw@")))
    attempts: list[int] = []

    async def handler(message: Message) -> Sequence[Outgoing]:
        attempts.append(message.attempt)
        if message.attempt == 1:
            raise TransientError("Not yet.")
        return []

    async with consumer(bus, handler):
        await bus.publish([outgoing(1)])
        await until(lambda: attempts == [1, 2])
    await bus.aclose()
    with valkey.client() as redis:
        redis.execute_command("ACL", "DELUSER", "bus")


@pytest.mark.parametrize("key", [names.dead(STREAM, GROUP), names.later(STREAM, GROUP)])
async def test_what_cannot_be_put_aside_is_not_lost(
    valkey: Valkey, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody has put something else under a key of the bus."""
    bus = RedisMessageBus(url=SecretStr(valkey.url))

    async def handler(_: Message) -> Sequence[Outgoing]:
        raise TransientError("Not yet.")

    async def is_dead() -> bool:
        return bool(await bus.dead_letters())

    with valkey.client() as redis:
        redis.set(key, "something else")
        most = 1 if key == names.dead(STREAM, GROUP) else 2
        async with consumer(bus, handler, quick(claim_seconds=0.3, max_attempts=most)):
            await bus.publish([outgoing(1)])
            await until(lambda: "cannot be settled" in caplog.text)
            redis.delete(key)
            await until_async(is_dead)
    (letter,) = await bus.dead_letters()
    assert b'"numero":1' in letter.raw
    await bus.aclose()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Name:
    """As a name that leads to the server which is in charge: who connects anew gets that one."""

    def __init__(self, port: int) -> None:
        self.port = port

    @asynccontextmanager
    async def served(self) -> AsyncIterator[int]:
        connections: list[asyncio.Task[None]] = []

        async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, back = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                await asyncio.gather(_pump(reader, back), _pump(there, writer))
            finally:
                for each in (back, writer):
                    each.close()
                    with contextlib.suppress(OSError):
                        await each.wait_closed()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connections.append(asyncio.create_task(forward(reader, writer)))

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for each in connections:
                each.cancel()
            await asyncio.gather(*connections, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def test_another_server_takes_over_and_the_first_lives_on_as_its_replica() -> None:
    """No connection is cut by that; the name has to be asked again."""
    first_port, second_port = _free_port(), _free_port()
    with (
        running_valkey("--save", "", "--port", str(first_port)) as first,
        running_valkey("--save", "", "--port", str(second_port)) as second,
        first.client() as one,
        second.client() as two,
    ):
        name, seen, heard = Name(first_port), list[int](), list[str]()
        two.execute_command("REPLICAOF", "127.0.0.1", first_port)
        async with name.served() as port:
            bus = RedisMessageBus(url=SecretStr(f"redis://127.0.0.1:{port}/0"))

            async def handler(message: Message) -> Sequence[Outgoing]:
                seen.append(number(message))
                return []

            async def listen() -> None:
                async for entry in bus.conversation("conversa-1"):
                    heard.append(entry.key)

            async def is_published() -> bool:
                try:
                    await bus.publish([outgoing(2, "second")])
                except TransientError:
                    return False
                return True

            async with consumer(bus, handler):
                listening = asyncio.create_task(listen())
                await bus.publish([outgoing(1, "first")])
                await until(lambda: seen == [1] and "first" in heard)
                await until(lambda: two.exists(STREAM))
                two.execute_command("REPLICAOF", "NO", "ONE")
                one.execute_command("REPLICAOF", "127.0.0.1", second_port)
                name.port = second_port
                await until_async(is_published)
                await until(lambda: seen[-1] == 2 and "second" in heard)
                await killed(listening)
            await bus.aclose()


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (OutOfMemoryError("command not allowed when used memory > 'maxmemory'."), TransientError, "memory"),
        (ResponseError("READONLY You can't write against a read only replica."), TransientError, "replica"),
        (MovedError("3999 127.0.0.1:6381"), InvalidSettingError, "Redis Cluster"),
        (
            ResponseError("Script attempted to access a non local key in a cluster node script: x"),
            InvalidSettingError,
            "Redis Cluster",
        ),
    ],
)
def test_what_a_server_says_is_told_with_what_to_do(
    error: RedisError, kind: type[Exception], said: str
) -> None:
    told = meant(error, "redis://bus")
    assert isinstance(told, kind)
    assert said in str(told)


@pytest.mark.parametrize(
    ("memory", "policy", "state"),
    [
        ("100mb", "allkeys-lru", State.DEGRADED),
        ("100mb", "volatile-ttl", State.DEGRADED),
        ("100mb", "noeviction", State.HEALTHY),
        ("0", "allkeys-lru", State.HEALTHY),
    ],
)
def test_a_server_that_throws_messages_away_is_told_of(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch, memory: str, policy: str, state: State
) -> None:
    monkeypatch.setattr("deployments.client.bus.find_bus", lambda: RedisMessageBus(url=SecretStr(valkey.url)))
    with valkey.client() as redis:
        try:
            redis.config_set("maxmemory", memory)
            redis.config_set("maxmemory-policy", policy)
            check = bus_check()
        finally:
            redis.config_set("maxmemory-policy", "noeviction")
            redis.config_set("maxmemory", "0")
    assert check.state is state
    assert (policy in check.remark) == (state is State.DEGRADED)
