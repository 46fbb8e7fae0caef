"""Whether somebody reads the streams of a conversation, before anybody is asked."""

import asyncio
import time

import pytest

from blocks.local_message_bus import LocalMessageBus
from blocks.message_bus import Backlog
from flows.collection import _unheard
from tasks.errors import TransientError
from tests.unit.collection.said import conversation


async def test_many_streams_are_looked_at_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """RabbitMQ waits two seconds for consumers of other programs, which say nothing."""

    async def backlog(self: LocalMessageBus, stream: str) -> list[Backlog]:
        await asyncio.sleep(0.2)
        if stream.endswith("away"):
            raise TransientError("The bus does not answer.")
        return [Backlog(stream, "theirs", 0, 0, 0, 1)]

    monkeypatch.setattr(LocalMessageBus, "backlog", backlog)
    began = time.monotonic()
    names = ("away", *(f"a-{number}" for number in range(50)))
    assert await _unheard(LocalMessageBus(), conversation(names, ("x", "a-1"))) == []
    assert time.monotonic() - began < 5
