"""What the manual says of messages is so: its commands are run against a real server."""

import json
import re
import shlex

import pytest
from jsonschema import Draft202012Validator
from pydantic import SecretStr

from blocks.redis_message_bus import RedisMessageBus
from blocks.settings import PROJECT_ROOT
from tasks.messages.envelope import read_envelope
from tasks.messages.schema import message_schema
from tests.consumers import consumer, quick, until
from tests.servers.valkey import Valkey
from tests.unit.messages.test_redis_streams import Seen

PAGE = (PROJECT_ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"```json\n(.*?)```", PAGE, re.S)


def test_the_example_is_a_message() -> None:
    Draft202012Validator(message_schema()).validate(json.loads(EXAMPLE))
    assert read_envelope(EXAMPLE.encode(), 10_000).correlation_id == "pedido-42"


async def test_its_commands_work(valkey: Valkey, capsys: pytest.CaptureFixture[str]) -> None:
    commands = [shlex.split(line)[1:] for line in PAGE.splitlines() if line.startswith("redis-cli ")]
    assert [command[0] for command in commands] == ["XADD", "XGROUP", "XREADGROUP", "XACK"]
    seen = Seen()
    with valkey.client() as redis:
        for command in commands[:-1]:
            words = [EXAMPLE if word == "$(cat mensagem.json)" else word for word in command]
            answer = redis.execute_command(*words)
        ((_, ((entry_id, fields),)),) = answer
        assert read_envelope(fields[b"mensagem"], 10_000).payload["escavador"] == "arquivos"
        bus = RedisMessageBus(url=SecretStr(valkey.url))

        async def handler(message: object) -> list[object]:
            seen.append((1, 1))
            return []

        async with consumer(bus, handler, quick(), stream="escavador_arquivos"):  # type: ignore[arg-type]
            await until(lambda: seen)
            # Another group has not done it yet.
            assert redis.xlen("escavador_arquivos") == 1
            assert redis.execute_command(*commands[-1][:-1], entry_id) == 1
        await bus.aclose()
