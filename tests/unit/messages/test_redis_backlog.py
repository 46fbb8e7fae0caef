"""What waits in a stream, where the server does not count it itself: before version 7 none does."""

from collections.abc import Sequence

import pytest
from pydantic import SecretStr

from blocks.redis_message_bus import RedisMessageBus
from blocks.streams.redis_server import RedisServer
from blocks.streams.server import Raw
from tests.servers.valkey import Valkey


async def test_it_is_counted_with_few_messages_in_memory(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    with valkey.client() as client:
        ids = [client.xadd("s", {"mensagem": "{}"}) for _ in range(1000)]
        client.xgroup_create("s", "g", id=ids[199])
        # Of a group that begins in the middle nobody knows how much it has read.
        [known] = client.xinfo_groups("s")
        assert known.get("lag") is None
    answers: list[int] = []
    usual = RedisServer.range

    async def counted(self: RedisServer, stream: str, first: str = "-", count: int = 500) -> Sequence[Raw]:
        entries = await usual(self, stream, first, count)
        answers.append(len(entries))
        return entries

    monkeypatch.setattr(RedisServer, "range", counted)
    bus = RedisMessageBus(url=SecretStr(valkey.url))
    [backlog] = await bus.backlog("s")
    await bus.aclose()
    assert backlog.waiting == 800
    assert max(answers) <= 200


async def test_a_group_whose_name_is_no_text_is_told_of(valkey: Valkey) -> None:
    """Nobody's conversation fails because of what another program calls itself."""
    with valkey.client() as client:
        client.xadd("s", {"mensagem": "{}"})
        for group in (b"\xff\xfe", "ação"):
            client.xgroup_create("s", group, id="0")
            client.xreadgroup(group, b"\xfd", {"s": ">"})
    bus = RedisMessageBus(url=SecretStr(valkey.url))
    backlogs = await bus.backlog("s")
    await bus.aclose()
    assert {each.group: (each.pending, each.consumers) for each in backlogs} == {
        "\ufffd\ufffd": (1, 1),
        "ação": (1, 1),
    }
    assert all(each.oldest_seconds is not None for each in backlogs)
