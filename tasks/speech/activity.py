"""Where there is speech: voice activity in an array of samples, and arithmetic on stretches of time."""

import bisect
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.audio.voice_activity import speech_stretches
from tasks.speech.transcript import Span

SAMPLE_RATE = 16_000
"""Samples per second of all audio in this package: what Whisper and the voice activity model were trained
on."""


def find_speech(audio: NDArray[np.float32]) -> list[Span]:
    """The stretches of speech in mono audio at 16 kHz, in order, in seconds, without padding."""
    return [Span(start=start, end=end) for start, end in speech_stretches(audio)]


def join_close(
    spans: Iterable[Span], *, gap: float, pad: float = 0.0, limit: float = float("inf")
) -> list[Span]:
    """The spans with those less than `gap` seconds apart made one.

    Each is then widened by `pad` seconds on both sides, within 0..limit.
    """
    joined: list[Span] = []
    for span in spans:
        if joined and span.start - joined[-1].end < gap:
            joined[-1] = Span(start=joined[-1].start, end=max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return [Span(start=max(0.0, span.start - pad), end=min(limit, span.end + pad)) for span in joined]


def moved(spans: Iterable[Span], seconds: float) -> list[Span]:
    """The spans, later by `seconds`."""
    return [Span(start=span.start + seconds, end=span.end + seconds) for span in spans]


def within(spans: Iterable[Span], limits: Span) -> list[Span]:
    """The parts of the spans that lie between the limits."""
    cut = (Span(start=max(s.start, limits.start), end=min(s.end, limits.end)) for s in spans)
    return [span for span in cut if span.length > 0]


def total_length(spans: Iterable[Span]) -> float:
    """Seconds in all the spans together."""
    return sum(span.length for span in spans)


def overlapping(span: Span, others: Sequence[Span]) -> Iterator[Span]:
    """Those of `others` (in order, not overlapping each other) that share some time with `span`."""
    for index in range(bisect.bisect_right(others, span.start, key=lambda other: other.end), len(others)):
        if others[index].start >= span.end:
            return
        yield others[index]


def overlap(span: Span, others: Sequence[Span]) -> float:
    """Seconds of `span` that lie in `others` (in order, not overlapping each other)."""
    return sum(min(span.end, other.end) - max(span.start, other.start) for other in overlapping(span, others))


def subtract(spans: Sequence[Span], taken: Sequence[Span]) -> list[Span]:
    """What remains of `spans` outside `taken`. Both are in order and free of overlaps among themselves."""
    left: list[Span] = []
    first = 0
    for span in spans:
        start = span.start
        while first < len(taken) and taken[first].end <= start:
            first += 1
        for other in taken[first:]:
            if other.start >= span.end:
                break
            if other.start > start:
                left.append(Span(start=start, end=other.start))
            start = max(start, other.end)
        if start < span.end:
            left.append(Span(start=start, end=span.end))
    return left
