"""Which deployment reads which stream, what its run is given, and what is answered."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.messages.contents import CollectionResult, ExecutionResult
from tasks.messages.envelope import BadMessageError, Envelope, EventType, read_envelope
from tasks.messages.targets import Role, Target, is_stream, parameters_of, reply_stream

YOUTUBE = Target(Role.COLLECTOR, "youtube")
REPORT = Target(Role.EXECUTOR, "relatorio")


def envelope(event: str, **payload: Any) -> Envelope:
    return Envelope(
        correlation_id="pedido-42", tipo_evento=EventType(event), payload=payload, timestamp=datetime.now(UTC)
    )


@pytest.mark.parametrize(
    ("name", "tags", "target"),
    [
        ("escavador-youtube", ["escavador"], YOUTUBE),
        ("executador-relatorio", ["job", "executador"], REPORT),
        ("escavador-a-b_c", ["escavador"], Target(Role.COLLECTOR, "a-b_c")),
        ("escavador-youtube", ["job"], None),
        ("youtube", ["escavador"], None),
        ("executador-relatorio", ["escavador"], None),
        ("escavador-", ["escavador"], None),
        ("escavador-Vídeo", ["escavador"], None),
        ("escavador-" + 81 * "a", ["escavador"], None),
    ],
)
def test_a_deployment_is_a_target_by_its_tag_and_its_name(
    name: str, tags: list[str], target: Target | None
) -> None:
    assert Target.of_deployment(name, tags) == target
    if target is not None:
        assert Target.of_label(str(target)) == target
        assert target.stream == name.replace("-", "_", 1)


@pytest.mark.parametrize(
    "label", [None, 3, "", "youtube", "escavador", "escavador/", "outro/youtube", "escavador/Ü"]
)
def test_labels_that_name_no_target(label: object) -> None:
    assert Target.of_label(label) is None


def test_a_run_is_given_what_the_message_says_and_what_it_takes() -> None:
    asked: dict[str, Any] = {"parametros": {"canal": "@a", "limite": 3}, "responder_em": "conversa_pedido-42"}
    request = YOUTUBE.request(envelope("iniciar_coleta", escavador="youtube", **asked))
    assert parameters_of(request, "pedido-42", ["canal", "limite"]) == {"canal": "@a", "limite": 3}
    known = ["canal", "limite", "correlation_id", "coletas"]
    assert parameters_of(request, "pedido-42", known) == {
        **{"canal": "@a", "limite": 3},
        "correlation_id": "pedido-42",
    }

    collected: Any = {
        "escavador": "youtube",
        "status": "concluida",
        "dados": [1],
        "arquivo": None,
        "erro": None,
    }
    asked = {"parametros": {}, "coletas": [collected], "responder_em": "conversa_pedido-42"}
    request = REPORT.request(envelope("iniciar_execucao", executador="relatorio", **asked))
    assert parameters_of(request, "pedido-42", ["coletas"]) == {"coletas": [collected]}
    assert parameters_of(request, "pedido-42", []) == {}


@pytest.mark.parametrize(
    ("event", "payload", "says"),
    [
        ("resultado_coleta", {}, "takes iniciar_coleta and not resultado_coleta"),
        ("iniciar_coleta", {"responder_em": "a"}, "payload.escavador"),
        ("iniciar_coleta", {"escavador": "youtube"}, "payload.responder_em"),
        ("iniciar_coleta", {"escavador": "youtube", "responder_em": ""}, "names no stream"),
        ("iniciar_coleta", {"escavador": "youtube", "responder_em": "a b"}, "names no stream"),
        (
            "iniciar_coleta",
            {"escavador": "youtube", "responder_em": "a", "parametros": [1]},
            "payload.parametros",
        ),
    ],
)
def test_messages_that_ask_for_nothing_that_could_be_done(
    event: str, payload: dict[str, Any], says: str
) -> None:
    with pytest.raises(BadMessageError, match=says):
        YOUTUBE.request(envelope(event, **payload))


def test_the_faults_of_a_request_are_told_in_one_short_line() -> None:
    wrong = [{"escavador": f"Não é\n{number}", "status": "?"} for number in range(500)]
    with pytest.raises(BadMessageError) as refused:
        REPORT.request(envelope("iniciar_execucao", executador="x", coletas=wrong, responder_em="a"))
    assert "payload.coletas.0.escavador" in refused.value.message
    assert len(refused.value.message) < 1000
    assert refused.value.message.isprintable()


@pytest.mark.parametrize(
    "name",
    ["contraponto", "contraponto:bus:groups", "contraponto.entrada", "contraponto.conversas.03", "amq.topic"],
)
def test_what_is_the_bus_s_own_is_no_stream_for_answers(name: str) -> None:
    assert not is_stream(name)
    with pytest.raises(BadMessageError, match="names no stream"):
        YOUTUBE.request(envelope("iniciar_coleta", escavador="youtube", responder_em=name))
    assert is_stream(f"x{name}")
    assert is_stream("contraponto-respostas")


def test_an_error_is_one_line_that_fits_into_a_message() -> None:
    payload = YOUTUBE.answer("p", "erro", error="a\n" * 100_000).payload
    assert len(str(payload["erro"])) == 4000
    assert str(payload["erro"]).isprintable()


def test_an_answer_repeats_the_name_by_which_the_target_was_asked() -> None:
    assert YOUTUBE.asked_as({"escavador": "youtube-2"}).name == "youtube-2"
    assert YOUTUBE.asked_as({"escavador": "Não é nome"}) == YOUTUBE
    assert YOUTUBE.asked_as({}) == YOUTUBE


def test_answers_are_of_the_forms_that_the_conversation_reads() -> None:
    done = YOUTUBE.answer("pedido-42", "concluida", data={"ação": [1, None]})
    assert read_envelope(done.to_json(), 10_000) == done
    assert CollectionResult.model_validate(done.payload).dados == {"ação": [1, None]}
    failed = REPORT.answer("pedido-42", "erro", error="Não deu.")
    assert failed.tipo_evento is EventType.EXECUTION_RESULT
    assert ExecutionResult.model_validate(failed.payload).erro == "Não deu."


@given(st.text(max_size=400))
def test_names_of_streams_hold_nothing_that_breaks_a_line(name: str) -> None:
    assert reply_stream(envelope("iniciar_coleta", responder_em=name)) == (name if is_stream(name) else None)
    if is_stream(name):
        assert name.split() == [name]
