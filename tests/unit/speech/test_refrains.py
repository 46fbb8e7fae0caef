import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.speech.quality import assess, repeated
from tasks.speech.refrains import is_refrain, written_alike
from tasks.speech.transcript import Segment, Span

from .test_quality import segment

SENTENCE = "Nobody complained at all."


def said(starts: list[float], seconds: float) -> list[Segment]:
    return [segment(SENTENCE, start, start + seconds) for start in starts]


@given(st.integers(3, 12), st.floats(1.0, 4.0), st.floats(0.12, 3.0))
def test_a_sentence_said_over_and_over_is_a_refrain(times: int, seconds: float, pause: float) -> None:
    starts = [at * (seconds + pause) for at in range(times)]
    speech = [Span(start=start, end=start + seconds) for start in starts]
    assert is_refrain(said(starts, seconds), speech)
    assert not list(repeated(said(starts, seconds), speech))


def test_what_nobody_is_heard_to_say_is_none() -> None:
    assert not is_refrain(said([0, 2, 4], 1.5), [])
    assert list(repeated(said([0, 2, 4], 1.5)))


def test_however_the_engine_cuts_it() -> None:
    speech = [Span(start=at, end=at + 1.1) for at in (0.0, 1.4, 2.8, 4.2, 5.6)]
    each = said([span.start for span in speech], 1.1)
    words = tuple(word for part in each for word in part.words)
    whole = each[0].model_copy(update={"text": " ".join([SENTENCE] * 5), "end": 6.7, "words": words})
    assert is_refrain([whole], speech)
    assert not assess([whole], speech).warnings


def test_a_loop_over_what_somebody_says_is_none() -> None:
    starts = [0.0, 2.0, 4.0, 6.0, 8.0]
    # Without a pause, with pauses elsewhere, and some of it over silence.
    for speech in (
        [Span(start=0, end=10)],
        [Span(start=0, end=3), Span(start=3.2, end=7), Span(start=7.2, end=10)],
        [Span(start=0, end=1.9), Span(start=2, end=3.9), Span(start=4, end=4.4)],
    ):
        assert not is_refrain(said(starts, 2.0), speech)
        assert list(repeated(said(starts, 2.0), speech))


@pytest.mark.parametrize("words", [(), None])
def test_without_word_times_nothing_is_known(words: tuple[()] | None) -> None:
    run = said([0, 2, 4], 1.5)
    if words is not None:
        run = [part.model_copy(update={"words": words}) for part in run]
    speech = [Span(start=at, end=at + 1.5) for at in (0, 2, 4)]
    assert is_refrain(run, speech) is (words is None)


def test_what_is_heard_by_itself_is_written_as_beside_the_others() -> None:
    bare = segment("nobody complained at all", 10.0, 12.0)
    other = segment("somebody left", 13.0, 14.0)
    found = written_alike([bare, other], [segment(SENTENCE, 0.0, 2.0), bare, other])
    assert [part.text for part in found] == [SENTENCE, "somebody left"]
    assert [word.word for word in found[0].words] == SENTENCE.split()
    assert [(word.start, word.end) for word in found[0].words] == [
        (word.start, word.end) for word in bare.words
    ]
