"""The collectors of the manual in JavaScript and in Python, as programs, asked by a real conversation on Valkey."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from blocks.local_media_store import LocalMediaStore
from blocks.redis_message_bus import RedisMessageBus
from blocks.settings import PROJECT_ROOT
from tasks.collection.conversation import Conversation
from tasks.collection.driver import Driver
from tasks.collection.targets import Target
from tests.servers.valkey import Valkey
from tests.waiting import wait_until

EXAMPLES = PROJECT_ROOT / "docs" / "examples"
STREAM = "escavador_palavras"
NODE = shutil.which("node")


@pytest.fixture(
    params=[
        pytest.param(
            (NODE, "collector.mjs", "palavras-em-node"),
            id="node",
            marks=pytest.mark.skipif(NODE is None, reason="no Node"),
        ),
        pytest.param((sys.executable, "collector.py", "palavras-em-python"), id="python"),
    ]
)
def program(request: pytest.FixtureRequest) -> tuple[list[str], str]:
    """How the collector is started, and the group that it reads in."""
    interpreter, file, group = request.param
    return [interpreter, str(EXAMPLES / file)], group


@contextmanager
def running(program: list[str], valkey: Valkey, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """A collector that has begun to read."""
    with subprocess.Popen(
        [*program, valkey.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"CLAIM_AFTER_MS": "60000", **environment},
    ) as process:
        try:
            assert process.stdout is not None
            assert STREAM in process.stdout.readline()
            yield process
        finally:
            process.kill()


def converse(valkey: Valkey, tmp_path: Path, *texts: Any) -> Conversation:
    """What becomes of a conversation with the collector, asked once with each."""
    targets = [Target(name="palavras", parameters={"textos": each}) for each in texts]
    conversation = Conversation.of("c-1", "job", targets, [], collect_seconds=60, execute_seconds=1)

    async def drive() -> None:
        bus = RedisMessageBus(url=SecretStr(valkey.url))
        try:
            store = LocalMediaStore(root=tmp_path)
            driver = Driver(bus, store, conversation, "c", lambda _: None)
            await driver.catch_up()
            await driver.collect()
        finally:
            await bus.aclose()

    asyncio.run(drive())
    return conversation


def test_it_answers_a_conversation(program: tuple[list[str], str], valkey: Valkey, tmp_path: Path) -> None:
    command, group = program
    with valkey.client() as client:
        client.xadd(STREAM, {"mensagem": "{not JSON"})
        client.xadd(STREAM, {"other": "field"})
    with running(command, valkey) as process:
        first = converse(valkey, tmp_path, ["a ação não é fácil", ""])
        refused = converse(valkey, tmp_path, "no list").collect.substeps[0]
        process.terminate()
        assert process.wait(60) == 0, process.stderr.read() if process.stderr else ""
    (done,) = first.collect.substeps
    assert done.answer is not None
    assert done.answer.dados == [{"texto": "a ação não é fácil", "palavras": 5}, {"texto": "", "palavras": 0}]
    # The same conversation, asked again: what was said of it is known.
    assert refused.status in ("concluida", "erro")
    with valkey.client() as client:
        assert client.xpending(STREAM, group)["pending"] == 0
        aside = client.xrange(f"{STREAM}_mortas")
    assert len(aside) == 2
    assert aside[0][1][b"mensagem"] == b"{not JSON"
    assert aside[0][1][b"motivo"]


def test_one_takes_over_what_another_left_and_sets_aside_what_kills(
    program: tuple[list[str], str], valkey: Valkey
) -> None:
    command, group = program

    def asked(name: str) -> str:
        payload = {"escavador": "palavras", "parametros": {"textos": [name]}, "responder_em": "conversa_c-2"}
        return json.dumps({"correlation_id": "c-2", "tipo_evento": "iniciar_coleta", "payload": payload})

    with valkey.client() as client:
        client.xgroup_create(STREAM, group, id="0", mkstream=True)
        left = client.xadd(STREAM, {"mensagem": asked("left")})
        killer = client.xadd(STREAM, {"mensagem": asked("killer")})
        client.xreadgroup(group, "one-that-died", {STREAM: ">"})
        client.xclaim(STREAM, group, "one-that-died", 0, [killer], retrycount=9)
        with running(command, valkey, CLAIM_AFTER_MS="200"):
            wait_until(lambda: client.xlen(f"{STREAM}_mortas") == 1, what="the message that is set aside")
            wait_until(lambda: client.xlen("conversa_c-2") == 1, what="the answer")
        (answer,) = client.xrange("conversa_c-2")
        assert json.loads(answer[1][b"mensagem"])["payload"]["dados"] == [{"texto": "left", "palavras": 1}]
        assert client.xpending(STREAM, group)["pending"] == 0
        assert left != killer
