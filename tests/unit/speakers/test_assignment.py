from hypothesis import given
from hypothesis import strategies as st

from tasks.speakers.assignment import with_speakers
from tasks.speakers.turns import Turn
from tasks.speech.transcript import Segment, Transcript, Word, join_text


def words(text: str, start: float = 0.0, each: float = 0.5) -> tuple[Word, ...]:
    return tuple(
        Word(word=word, start=start + at * each, end=start + (at + 1) * each, probability=1)
        for at, word in enumerate(text.split())
    )


def segment(text: str, *, start: float = 0.0, timed: bool = True) -> Segment:
    found = words(text, start)
    return Segment(
        text=text,
        start=start,
        end=found[-1].end if found else start,
        words=found if timed else (),
        avg_logprob=0,
        no_speech_prob=0,
        compression_ratio=1,
    )


def transcript(*segments: Segment) -> Transcript:
    return Transcript(
        text=join_text([segment.text for segment in segments]),
        language="en",
        language_probability=1,
        duration=60,
        segments=segments,
        source_language="en",
        model="m",
        device="cpu",
        compute_type="int8",
        threads=1,
    )


def turn(start: float, end: float, speaker: int) -> Turn:
    return Turn(start=start, end=end, speaker=speaker)


def said(found: Transcript) -> list[tuple[str | None, str]]:
    return [(segment.speaker, segment.text) for segment in found.segments]


def test_a_segment_is_split_where_the_speaker_changes() -> None:
    asked = transcript(segment("Is it late? Yes, it is — and cold."))
    found = with_speakers(asked, [turn(0, 1.5, 0), turn(1.5, 9, 1)])
    assert said(found) == [("S1", "Is it late?"), ("S2", "Yes, it is — and cold.")]
    assert [(part.start, part.end) for part in found.segments] == [(0, 1.5), (1.5, 4.5)]
    assert [word.speaker for word in found.segments[0].words] == ["S1"] * 3


def test_a_word_beside_the_end_of_a_sentence_goes_with_its_sentence() -> None:
    asked = transcript(segment("Is it late? Yes, it is."))
    for change in (1.0, 1.5, 2.0):
        found = with_speakers(asked, [turn(0, change, 0), turn(change, 9, 1)])
        assert said(found) == [("S1", "Is it late?"), ("S2", "Yes, it is.")]


def test_a_change_within_a_sentence_stays() -> None:
    found = with_speakers(transcript(segment("I think that we no never")), [turn(0, 2, 0), turn(2, 9, 1)])
    assert said(found) == [("S1", "I think that we"), ("S2", "no never")]


def test_who_speaks_most_of_a_word_has_it() -> None:
    found = with_speakers(transcript(segment("one")), [turn(0, 0.2, 0), turn(0.1, 0.5, 1)])
    assert said(found) == [("S2", "one")]


def test_a_word_beside_all_turns_goes_to_the_nearest() -> None:
    assert said(with_speakers(transcript(segment("one")), [turn(1.2, 2, 4)])) == [("S5", "one")]
    assert said(with_speakers(transcript(segment("one")), [turn(5, 6, 0)])) == [(None, "one")]
    assert said(with_speakers(transcript(segment("one")), [])) == [(None, "one")]


def test_without_words_a_segment_stays_whole() -> None:
    asked = transcript(segment("Is it late? Yes.", timed=False))
    assert said(with_speakers(asked, [turn(0, 0.5, 0), turn(0.5, 9, 1)])) == [("S2", "Is it late? Yes.")]


def test_words_that_do_not_spell_the_text_split_nothing() -> None:
    asked = segment("It is late. Yes.").model_copy(update={"text": "something else"})
    found = with_speakers(transcript(asked), [turn(0, 1.5, 0), turn(1.5, 9, 1)])
    assert said(found) == [("S1", "something else")]
    assert {word.speaker for word in found.segments[0].words} == {"S1"}


@given(
    st.lists(st.sampled_from(["a", "b.", "well-known", "“c”", "d?", "—"]), min_size=1, max_size=12),
    st.lists(st.tuples(st.floats(0, 8), st.floats(0.05, 3), st.integers(0, 2)), max_size=6),
)
def test_no_text_is_lost_or_moved(spoken: list[str], given_turns: list[tuple[float, float, int]]) -> None:
    asked = transcript(segment(" ".join(spoken)), segment("The end.", start=20))
    found = with_speakers(asked, [turn(start, start + length, who) for start, length, who in given_turns])
    assert join_text([part.text for part in found.segments]) == asked.text
    before = [word for part in asked.segments for word in part.words]
    after = [word for part in found.segments for word in part.words]
    assert [word.model_copy(update={"speaker": None}) for word in after] == before
    for part in found.segments:
        assert {word.speaker for word in part.words} == {part.speaker}
