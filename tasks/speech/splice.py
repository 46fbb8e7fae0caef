"""Speech without the silences between, and the way back to the times of the original.

The engine gets the stretches of speech of a window as one array: fewer 30 s blocks to compute, and no long
silence to invent text over. Its times then have to be mapped back, and its words moved out of the silences
into which it stretches them.
"""

import bisect
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.speech.activity import SAMPLE_RATE, overlap, overlapping
from tasks.speech.transcript import Span

_SNAP_SECONDS = 1.0
"""How much of a word's edge may be cut off when it lies in silence; measured: halves the error of word
starts."""
_LONGEST_WORD = 1.5
"""A longer word has been drawn out over a silence: it is where it is spoken, however far its edge lies from there."""
_USUAL_WORD, _SHORTEST_WORD = 0.3, 0.05


class Splice:
    """Stretches of an array of samples, joined."""

    def __init__(
        self,
        audio: NDArray[np.float32],
        stretches: Sequence[Span],
        speech: Sequence[Span] = (),
        *,
        start: float = 0.0,
    ) -> None:
        """Joins `stretches` of `audio` (mono, 16 kHz).

        They are in order, in seconds from the beginning of `audio`, which lies at `start` in the whole; so is
        `speech`, the stretches in which somebody really speaks.
        """
        pieces = [audio[round(s.start * SAMPLE_RATE) : round(s.end * SAMPLE_RATE)] for s in stretches]
        self.audio: NDArray[np.float32] = np.concatenate(pieces) if len(pieces) != 1 else pieces[0]
        self._originals = [Span(start=start + s.start, end=start + s.end) for s in stretches]
        self._ends = [float(end) for end in np.cumsum([piece.size for piece in pieces]) / SAMPLE_RATE]
        self._speech = [Span(start=start + s.start, end=start + s.end) for s in speech]

    def locate(self, start: float, end: float) -> Span:
        """Where a word at these times of the joined audio lies in the original.

        In one stretch, never across two.
        """
        # A word drawn out over a join belongs to the side on which somebody speaks.
        sides = [self._within(start, end, i) for i in range(self._index(start), self._index(end) + 1)]
        if len(sides) == 1:
            return self._snapped(sides[0])
        middle = self._within(start, end, self._index((start + end) / 2))
        best = max(sides, key=lambda side: overlap(side, self._speech))
        return self._snapped(best if overlap(best, self._speech) > 0 else middle)

    def locate_phrase(self, start: float, end: float) -> Span:
        """The same for a phrase, which may begin in one stretch and end in another."""
        first = self._index(start + 0.01)
        last = max(first, self._index(end - 0.01))
        begin = self._original(start, first)
        return Span(start=begin, end=max(begin, self._original(end, last)))

    def _snapped(self, word: Span) -> Span:
        heard = max(overlapping(word, self._speech), key=lambda span: overlap(word, [span]), default=None)
        if heard is None:
            return self._contracted(word) if word.length > _LONGEST_WORD else word
        reach = _SNAP_SECONDS if word.length <= _LONGEST_WORD else word.length
        start = heard.start if 0 < heard.start - word.start <= reach else word.start
        end = heard.end if 0 < word.end - heard.end <= reach else word.end
        return Span(start=start, end=end) if end - start >= _SHORTEST_WORD else word

    def _contracted(self, word: Span) -> Span:
        """The end of a drawn out word that lies nearer to speech."""
        to_speech_before = min(
            (word.start - s.end for s in self._speech if s.end <= word.start), default=math.inf
        )
        to_speech_after = min(
            (s.start - word.end for s in self._speech if s.start >= word.end), default=math.inf
        )
        if to_speech_before < to_speech_after:
            return Span(start=word.start, end=word.start + _USUAL_WORD)
        return Span(start=word.end - _USUAL_WORD, end=word.end)

    def _within(self, start: float, end: float, index: int) -> Span:
        begin = self._original(start, index)
        return Span(start=begin, end=max(begin, self._original(end, index)))

    def _index(self, time: float) -> int:
        return min(bisect.bisect_left(self._ends, time), len(self._ends) - 1)

    def _original(self, time: float, index: int) -> float:
        stretch = self._originals[index]
        moved = time - self._ends[index] + stretch.end
        return min(max(moved, stretch.start), stretch.end)
