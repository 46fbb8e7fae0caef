from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.speech.repair import doubts, holes, repaired
from tasks.speech.transcript import Segment, Span

from .test_quality import segment

WHOLE = Span(start=0.0, end=60.0)
SOUND = [segment("The first sentence is sound.", 0, 3), segment("And so is the last one.", 40, 43)]


def hearing(answer: list[Segment], asked: list[Span] | None = None) -> Callable[[Span], list[Segment]]:
    def hear(hole: Span) -> list[Segment]:
        if asked is not None:
            asked.append(hole)
        return answer

    return hear


def test_sound_text_is_not_heard_again() -> None:
    asked: list[Span] = []
    speech = [Span(start=0, end=3), Span(start=40, end=43)]
    assert repaired(SOUND, speech, WHOLE, hearing([], asked)) == SOUND
    assert asked == []


def test_a_loop_is_replaced_by_what_was_said() -> None:
    loop = [segment("You know what I mean.", at, at + 3) for at in (5, 10, 15)]
    said = [segment("Then the boat left.", 5, 8), segment("We stayed on the shore.", 10, 18)]
    speech = [Span(start=0, end=18), Span(start=40, end=43)]
    asked: list[Span] = []
    found = repaired([SOUND[0], *loop, SOUND[1]], speech, WHOLE, hearing(said, asked))
    assert found == [SOUND[0], *said, SOUND[1]]
    assert asked == [Span(start=3, end=40)]


def test_a_sentence_that_was_really_said_over_and_over_stays() -> None:
    refrain = [segment("We shall not be moved.", at, at + 3) for at in (5, 8, 11, 14)]
    speech = [Span(start=0, end=17), Span(start=40, end=43)]
    again = [segment("We shall not be moved.", at, at + 3) for at in (5, 8, 11)]
    whole = [SOUND[0], *refrain, SOUND[1]]
    assert repaired(whole, speech, WHOLE, hearing(again)) == whole
    assert repaired(whole, speech, WHOLE, hearing([])) == whole


def test_a_sentence_said_over_and_over_is_counted_by_hearing_each_by_itself() -> None:
    speech = [Span(start=at, end=at + 2) for at in range(0, 30, 3)]
    each = [segment("Nobody complained.", span.start, span.end) for span in speech]

    def hear(hole: Span) -> list[Segment]:
        alone = [said for said in each if hole.start <= said.start and said.end <= hole.end]
        return alone if len(alone) == 1 else alone[:8]

    assert repaired(each[:7], speech, WHOLE, hear) == each
    too_many = [*each, each[-1].model_copy(update={"start": 29, "end": 29.5})]
    assert repaired(too_many, speech, WHOLE, hear) == each


@pytest.mark.parametrize("pause", [0.3, 0.38, 1.0])
def test_a_sentence_said_over_and_over_is_counted_however_short_its_pauses_are(pause: float) -> None:
    # Each has a comma, at which it must not be torn.
    every = 2 + pause
    halves = [
        Span(start=at * every + start, end=at * every + end)
        for at in range(10)
        for start, end in ((0.0, 0.9), (1.05, 2.0))
    ]
    each = [segment("Nobody came, nobody went.", at * every, at * every + 2) for at in range(10)]

    def hear(hole: Span) -> list[Segment]:
        alone = [said for said in each if hole.start <= said.start and said.end <= hole.end]
        return alone if len(alone) < 3 else alone[:-2]

    assert repaired(each[:7], halves, Span(start=0, end=10 * every), hear) == each


def test_what_two_hearings_skip_is_heard_phrase_by_phrase() -> None:
    speech = [Span(start=at, end=at + 2) for at in range(0, 30, 3)]
    each = [segment("Nobody complained.", span.start, span.end) for span in speech]

    def hear(hole: Span) -> list[Segment]:
        alone = [said for said in each if hole.start <= said.start and said.end <= hole.end]
        return alone[-1:]

    assert repaired([each[0]], speech, WHOLE, hear) == each


def test_speech_without_words_is_heard_again() -> None:
    missing = [segment("Nobody had written this down.", 20, 26)]
    speech = [Span(start=0, end=3), Span(start=20, end=26), Span(start=40, end=43)]
    assert repaired(SOUND, speech, WHOLE, hearing(missing)) == [SOUND[0], *missing, SOUND[1]]


def test_minutes_without_a_sentence_mark_are_doubtful() -> None:
    words = [f"word{number}" for number in range(19)]
    flowing = [segment(" ".join(words[i:] + words[:i]), 8.0 * i, 8.0 * i + 8) for i in range(4)]
    speech = [Span(start=0, end=32)]
    assert doubts(flowing, speech) == [Span(start=0, end=32)]
    marked = [part.model_copy(update={"text": f"{part.text}."}) for part in flowing]
    assert doubts(marked, speech) == []


def test_where_only_marks_are_missing_the_words_stay() -> None:
    words = [f"word{number}" for number in range(70)]
    flowing = [segment(" ".join(words), 0, 30)]
    again = [segment(" ".join(["Word0", *words[1:30], "word30.", "Other", *words[32:], "too."]), 0, 30)]
    (found,) = repaired(flowing, [Span(start=0, end=30)], WHOLE, hearing(again))
    assert found.text == " ".join(["Word0", *words[1:30], "word30.", "Word31", *words[32:-1], "word69."])
    assert [(word.start, word.end) for word in found.words] == [(w.start, w.end) for w in flowing[0].words]


@given(
    st.lists(st.integers(min_value=0, max_value=59), min_size=2, max_size=20, unique=True),
    st.lists(st.tuples(st.integers(0, 59), st.integers(1, 20)), max_size=5),
)
def test_holes_lie_apart_between_whole_segments(edges: list[int], places: list[tuple[int, int]]) -> None:
    edges.sort()
    segments = [segment("some words", a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    doubtful = [Span(start=at, end=min(at + length, 60)) for at, length in places]
    found = holes(segments, doubtful, WHOLE)
    assert all(before.end < after.start for before, after in pairwise(found))
    assert all(any(h.start <= d.start and d.end <= h.end for h in found) for d in doubtful)
    for member in segments:
        for hole in found:
            assert (
                hole.end <= member.start
                or member.end <= hole.start
                or (hole.start <= member.start and member.end <= hole.end)
            )
