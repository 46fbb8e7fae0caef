"""Any history of the bus in one process and on Valkey; `tests/system/rabbitmq` has RabbitMQ."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from blocks.local_message_bus import LocalMessageBus
from blocks.message_bus import MessageBus, Outgoing
from blocks.redis_message_bus import RedisMessageBus
from blocks.stream_message_bus import StreamMessageBus
from blocks.streams.local_server import forget_everything
from tests.message_bus_histories import STEPS, History, Step, check
from tests.servers.valkey import Valkey


@asynccontextmanager
async def in_one_process() -> AsyncIterator[History]:
    forget_everything()
    bus = LocalMessageBus()
    yield History(LocalMessageBus, lambda stream, message: written(bus, stream, message))
    forget_everything()


@asynccontextmanager
async def on_valkey(valkey: Valkey) -> AsyncIterator[History]:
    made: list[MessageBus] = []

    def connect() -> RedisMessageBus:
        bus = RedisMessageBus(url=SecretStr(valkey.url))
        made.append(bus)
        return bus

    with valkey.client() as client:
        client.flushall()
    bus = connect()
    yield History(connect, lambda stream, message: written(bus, stream, message))
    for each in made:
        await each.aclose()


async def written(bus: StreamMessageBus, stream: str, message: Outgoing) -> None:
    entry = {"mensagem": message.envelope.to_json(), "chave": message.key}
    await bus._streams._redis.xadd(stream, entry)  # type: ignore[attr-defined]


async def run(place: AbstractAsyncContextManager[History], steps: Sequence[Step]) -> None:
    async with place as history:
        await check(history, steps)


_FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_FEW
@given(steps=st.lists(STEPS, max_size=15))
def test_of_any_history_in_one_process(steps: list[Step]) -> None:
    asyncio.run(run(in_one_process(), steps))


@_FEW
@given(steps=st.lists(STEPS, max_size=15))
def test_of_any_history_on_valkey(valkey: Valkey, steps: list[Step]) -> None:
    asyncio.run(run(on_valkey(valkey), steps))
