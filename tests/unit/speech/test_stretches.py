from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tasks.speech.activity import total_length, within
from tasks.speech.stretches import LONG_SILENCE, worth_hearing
from tasks.speech.transcript import Span

DURATION = 300.0
SPEECH = st.lists(
    st.floats(min_value=0, max_value=DURATION, allow_nan=False).map(lambda t: round(t, 2)),
    max_size=30,
    unique=True,
).map(
    lambda edges: [
        Span(start=a, end=b) for a, b in zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False)
    ]
)


@given(SPEECH)
def test_all_speech_is_heard_with_silence_around_it_and_long_silences_are_not(speech: list[Span]) -> None:
    stretches = worth_hearing(speech, DURATION)
    assert all(0 <= stretch.start < stretch.end <= DURATION for stretch in stretches)
    assert all(before.end < after.start for before, after in pairwise(stretches))
    for span in speech:
        padded = Span(start=max(0.0, span.start - 1), end=min(DURATION, span.end + 1))
        assert any(stretch.start <= padded.start and padded.end <= stretch.end for stretch in stretches)
    edges = [Span(start=-1.0, end=0.0), *speech, Span(start=DURATION, end=DURATION + 1)]
    for before, after in pairwise(edges):
        silence = Span(start=before.end, end=after.start)
        kept = total_length(within(stretches, silence))
        if silence.length >= LONG_SILENCE:
            assert kept < LONG_SILENCE
        elif speech:
            assert round(kept, 3) == round(silence.length, 3)


def test_without_speech_nothing_is_heard() -> None:
    assert worth_hearing([], DURATION) == []
