from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.speech.transcript import Segment, Span, Word
from tasks.speech.word_starts import EARLY, on_time


def segment(*words: tuple[float, float]) -> Segment:
    return Segment(
        text=" ".join("word" for _ in words),
        start=words[0][0],
        end=words[-1][1],
        words=tuple(Word(word="word", start=a, end=b, probability=0.9) for a, b in words),
        avg_logprob=-0.2,
        no_speech_prob=0.0,
        compression_ratio=1.0,
    )


def times(segments: list[Segment]) -> list[tuple[float, float]]:
    return [(word.start, word.end) for segment in segments for word in segment.words]


def test_words_inside_speech_begin_later_and_stay_joined() -> None:
    (settled,) = on_time([segment((1.0, 1.5), (1.5, 1.9), (1.9, 2.6))], [Span(start=1.0, end=2.6)])
    assert times([settled]) == [
        (1.0, pytest.approx(1.5 + EARLY)),
        (pytest.approx(1.5 + EARLY), pytest.approx(1.9 + EARLY)),
        (pytest.approx(1.9 + EARLY), 2.6),
    ]
    assert (settled.start, settled.end) == (1.0, 2.6)


def test_a_word_after_a_pause_begins_with_its_sound() -> None:
    speech = [Span(start=1.0, end=1.5), Span(start=2.0, end=3.0)]
    assert times(on_time([segment((1.0, 1.5), (2.0, 2.4))], speech))[1][0] == 2.0
    assert times(on_time([segment((1.0, 1.5), (1.92, 2.4))], speech))[1][0] == 2.0


def test_where_nobody_speaks_nothing_moves() -> None:
    words = [segment((1.0, 1.5), (1.5, 1.9))]
    assert times(on_time(words, [])) == times(words)


def test_the_end_of_speech_is_not_passed() -> None:
    settled = on_time([segment((1.0, 1.5), (1.5, 2.0))], [Span(start=1.0, end=2.05)])
    assert times(settled)[1][1] == 2.05


def test_a_short_word_keeps_some_time() -> None:
    settled = on_time([segment((1.0, 1.5), (1.5, 1.56)), segment((2.5, 3.0))], [Span(start=0.5, end=4.0)])
    start, end = times(settled)[1]
    assert 1.5 <= start < end


def test_a_word_cut_short_by_voice_activity_keeps_half_of_itself() -> None:
    settled = on_time([segment((1.0, 1.5), (1.5, 1.64)), segment((2.5, 3.0))], [Span(start=0.5, end=1.64)])
    assert times(settled)[1] == (1.57, 1.64)


def test_segments_without_words_stay_as_they_are() -> None:
    whole = segment((1.0, 2.0)).model_copy(update={"words": ()})
    assert on_time([whole], [Span(start=0, end=3)]) == [whole]


@given(
    lengths=st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from([0.0, 0.0, 0.01, 0.2, 2.0])), min_size=1, max_size=30
    ),
    stretches=st.lists(st.tuples(st.floats(0.05, 2), st.floats(0.1, 3)), max_size=20),
    size=st.integers(1, 5),
)
def test_order_is_kept_whatever_is_heard(
    lengths: list[tuple[float, float]], stretches: list[tuple[float, float]], size: int
) -> None:
    words, now = [], 0.0
    for length, pause in lengths:
        words.append((round(now, 3), round(now + length, 3)))
        now += length + pause
    speech, now = [], 0.0
    for pause, length in stretches:
        speech.append(Span(start=now + pause, end=now + pause + length))
        now += pause + length
    settled = times(on_time([segment(*words[i : i + size]) for i in range(0, len(words), size)], speech))
    assert len(settled) == len(words)
    assert all(start <= end for start, end in settled)
    assert all(after[0] >= before[0] and after[0] >= before[1] - 0.002 for before, after in pairwise(settled))
    assert all(0 <= new[0] - old[0] <= 0.151 for new, old in zip(settled, words, strict=True))
