from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.speech.activity import join_close, overlap, subtract, total_length
from tasks.speech.transcript import Span


@st.composite
def span_lists(draw: st.DrawFn) -> list[Span]:
    """Spans in order, without overlaps, on a grid of 10 ms."""
    edges = sorted(draw(st.sets(st.integers(0, 3000), max_size=24)))
    return [Span(start=a / 100, end=b / 100) for a, b in zip(edges[::2], edges[1::2], strict=False)]


@settings(deadline=None)
@given(span_lists(), span_lists())
def test_what_is_left_and_what_is_taken_make_the_whole(spans: list[Span], taken: list[Span]) -> None:
    left = subtract(spans, taken)
    shared = sum(overlap(span, taken) for span in spans)
    assert abs(total_length(left) + shared - total_length(spans)) < 1e-6
    assert all(overlap(span, taken) < 1e-9 for span in left)
    assert all(a.end <= b.start for a, b in pairwise(left))


@settings(deadline=None)
@given(span_lists(), st.sampled_from([0.1, 0.5, 2.0]))
def test_joined_spans_cover_the_old_and_stand_apart(spans: list[Span], gap: float) -> None:
    joined = join_close(spans, gap=gap)
    assert subtract(spans, joined) == []
    assert all(b.start - a.end >= gap - 1e-9 for a, b in pairwise(joined))


def test_padding_stays_within_the_audio() -> None:
    assert join_close([Span(start=0.1, end=9.9)], gap=1, pad=0.4, limit=10.0) == [Span(start=0, end=10)]
