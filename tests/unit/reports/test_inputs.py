"""What a report is made of: answers, and the files that they name."""

from pathlib import Path

import pytest

from blocks.local_media_store import LocalMediaStore
from tasks.collection.conversation import Phase, PhaseName, Substep
from tasks.collection.targets import Target
from tasks.messages.contents import SubstepStatus
from tasks.reports.content import Status
from tasks.reports.steps import Answer, _collected, _Files, inputs_of
from tests.unit.collection.said import BEGIN


@pytest.fixture
def store(tmp_path: Path) -> LocalMediaStore:
    return LocalMediaStore(root=tmp_path)


def answered(
    store: LocalMediaStore, room: int = 1000, **told: object
) -> tuple[Status, str | None, list[str]]:
    warnings: list[str] = []
    answer = Answer.model_validate({"escavador": "a", "status": "concluida", **told})
    found = _collected(answer, "pt-BR", _Files(store, room), warnings)
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
        phase.end(BEGIN, "It had not answered when the executors were asked.")
    status, reason, _ = answered(store, status="erro", erro=substep.error)
    assert (status, reason) == ("timed_out", substep.error)


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
    files, warnings = _Files(store, 20), list[str]()
    answers = [Answer(escavador=name, status="concluida", arquivo="one.json") for name in ("a", "b", "c")]
    statuses = [_collected(each, "en", files, warnings).status for each in answers]
    assert statuses == ["done", "done", "failed"]
    assert "of all files together" in warnings[0]
