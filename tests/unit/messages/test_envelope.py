"""What is a message and what is not; the published schema says the same."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from blocks.settings import PROJECT_ROOT
from blocks.streams.entries import correlation_of
from tasks.messages.contents import CollectionRequest, CollectionResult, JobEnd, conversation_stream
from tasks.messages.envelope import BadMessageError, Envelope, EventType, read_envelope

MOST = 100_000
SCHEMA = Draft202012Validator(
    json.loads((PROJECT_ROOT / "tasks/messages/mensagem_schema.json").read_text("utf-8"))
)
GOOD: dict[str, Any] = {
    "correlation_id": "pedido-17",
    "tipo_evento": "iniciar_coleta",
    "payload": {"escavador": "youtube", "responder_em": "conversa_pedido-17"},
    "timestamp": "2026-11-29T18:30:00Z",
}

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=8,
)
ids = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.:@/+=-]{0,199}", fullmatch=True)


def read(content: object) -> Envelope:
    return read_envelope(json.dumps(content, ensure_ascii=False).encode(), MOST)


@given(
    ids,
    st.sampled_from(EventType),
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), json_values, max_size=4),
    st.datetimes(timezones=st.just(UTC)),
)
def test_a_message_comes_back_as_it_was(
    correlation_id: str, event: EventType, payload: dict[str, Any], timestamp: datetime
) -> None:
    envelope = Envelope(
        correlation_id=correlation_id, tipo_evento=event, payload=payload, timestamp=timestamp
    )
    again = read_envelope(envelope.to_json(), MOST)
    assert again == envelope
    assert SCHEMA.is_valid(json.loads(envelope.to_json()))
    assert correlation_of(envelope.to_json()) == correlation_id


@pytest.mark.parametrize(
    ("correlation_id", "good"),
    [
        ("ação-ÀÿÖØöø", True),
        ("_a.:@/+=-", True),
        ("-a", False),
        ("a×b", False),
        ("a÷b", False),
        ("ac\u0327a\u0303o", True),
        ("пример-7", True),
        ("αίτημα", True),
        ("طلب-١٢", True),
        ("अनुरोध", True),
        ("คำขอ", True),
        ("注文-42", True),
        ("ちゅうもん", True),
        ("주문", True),
        ("a\u200db", False),
        ("a\u200fb", False),
        ("a\u061cb", False),
        ("a\u00a0b", False),
        ("a\u3000b", False),
        ("a\ufeffb", False),
        ("a\u2028b", False),
        ("🙂", False),
        ("a²", False),
        ("a\n", False),
        ("é" * 200, True),
        ("é" * 201, False),
    ],
)
def test_the_same_ids_are_good_for_whoever_asks(correlation_id: str, good: bool) -> None:
    """The schema is read by other engines than our own, for which `\\w` is another set."""
    content = {**GOOD, "correlation_id": correlation_id}
    raw = json.dumps(content).encode()
    assert correlation_of(raw) == (correlation_id if good else None)
    assert SCHEMA.is_valid(content) == (
        good or correlation_id == "a\n"
    )  # Python's `$` leaves a last line break
    if good:
        assert read_envelope(raw, MOST).correlation_id == correlation_id
    else:
        with pytest.raises(BadMessageError, match="correlation_id"):
            read_envelope(raw, MOST)


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_anything_else_is_refused_in_one_sentence(raw: bytes) -> None:
    with pytest.raises(BadMessageError) as refused:
        read_envelope(raw, MOST)
    assert refused.value.message.isprintable()
    correlation_of(raw)


def test_many_faults_are_not_all_told() -> None:
    with pytest.raises(BadMessageError) as refused:
        read({**GOOD, **{f"campo-{each}-{'x' * 500}": 1 for each in range(150)}})
    assert len(refused.value.message) < 1000
    assert "145 more" in refused.value.message


@given(st.sampled_from(sorted(GOOD)), json_values)
def test_what_the_schema_refuses_is_refused(field: str, value: Any) -> None:
    changed = {**GOOD, field: value}
    if not SCHEMA.is_valid(changed):
        with pytest.raises(BadMessageError, match=field):
            read(changed)


@pytest.mark.parametrize("field", sorted(GOOD))
def test_every_field_is_needed(field: str) -> None:
    less = {name: value for name, value in GOOD.items() if name != field}
    assert not SCHEMA.is_valid(less)
    with pytest.raises(BadMessageError, match=field):
        read(less)


@pytest.mark.parametrize(
    "wrong",
    [
        {"tipo_evento": "INICIAR_COLETA"},
        {"tipo_evento": 1},
        {"correlation_id": ""},
        {"correlation_id": "com espaço"},
        {"correlation_id": "a" * 201},
        {"correlation_id": "a\n"},
        {"correlation_id": 17},
        {"payload": "{}"},
        {"payload": None},
        {"timestamp": 1_700_000_000},
        {"timestamp": "ontem"},
        {"timestamp": "0001-01-01T00:00:00+14:00"},
        {"timestamp": "9999-12-31T23:59:59-00:01"},
        {"versao": 1},
    ],
)
def test_it_is_strict(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadMessageError, match=next(iter(wrong))):
        read({**GOOD, **wrong})


minutes = st.integers(-1439, 1439).map(lambda number: timezone(timedelta(minutes=number)))


@given(st.datetimes(timezones=minutes))
def test_any_time_is_read_or_refused(moment: datetime) -> None:
    raw = json.dumps({**GOOD, "timestamp": moment.isoformat()}).encode()
    try:
        expected = moment.astimezone(UTC)
    except OverflowError:
        with pytest.raises(BadMessageError, match="timestamp"):
            read_envelope(raw, MOST)
    else:
        assert read_envelope(raw, MOST).timestamp == expected


@given(
    st.recursive(
        st.floats() | st.text(st.characters()),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_is_no_json_is_written_as_everybody_reads_it(value: Any) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    answer = CollectionResult(escavador="a", status="concluida", dados=value)
    raw = Envelope.now("x", EventType.COLLECTION_RESULT, answer).to_json()
    written = json.loads(raw, parse_constant=refuse)
    assert read_envelope(raw, MOST).payload == written["payload"]


def test_numbers_that_json_does_not_have_are_read_as_null() -> None:
    """Python writes them, and a server would refuse the run that is to have them."""
    raw = json.dumps({**GOOD, "payload": {"a": [float("nan"), {"b": float("-inf")}, 1.5]}}).encode()
    assert read_envelope(raw, MOST).payload == {"a": [None, {"b": None}, 1.5]}
    assert read_envelope(raw.replace(b"1.5", b"1e999"), MOST).payload == {"a": [None, {"b": None}, None]}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-29T18:30:00Z", datetime(2026, 11, 29, 18, 30, tzinfo=UTC)),
        ("2026-11-29T18:30:00.123456", datetime(2026, 11, 29, 18, 30, 0, 123456, tzinfo=UTC)),
        ("2026-11-29T15:30:00-03:00", datetime(2026, 11, 29, 18, 30, tzinfo=UTC)),
        (datetime(2026, 11, 29, 15, 30, tzinfo=timezone(timedelta(hours=-3))).isoformat(), None),
    ],
)
def test_times_are_in_utc(written: str, meant: datetime | None) -> None:
    timestamp = read({**GOOD, "timestamp": written}).timestamp
    assert timestamp == (meant or datetime(2026, 11, 29, 18, 30, tzinfo=UTC))
    assert timestamp.tzinfo is UTC


def test_what_is_too_large_is_not_read() -> None:
    with pytest.raises(BadMessageError, match=r"The message has \d+ bytes; the most are 50"):
        read_envelope(json.dumps(GOOD).encode(), 50)


def test_foreign_payloads_may_say_more_and_our_own_do_not() -> None:
    request = CollectionRequest.model_validate({**GOOD["payload"], "prioridade": 1})
    assert request.escavador == "youtube"
    assert Envelope.now("x", EventType.START_COLLECTION, request).payload["parametros"] == {}
    with pytest.raises(ValueError, match="extra"):
        JobEnd.model_validate({"job_id": "1", "operation": "x", "status": "completed", "a": 1})
    assert conversation_stream("x") == "conversa_x"
