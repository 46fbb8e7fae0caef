"""Reads what is there though some of it cannot be told: what fails as a whole is halved until the bad one is found."""

from collections.abc import Generator
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """Some entries of a list, by their places."""

    offset: int
    count: int


def halving(offset: int, count: int) -> Generator[Span, bool, None]:
    """The spans to read, one after the other, in order; is sent whether the last one could be read.

    One that could not is followed by its halves, unless it is a single entry.
    """
    pending = [Span(offset, count)]
    while pending:
        span = pending.pop()
        could_be_read = yield span
        if not could_be_read and span.count > 1:
            half = span.count // 2
            pending += (Span(span.offset + half, span.count - half), Span(span.offset, half))
