"""Any history of the bus on RabbitMQ, as in `tests/unit/messages/test_bus_histories.py`."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from uuid import uuid4

import aiormq
import pytest
from aiormq import spec
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from blocks.amqp_forms import MAIN
from blocks.amqp_message_bus import AmqpMessageBus
from blocks.message_bus import MessageBus, Outgoing
from tests.message_bus_histories import STEPS, History, Step, check
from tests.servers.rabbitmq import RabbitMQ, running_rabbitmq

pytestmark = [pytest.mark.engine, pytest.mark.system]

_SETTLED_SECONDS = 0.5
"""Ten times the pause before a second attempt, during which RabbitMQ has the message in no queue of the backlog."""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    with running_rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as running:
        yield running


@asynccontextmanager
async def on(broker: RabbitMQ) -> AsyncIterator[History]:
    """The queues stay from one to the next: of those that were just deleted and made again, RabbitMQ 3.10 loses its
    channels now and then."""
    made: list[MessageBus] = []

    def connect() -> MessageBus:
        made.append(AmqpMessageBus(url=SecretStr(broker.url)))
        return made[-1]

    connection = await aiormq.connect(broker.url)
    channel = await connection.channel()

    async def written(stream: str, message: Outgoing) -> None:
        named = spec.Basic.Properties(message_id=message.key, delivery_mode=2)
        await channel.basic_publish(
            message.envelope.to_json(), exchange=MAIN, routing_key=stream, properties=named
        )

    try:
        history = History(connect, written, settled_seconds=_SETTLED_SECONDS, name=f"{uuid4().hex} ")
        yield history
        await history.bus.discard(await history.bus.dead_letters())
    finally:
        for bus in made:
            await bus.aclose()
        await connection.close()


# To find a smaller history that fails takes a hundred times as long as to find one.
@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(steps=st.lists(STEPS, max_size=15))
def test_of_any_history(broker: RabbitMQ, steps: list[Step]) -> None:
    async def run() -> None:
        async with on(broker) as history:
            await check(history, steps)

    asyncio.run(run())
