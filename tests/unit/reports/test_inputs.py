"""What a report is made of: answers, and the files that they name."""

from pathlib import Path

import pytest

from blocks.local_media_store import LocalMediaStore
from tasks.collection.conversation import Phase, PhaseName, Substep
from tasks.collection.targets import Target
from tasks.messages.contents import ExecutionRequest, SubstepStatus
from tasks.messages.reasons import Reason, ReasonCode
from tasks.messages.targets import Role, parameters_of
from tasks.messages.targets import Target as Answering
from tasks.reports.content import Status
from tasks.reports.steps import Answer, _collected, _Files, inputs_of
from tasks.reports.values import Writer
from tests.unit.collection.said import BEGIN, NAME, answer, conversation, requested


@pytest.fixture
def store(tmp_path: Path) -> LocalMediaStore:
    return LocalMediaStore(root=tmp_path)


def answered(
    store: LocalMediaStore, room: int = 1000, **told: object
) -> tuple[Status, str | None, list[str]]:
    warnings: list[str] = []
    answer = Answer.model_validate({"escavador": "a", "status": "concluida", **told})
    found = _collected(answer, _Files(store, Writer("pt-BR"), room), warnings)
    return found.status, found.reason, warnings


@pytest.mark.parametrize("how", ["enough", "time", "again"])
def test_whoever_was_not_waited_for_has_not_failed(store: LocalMediaStore, how: str) -> None:
    """However a conversation ends the waiting."""
    substep = Substep("a", Target(name="a"), "escavador_a", "key")
    done = Substep("b", Target(name="b"), "escavador_b", "key b")
    phase = Phase(PhaseName.COLLECT, [substep, done], 60, enough=1, started_at=BEGIN)
    if how == "enough":
        done.end(SubstepStatus.DONE, BEGIN)
        phase.end_if_complete(BEGIN)
    elif how == "time":
        phase.time_out(BEGIN)
    else:
        phase.end(BEGIN, Reason(codigo=ReasonCode.ASKED_ON))
    assert substep.reason is not None
    status, reason, _ = answered(store, status="erro", erro=substep.error, erro_conhecido=substep.reason)
    assert (status, reason) == ("timed_out", substep.reason.sentence("pt-BR"))


@pytest.mark.parametrize("key", ["a\0b", "x" * 5000, "/etc/passwd", "../../x", "\ud800", "a//b", " "])
def test_a_key_that_is_none_costs_one_section(store: LocalMediaStore, key: str) -> None:
    assert inputs_of([Answer(escavador="a", status="concluida", arquivo=key)], None, store) == ()
    status, reason, warnings = answered(store, arquivo=key)
    assert status == "failed"
    assert reason
    assert len(warnings) == 1
    assert warnings[0].isprintable()


def test_all_files_of_a_report_have_their_room_together(store: LocalMediaStore) -> None:
    store.put_bytes(b'{"a": 1}', "one.json")
    files, warnings = _Files(store, Writer("en"), 20), list[str]()
    answers = [Answer(escavador=name, status="concluida", arquivo="one.json") for name in ("a", "b", "c")]
    statuses = [_collected(each, files, warnings).status for each in answers]
    assert statuses == ["done", "done", "failed"]
    assert "of all files together" in warnings[0]


def test_the_reasons_of_a_conversation_are_read_in_the_language_of_the_report(store: LocalMediaStore) -> None:
    """From what was said on the bus to what a reader reads; the text of a third party stays as it is."""
    state = conversation(("silent", "failed", "foreign", "mute"))
    for each in state.collect.substeps:
        state.take(requested(each))
    for name, error, code in (
        ("failed", "There is no video.", "source_not_found"),
        ("foreign", "O site respondeu 503.", None),
        ("mute", None, None),
    ):
        target = Answering(Role.COLLECTOR, name)
        state.take(answer(target.answer(NAME, "erro", error=error, error_code=code)))
    state.collect.time_out(BEGIN)
    request = ExecutionRequest(executador="relatorio", responder_em="x", coletas=state.collected())
    asked = parameters_of(request, NAME, ["coletas"])
    files = _Files(store, Writer("pt-BR"))
    read = [_collected(Answer.model_validate(each), files, []) for each in asked["coletas"]]
    assert [(each.status, each.reason) for each in read] == [
        ("timed_out", "Sem resposta em 60 segundos."),
        ("failed", "Não há nada no endereço ou sob a chave. There is no video."),
        ("failed", "O site respondeu 503."),
        ("failed", "O motivo não foi dito."),
    ]


def test_what_is_wrong_with_a_file_is_said_in_the_language_of_the_report(store: LocalMediaStore) -> None:
    store.put_bytes(b"{", "quebrada.json")
    store.put_bytes(b" " * 2000, "grande.json")
    for key, said in (
        ("quebrada.json", "não é JSON"),
        ("grande.json", "tem 2.000 bytes; um relatório lê no máximo 256.000.000 de todos os arquivos juntos"),
        ("nenhuma.json", "não existe ou não pode ser aberto"),
    ):
        _, reason, _ = answered(store, arquivo=key)
        assert reason is not None
        assert said in reason
