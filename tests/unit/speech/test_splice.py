import numpy as np

from tasks.speech.activity import SAMPLE_RATE
from tasks.speech.splice import Splice
from tasks.speech.transcript import Span

AUDIO = np.arange(20 * SAMPLE_RATE, dtype=np.float32)
STRETCHES = [Span(start=1, end=4), Span(start=10, end=15)]
SPEECH = [Span(start=1.4, end=3.6), Span(start=10.4, end=14.6)]


def test_the_stretches_are_joined() -> None:
    joined = Splice(AUDIO, STRETCHES).audio
    assert joined.size == 8 * SAMPLE_RATE
    assert joined[0] == SAMPLE_RATE
    assert joined[3 * SAMPLE_RATE] == 10 * SAMPLE_RATE


def test_times_map_back_and_count_from_the_whole() -> None:
    splice = Splice(AUDIO, STRETCHES, start=100.0)
    assert splice.locate(0.5, 1.0) == Span(start=101.5, end=102.0)
    assert splice.locate(3.5, 4.0) == Span(start=110.5, end=111.0)


def test_a_word_over_a_join_goes_where_it_is_spoken() -> None:
    # Its middle lies before the join, in silence; the voice sets in 0.4 s after it.
    splice = Splice(AUDIO, STRETCHES, SPEECH)
    assert splice.locate(2.65, 3.8) == Span(start=10.4, end=10.8)
    assert splice.locate(1.8, 3.1) == Span(start=2.8, end=3.6)


def test_words_leave_the_silence_but_only_a_little() -> None:
    splice = Splice(AUDIO, [Span(start=0, end=20)], SPEECH)
    assert splice.locate(9.9, 10.9) == Span(start=10.4, end=10.9)
    assert splice.locate(14.0, 15.2) == Span(start=14.0, end=14.6)
    assert splice.locate(9.3, 10.6) == Span(start=9.3, end=10.6)  # too far off to be a matter of edges
    assert splice.locate(7.0, 11.0) == Span(start=10.4, end=11.0)  # nobody speaks a word for four seconds
    assert splice.locate(3.5, 10.8) == Span(start=10.4, end=10.8)
    assert splice.locate(7.0, 10.2) == Span(
        start=9.9, end=10.2
    )  # a drawn out word belongs to the speech beside it
    assert splice.locate(3.7, 6.0) == Span(start=3.7, end=4.0)
    assert splice.locate(5.0, 6.0) == Span(start=5.0, end=6.0)  # nothing heard there


def test_a_phrase_may_reach_over_the_join() -> None:
    assert Splice(AUDIO, STRETCHES).locate_phrase(2.0, 4.0) == Span(start=3.0, end=11.0)
    assert Splice(AUDIO, STRETCHES).locate_phrase(0.0, 3.0) == Span(start=1.0, end=4.0)
