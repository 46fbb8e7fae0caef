"""What every bus does, on each of them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from blocks.local_message_bus import LocalMessageBus
from blocks.message_bus import MessageBus
from blocks.redis_message_bus import RedisMessageBus
from blocks.streams.local_server import forget_everything
from tests.message_bus_room_suite import MakeBus
from tests.message_bus_suite import MessageBusSuite
from tests.servers.valkey import Valkey


class TestOnValkey(MessageBusSuite):
    @pytest.fixture
    async def make_bus(self, valkey: Valkey) -> AsyncIterator[MakeBus]:
        made: list[MessageBus] = []

        def make(**fields: Any) -> MessageBus:
            made.append(RedisMessageBus(url=SecretStr(valkey.url), **fields))
            return made[-1]

        yield make
        for bus in made:
            await bus.aclose()


class TestInOneProcess(MessageBusSuite):
    @pytest.fixture
    async def make_bus(self) -> AsyncIterator[MakeBus]:
        forget_everything()

        def make(**fields: Any) -> MessageBus:
            return LocalMessageBus(**fields)

        yield make
        forget_everything()
