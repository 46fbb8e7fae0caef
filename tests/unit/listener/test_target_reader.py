"""What the listener makes of a message to a collector, and how it refuses one."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from blocks.message_bus import Message
from deployments.listener.runs import Deployment, RefusedRunError
from deployments.listener.streams import TargetReader
from tasks.messages.envelope import Envelope, EventType, read_envelope
from tasks.messages.reasons import Reason
from tasks.messages.targets import REQUEST_LABEL, Role, Target

READER = TargetReader(Deployment(uuid4(), "escavador-x", ("n",)), Target(Role.COLLECTOR, "x"))


def message(**payload: Any) -> Message:
    envelope = Envelope(
        correlation_id="c-1",
        tipo_evento=EventType.START_COLLECTION,
        payload={"escavador": "x", "responder_em": "conversa_c-1", **payload},
        timestamp=datetime.now(UTC),
    )
    return Message("1-0", "escavador_x", envelope, "the key", 1)


def test_a_run_knows_the_message_that_has_asked_for_it() -> None:
    assert READER.wanted(message()).labels[REQUEST_LABEL] == "the key"


def test_a_refusal_fits_into_a_message_whatever_the_server_says() -> None:
    """What it says repeats the parameter that was wrong, escaped: several times as long."""
    refused = RefusedRunError('The server refuses a run of "escavador-x".', hint="\U000e0001\\x00" * 200_000)
    [answer] = READER.refusal(message(), refused)
    assert answer.stream == "conversa_c-1"
    told = read_envelope(answer.envelope.to_json(), 32_000).payload
    assert str(told["erro"]).startswith('The server refuses a run of "escavador-x".')
    assert told["pedido"] == "the key"
    assert told["erro_conhecido"] == {**dict.fromkeys(Reason.model_fields), "codigo": "refused_run"}
