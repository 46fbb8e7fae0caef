"""What every bus does, on each of them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from blocks.local_message_bus import LocalMessageBus
from blocks.message_bus import MessageBus
from blocks.redis_message_bus import RedisMessageBus
from blocks.streams.local_server import forget_everything
from tasks.errors import InvalidSettingError
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


@pytest.mark.parametrize("address", ["redis://localhost:99999/0", "redis://[::1/0", "http://localhost"])
async def test_an_address_that_is_none_is_said(address: str) -> None:
    """Those of the settings are looked at before; one of a block comes from a form."""
    bus = RedisMessageBus(url=SecretStr(address))
    with pytest.raises(InvalidSettingError, match="CONTRAPONTO_MESSAGE_BUS"):
        await bus.ping()
