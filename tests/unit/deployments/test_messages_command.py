"""`contraponto messages` on a real bus: what waits, what is dead, put back and removed."""

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from blocks.from_settings import message_bus
from blocks.message_bus import ConsumerOptions, Message, MessageBus, Outgoing
from blocks.settings import get_settings
from deployments.cli.app import app
from tasks.errors import InvalidInputError, SourceNotFoundError
from tasks.messages.envelope import Envelope, EventType
from tests.servers.valkey import running_valkey

STREAM = "escavador_palavras"


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with running_valkey() as server:
        monkeypatch.setenv("CONTRAPONTO_HOME", str(tmp_path))
        monkeypatch.setenv("CONTRAPONTO_REDIS_URL", server.url)
        get_settings.cache_clear()
        yield
    get_settings.cache_clear()


def type_in(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["messages", *arguments])


def message(conversation: str) -> Outgoing:
    envelope = Envelope(
        correlation_id=conversation,
        tipo_evento=EventType.START_COLLECTION,
        payload={"escavador": "palavras"},
        timestamp=datetime.now(UTC),
    )
    return Outgoing(STREAM, envelope)


async def _publish_and_refuse(count: int) -> None:
    found: MessageBus = message_bus(get_settings())
    stop = asyncio.Event()

    async def refuse(message: Message) -> list[Outgoing]:
        if message.envelope.correlation_id == f"pedido-{count - 1}":
            stop.set()
        raise InvalidInputError("Não se pode fazer.\nNunca.")

    try:
        await found.publish([message(f"pedido-{number}") for number in range(count)])
        await found.consume(STREAM, refuse, ConsumerOptions(at_once=1), stop)
        await found.publish([message("pedido-outro")])
    finally:
        await found.aclose()


@pytest.mark.usefixtures("bus")
def test_what_waits_and_what_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No messages wait" in type_in().output
    asyncio.run(_publish_and_refuse(3))
    listed = type_in()
    assert re.search(rf"{STREAM} +1 waiting, 0 being handled, 3 dead, the oldest for", listed.output)
    assert "contraponto messages dead-letters" in listed.output
    [backlog] = json.loads(type_in("--json").stdout)
    assert (backlog["waiting"], backlog["dead"]) == (1, 3)

    letters = json.loads(type_in("dead-letters", "--stream", STREAM, "--json").stdout)
    assert {letter["correlation_id"] for letter in letters} == {"pedido-0", "pedido-1", "pedido-2"}
    lines = type_in("dead-letters").stdout.splitlines()
    assert sum("Não se pode fazer. Nunca." in line for line in lines) == 3, "one line each"
    assert json.loads(type_in("dead-letters", "--stream", "outro", "--json").stdout) == []

    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    traced = CliRunner().invoke(app, ["trace", "pedido-1"])
    assert "Não se pode fazer. Nunca." in traced.stdout, "the bus tells its part without a server"
    assert "Not told here: The Prefect server" in traced.output
    unknown = CliRunner().invoke(app, ["trace", "pedido-9"])
    assert "does not answer" in str(unknown.exception)

    assert "1 put back." in type_in("replay", letters[0]["id"]).output
    assert "1 removed." in type_in("discard", letters[1]["id"]).output
    assert isinstance(type_in("discard", letters[1]["id"]).exception, SourceNotFoundError)
    assert isinstance(type_in("discard").exception, InvalidInputError)
    assert isinstance(type_in("replay", letters[2]["id"], "--all").exception, InvalidInputError)
    assert json.loads(type_in("replay", "--all", "--stream", STREAM, "--json").stdout) == {"count": 1}
    assert "0 dead letters." in type_in("dead-letters").output


@pytest.mark.parametrize(
    "words",
    [
        ("messages", "--stream", STREAM, "discard", "--all"),
        ("messages", "--json", "dead-letters"),
        ("dead-letters", "--endpoint", "hooks.example.org", "show", "0192f0a0-0000-7000-8000-000000000000"),
    ],
)
def test_an_option_that_would_have_no_effect_is_refused(words: tuple[str, ...]) -> None:
    """A stream that is named before `discard` would leave its `--all` for every stream."""
    refused = CliRunner().invoke(app, words)
    assert isinstance(refused.exception, InvalidInputError)
    assert words[1] in refused.exception.message
    assert words[1] in refused.exception.hint
