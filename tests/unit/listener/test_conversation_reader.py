"""The run that a message on `oraculo` asks for."""

from datetime import UTC, datetime
from uuid import uuid4

from pydantic import JsonValue

from blocks.message_bus import Message
from deployments.listener.runs import Deployment
from deployments.listener.streams import ConversationReader
from tasks.messages.contents import START_STREAM
from tasks.messages.envelope import Envelope, EventType


def test_earlier_callers_are_understood() -> None:
    payload: dict[str, JsonValue] = {
        "escavadores": [{"nome": "youtube"}],
        "executadores": ["relatorio"],
        "id_roteiro": "R",
    }
    envelope = Envelope(
        correlation_id="c-1",
        tipo_evento=EventType.START_COLLECTION,
        payload=payload,
        timestamp=datetime.now(UTC),
    )
    reader = ConversationReader(Deployment(uuid4(), "collect-and-execute", ()))
    wanted = reader.wanted(Message("1-0", START_STREAM, envelope, "key", 1))
    assert wanted.parameters == {
        "collectors": [{"name": "youtube"}],
        "executors": [{"name": "relatorio"}],
        "id_roteiro": "R",
        "correlation_id": "c-1",
    }
