from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.speech.activity import overlap, total_length
from tasks.speech.batching import clips, loses_speech
from tasks.speech.transcript import Span

from .test_activity import span_lists
from .test_quality import segment

TEN_WORDS = "one two three four five six seven eight nine ten"


@settings(deadline=None)
@given(span_lists(), st.floats(30, 400))
def test_clips_hold_all_speech_within_what_the_engine_takes(speech: list[Span], duration: float) -> None:
    stretched = [Span(start=s.start * 10, end=s.end * 10) for s in speech if s.end * 10 <= duration - 0.1]
    found = clips(stretched, duration)
    assert all(0 <= clip.start < clip.end <= duration for clip in found)
    assert all(clip.length <= 30 for clip in found)
    assert total_length(found) <= duration
    missing = total_length(stretched) - sum(overlap(span, found) for span in stretched)
    assert missing < 0.02 + 0.002 * len(found)


def test_a_full_result_is_kept() -> None:
    speech = [Span(start=0, end=9), Span(start=10, end=19)]
    segments = [segment(f"{TEN_WORDS} {TEN_WORDS}", 0, 9), segment(f"{TEN_WORDS} more {TEN_WORDS}", 10, 19)]
    assert not loses_speech(segments, speech, speech)


def test_a_hole_is_seen() -> None:
    speech = [Span(start=0, end=9), Span(start=10, end=19)]
    segments = [segment(TEN_WORDS, 0, 4), segment(f"{TEN_WORDS} {TEN_WORDS}", 10, 19)]
    assert loses_speech(segments, speech, speech)


def test_words_stretched_over_a_hole_are_seen() -> None:
    speech = [Span(start=i * 10, end=i * 10 + 9) for i in range(3)]
    full = f"{TEN_WORDS} {TEN_WORDS} {TEN_WORDS}"
    segments = [segment(full, 0, 9), segment(TEN_WORDS, 10, 19), segment(full, 20, 29)]
    assert loses_speech(segments, speech, speech)


def test_a_loop_is_seen() -> None:
    speech = [Span(start=0, end=9)]
    assert loses_speech([segment("no " * 30, 0, 9)], speech, speech)


def test_nothing_heard_loses_nothing() -> None:
    assert not loses_speech([], [], [])
