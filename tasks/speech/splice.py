"""Speech without the silences between, and the way back to the times of the original.

The engine gets the stretches of speech of a window as one array: fewer 30 s blocks to compute, and no long
silence to invent text over. Its times then have to be mapped back.
"""

import bisect
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.speech.activity import SAMPLE_RATE
from tasks.speech.transcript import Span


class Splice:
    """Stretches of an array of samples, joined."""

    def __init__(self, audio: NDArray[np.float32], stretches: Sequence[Span], *, start: float = 0.0) -> None:
        """`stretches` are in order, in seconds from the beginning of `audio`, which lies at `start` in the
        whole."""
        pieces = [audio[round(s.start * SAMPLE_RATE) : round(s.end * SAMPLE_RATE)] for s in stretches]
        self.audio: NDArray[np.float32] = np.concatenate(pieces) if len(pieces) != 1 else pieces[0]
        self._originals = [Span(start=start + s.start, end=start + s.end) for s in stretches]
        self._ends = [float(end) for end in np.cumsum([piece.size for piece in pieces]) / SAMPLE_RATE]

    def locate(self, start: float, end: float) -> Span:
        """Where a word at these times of the joined audio lies in the original: in one stretch, never across
        two."""
        index = self._index((start + end) / 2)
        return Span(
            start=self._original(start, index),
            end=max(self._original(start, index), self._original(end, index)),
        )

    def locate_phrase(self, start: float, end: float) -> Span:
        """The same for a phrase, which may begin in one stretch and end in another."""
        first = self._index(start + 0.01)
        last = max(first, self._index(end - 0.01))
        begin = self._original(start, first)
        return Span(start=begin, end=max(begin, self._original(end, last)))

    def _index(self, time: float) -> int:
        return min(bisect.bisect_left(self._ends, time), len(self._ends) - 1)

    def _original(self, time: float, index: int) -> float:
        stretch = self._originals[index]
        moved = time - self._ends[index] + stretch.end
        return min(max(moved, stretch.start), stretch.end)
