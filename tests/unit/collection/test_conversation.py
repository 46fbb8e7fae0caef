"""The state of a conversation, by what was said in it."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.message_bus import Entry, Fact
from tasks.collection.conversation import Conversation, Phase
from tasks.messages.contents import SubstepStatus
from tasks.messages.envelope import Envelope, EventType
from tests.unit.collection.said import (
    BEGIN,
    NAME,
    REPLY,
    answer,
    collected,
    conversation,
    entry,
    executed,
    requested,
    told,
)


def states(phase: Phase) -> dict[str, str]:
    return {each.name: str(each.status) for each in phase.substeps}


def take(state: Conversation, *entries: Entry) -> Conversation:
    for each in entries:
        state.take(each)
    return state


def asked(state: Conversation, after: float = 0) -> Conversation:
    return take(state, *(requested(each, after=after) for each in state.collect.substeps))


def test_a_collector_goes_through_its_states() -> None:
    state = asked(conversation(("youtube",)))
    one = state.collect.substeps[0]
    assert (one.status, one.started_at) == (SubstepStatus.PENDING, None)
    take(state, told(Fact.TAKEN, one, after=1))
    assert (one.status, one.started_at and (one.started_at - BEGIN).seconds) == (SubstepStatus.RUNNING, 1)
    take(state, told(Fact.FAILED, one, after=2, note="The channel did not answer."))
    assert (one.status, one.error) == (SubstepStatus.RUNNING, "The channel did not answer.")
    take(state, collected("youtube", {"videos": 3}, after=3))
    assert (one.status, one.error, state.collect.is_over) == (SubstepStatus.DONE, None, True)
    assert state.collected()[0].dados == {"videos": 3}


def test_one_that_is_named_twice_answers_twice() -> None:
    state = asked(conversation(("youtube", "youtube", "youtube-2")))
    assert list(states(state.collect)) == ["youtube", "youtube-3", "youtube-2"]
    take(state, collected("youtube-3", 3), collected("youtube", 1), collected("youtube", 4))
    assert [each.dados for each in state.collected()] == [1, 3, None]
    assert state.ignored == ["Once more: an answer of youtube"]


def test_late_answers_are_marked_and_change_nothing() -> None:
    state = asked(conversation(("a", "b"), ("x",)))
    take(state, collected("a"), collected("b", after=61))
    assert states(state.collect) == {"a": "concluida", "b": "timeout"}
    late = state.collect.substeps[1]
    assert (late.late, late.answer, late.error) == (True, None, "No answer within 60 seconds.")
    take(state, collected("a", after=62), collected("b", after=63))
    assert states(state.collect) == {"a": "concluida", "b": "timeout"}
    assert not state.collect.substeps[0].late
    assert state.ignored_count == 3


def test_what_no_one_waits_for_has_no_effect() -> None:
    state = asked(conversation(("a",), ("x",)))
    take(
        state,
        entry(Fact.DEAD, REPLY, "k", note="The message has 9 bytes"),
        answer(_raw(EventType.COLLECTION_RESULT, {"escavador": "a"})),
        answer(_raw(EventType.COLLECTION_RESULT, {"escavador": "b", "status": "concluida"})),
        answer(_raw(EventType.START_COLLECTION, {})),
        answer(_raw(EventType.COLLECTION_RESULT, {"escavador": "a", "status": "concluida"}, "another")),
        executed("x"),
    )
    assert states(state.collect) | states(state.execute) == {"a": "pendente", "x": "pendente"}
    assert state.ignored == [
        "Not a message: The message has 9 bytes",
        "A resultado_coleta that cannot be read: status: Field required",
        "An answer of b, which was not asked",
        "A message that is no answer: iniciar_coleta",
        "A message of another conversation, another",
        "An answer of x, which this job had not asked yet",
    ]


def test_a_flood_is_counted() -> None:
    state = take(conversation(("a",)), *(collected("b") for _ in range(150)))
    assert (len(state.ignored), state.ignored_count) == (100, 150)


def test_a_dead_letter_fails_and_a_replayed_one_may_still_answer() -> None:
    state = asked(conversation(("a", "b")))
    take(state, told(Fact.DEAD, state.collect.substeps[0], note="It cannot be read."))
    assert states(state.collect) == {"a": "erro", "b": "pendente"}
    take(state, collected("a"))
    assert states(state.collect) == {"a": "concluida", "b": "pendente"}


@pytest.mark.parametrize(("enough", "over"), [(1, True), (2, False)])
def test_enough_of_them_end_the_waiting(enough: int, *, over: bool) -> None:
    state = take(
        asked(conversation(("a", "b", "c"), enough=enough)), collected("b", error="Gone."), collected("c")
    )
    assert state.collect.is_over is over
    if over:
        assert states(state.collect) == {"a": "timeout", "b": "erro", "c": "concluida"}
        assert state.collected()[0].erro == "It was not waited for: 1 of 3 were enough."


def test_the_answers_of_another_job_of_this_conversation_are_not_ours() -> None:
    state, other = conversation(("a",)), conversation(("a",))
    other.collect.substeps[0].key = "of another job"
    take(state, requested(other.collect.substeps[0]), collected("a", "old"))
    assert states(state.collect) == {"a": "pendente"}
    take(asked(state, after=5), collected("a", "new", after=6))
    assert state.collected()[0].dados == "new"


def test_two_jobs_of_one_conversation_do_not_swap_answers() -> None:
    """Both have asked before either is answered."""
    state, other = conversation(("a",)), conversation(("a",))
    theirs = other.collect.substeps[0]
    theirs.key = theirs.key.replace("job-1", "job-2")
    ours = state.collect.substeps[0].key
    take(asked(state), requested(theirs), collected("a", "theirs", request=theirs.key))
    assert states(state.collect) == {"a": "pendente"}
    assert state.ignored == ["An answer of a to another job of this conversation"]
    take(state, collected("a", "ours", request=ours))
    assert state.collected()[0].dados == "ours"


@pytest.mark.parametrize("request_key", [None, "1796054330994-0", "by hand"])
def test_an_answer_to_no_job_is_everybody_s(request_key: str | None) -> None:
    """Programs in other languages leave it out; somebody may have asked once more by hand."""
    state = take(asked(conversation(("a",))), collected("a", request=request_key))
    assert states(state.collect) == {"a": "concluida"}


def test_the_error_of_a_collector_is_bounded() -> None:
    state = take(asked(conversation(("a",))), collected("a", error="Traceback\n" * 20_000))
    error = state.progress().collectors[0].error
    assert error is not None
    assert error.startswith("Traceback Traceback")
    assert len(error) <= 1000


def test_what_executors_were_told_stands() -> None:
    """The answer came when the waiting was over, and before the request was written down."""
    state = asked(conversation(("a", "b"), ("x", "y")))
    take(state, collected("a"))
    state.collect.time_out(BEGIN)
    sent = state.collected()
    again = asked(conversation(("a", "b"), ("x", "y")))
    take(again, collected("a"), collected("b"), requested(again.execute.substeps[0], sent, after=1))
    assert states(again.collect) == {"a": "concluida", "b": "timeout"}
    assert again.collect.substeps[1].late
    assert again.collected() == sent


def test_nobody_to_wait_for_is_over_at_once() -> None:
    state = conversation((), ("x",))
    assert state.collect.is_over
    assert not state.execute.is_over


def _raw(event: EventType, payload: dict[str, object], name: str = NAME) -> Envelope:
    return Envelope.model_validate(
        {"correlation_id": name, "tipo_evento": event, "payload": payload, "timestamp": datetime.now(UTC)}
    )


NAMES = ("a", "b", "c")


@st.composite
def courses(draw: st.DrawFn) -> tuple[Sequence[Entry], dict[str, str]]:
    """What may happen in time with three collectors, in any order, with repeats and noise; and how it must end."""
    template = conversation(NAMES)
    outcomes = {name: draw(st.sampled_from(["concluida", "erro", "silent"])) for name in NAMES}
    tracks: list[list[Entry]] = []
    for substep in template.collect.substeps:
        outcome = outcomes[substep.name]
        track = [told(Fact.TAKEN, substep), told(Fact.DONE, substep)]
        if outcome != "silent":
            track.append(collected(substep.name, error="Gone." if outcome == "erro" else None))
            track += [collected(substep.name, "again") for _ in range(draw(st.integers(0, 2)))]
        tracks.append(track)
    noise = [
        collected("stranger"),
        entry(Fact.DEAD, REPLY, "k", note="no message"),
        answer(_raw(EventType.EXECUTION_RESULT, {"executador": 1})),
    ]
    tracks.append(noise)
    said = [requested(each) for each in template.collect.substeps]
    while any(tracks):
        track = draw(st.sampled_from([each for each in tracks if each]))
        said.append(track.pop(0))
    # Journals are read at least once: an entry may come again.
    repeated = draw(st.lists(st.integers(0, len(said) - 1), max_size=6))
    for position in sorted(repeated, reverse=True):
        said.insert(draw(st.integers(position, len(said))), said[position])
    return said, {name: "timeout" if outcome == "silent" else outcome for name, outcome in outcomes.items()}


@given(courses(), st.data())
def test_any_order_repeat_and_restart_ends_the_same(
    course: tuple[Sequence[Entry], dict[str, str]], data: st.DataObject
) -> None:
    said, expected = course
    straight = take(conversation(NAMES), *said)
    if not straight.collect.is_over:
        straight.collect.time_out(BEGIN)
    assert states(straight.collect) == expected

    restarted = conversation(NAMES)
    for cut in sorted(data.draw(st.lists(st.integers(0, len(said)), max_size=3))):
        # Killed: a new life reads all from the start.
        restarted = take(conversation(NAMES), *said[:cut])
    take(restarted, *said)
    if not restarted.collect.is_over:
        restarted.collect.time_out(BEGIN)
    assert restarted.progress() == straight.progress()
    assert [each.dados for each in restarted.collected()] == [
        "data" if expected[name] == "concluida" else None for name in NAMES
    ]
