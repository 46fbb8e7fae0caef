"""One RabbitMQ for the tests of this package, and what each test finds there."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiormq
import pytest
from aiormq.abc import AbstractChannel
from pydantic import SecretStr

from blocks.amqp_forms import (
    INBOX,
    PARTITIONS,
    STREAMS,
    dead_queue,
    group_queue,
    suspect_queue,
)
from blocks.amqp_message_bus import AmqpMessageBus
from blocks.message_bus import MessageBus
from tests.message_bus_room_suite import MakeBus
from tests.servers.rabbitmq import RabbitMQ, running_rabbitmq


@pytest.fixture(scope="session")
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


@pytest.fixture
async def foreign(broker: RabbitMQ) -> AsyncIterator[AbstractChannel]:
    """A program that knows only what docs/messages.md says."""
    connection = await aiormq.connect(broker.url)
    yield await connection.channel()
    await connection.close()
