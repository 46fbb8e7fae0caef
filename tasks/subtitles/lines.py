"""Where the lines of a subtitle are broken: where the sense breaks, and of about the same length."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby, pairwise

from tasks.subtitles.abbreviations import ends_sentence
from tasks.subtitles.bonds import Bond, bonds
from tasks.subtitles.layout import CueLayout
from tasks.subtitles.pieces import Piece

NEVER = float("inf")
DASH = "- "
"""Before each speaker's line where a subtitle holds two."""

_COSTS = {
    Bond.SENTENCE: 0.0,
    Bond.CLAUSE: 0.3,
    Bond.CLAUSE_BEGINS: 0.5,
    Bond.PHRASE_BEGINS: 0.7,
    Bond.WORDS: 0.9,
    Bond.JOINED: 1.8,
    Bond.VERB: 2.2,
    Bond.ABBREVIATION: 2.5,
    Bond.PHRASE: 3.0,
    Bond.WHOLE: 8.0,
    Bond.TITLE: 8.0,
}
HELD_SECONDS = 1.0
"""Over a longer silence nothing must stay together, though it may."""
WORD_SECONDS = 1.0
"""The engine draws a last word out over silence: no more of it counts."""
_TOP_HEAVY, _BOTTOM_HEAVY = 1.2, 0.9
"""Costs of a line's width in difference: a shorter upper line hides less of the picture."""

Split = tuple[int, ...]
"""Indices of the pieces that begin a line after the first."""


@dataclass(frozen=True)
class Phrase:
    """A run of pieces, with what is needed to break it in any place."""

    pieces: Sequence[Piece]
    layout: CueLayout

    @cached_property
    def bonds(self) -> list[Bond]:
        """Between each piece and the next, by the rules of its language; another language begins a clause."""
        found: list[Bond] = []
        for language, group in groupby(self.pieces, key=lambda piece: piece.language):
            said = list(group)
            found += bonds(said, language)
            if len(found) + 1 < len(self.pieces):
                after = self.pieces[len(found) + 1]
                found.append(Bond.SENTENCE if ends_sentence(said[-1], after, language) else Bond.CLAUSE)
        return found

    @cached_property
    def silences(self) -> list[float]:
        """Seconds between each piece and the next."""
        return [max(b.start - a.end, 0.0) for a, b in pairwise(self.pieces)]

    @cached_property
    def turns(self) -> list[bool]:
        """Whether another speaker goes on after each piece but the last."""
        return [a.speaker != b.speaker for a, b in pairwise(self.pieces)]

    @cached_property
    def _dialogue(self) -> bool:
        return any(self.turns)

    @cached_property
    def breaks(self) -> list[float]:
        """What it costs to break a line after each piece but the last; NEVER where it must not be.

        What bonds hold together becomes one, the strongest first, as long as it fits a line: of a name that is too
        long, and of its article, the article goes its own way.
        """
        costs = [_COSTS[bond] for bond in self.bonds]
        first, last = list(range(len(self.pieces))), list(range(len(self.pieces)))
        for i in sorted(range(len(costs)), key=lambda i: (-self.bonds[i], i)):
            if self.bonds[i] < Bond.ABBREVIATION:
                break
            if self.turns[i] or self.silences[i] > HELD_SECONDS:
                continue
            a, b = first[i], last[i + 1]
            if self.fits_a_line(a, b) and self.spoken(a, b) <= self.layout.longest:
                first[b], last[a], costs[i] = a, b, NEVER
        return costs

    @cached_property
    def _ends(self) -> list[int]:
        """Columns up to the end of each piece, from the beginning of the run."""
        return list(accumulate(piece.width + piece.spaced for piece in self.pieces))

    def width(self, first: int, last: int) -> int:
        """Columns of the pieces from `first` to `last`, both included."""
        before = self._ends[first - 1] if first else 0
        return self._ends[last] - before - self.pieces[first].spaced

    @cached_property
    def room(self) -> float:
        """Columns that fit a subtitle at most; no limit where a word by itself is wider than a line."""
        width, lines = self.layout.line_width, self.layout.lines
        wider = any(piece.width > width for piece in self.pieces)
        return float("inf") if wider else lines * width + lines - 1

    def fits_a_line(self, first: int, last: int) -> bool:
        """Whether the pieces fit a line; one by itself always does."""
        return first == last or self.width(first, last) <= self.layout.line_width

    def spoken(self, first: int, last: int) -> float:
        """Seconds from the beginning of the piece `first` to the end of `last`."""
        end = self.pieces[last]
        return min(end.end, end.start + WORD_SECONDS) - self.pieces[first].start

    def split(self, first: int, last: int) -> tuple[float, Split] | None:
        """The best way to set the pieces in lines and what it costs; None where they do not fit.

        Two speakers have a line each; no more than two share a subtitle.
        """
        turns = [i + 1 for i in range(first, last) if self.turns[i]] if self._dialogue else []
        if turns:
            (turn, *more) = turns
            room = self.layout.line_width - len(DASH)
            if more or self.layout.lines < 2:
                return None
            if self.width(first, turn - 1) > room or self.width(turn, last) > room:
                return None
            return 0.5, (turn,)
        return self._split(first, last, self.layout.lines)

    def _split(self, first: int, last: int, lines: int) -> tuple[float, Split] | None:
        if self.fits_a_line(first, last):
            return 0.0, ()
        if lines == 1 or self.width(first, last) > self.room:
            return None
        best: tuple[float, Split] | None = None
        for at in range(first + 1, last + 1):
            if at > first + 1 and not self.fits_a_line(first, at - 1):
                break
            cost = self.breaks[at - 1]
            if cost == NEVER or (best is not None and cost >= best[0]):
                continue
            below = self._split(at, last, lines - 1)
            if below is None:
                continue
            lower = below[1][0] if below[1] else last + 1
            difference = (self.width(first, at - 1) - self.width(at, lower - 1)) / self.layout.line_width
            uneven = difference * _TOP_HEAVY if difference > 0 else -difference * _BOTTOM_HEAVY
            cost += uneven + below[0]
            if best is None or cost < best[0]:
                best = cost, (at, *below[1])
        return best

    def text(self, first: int, last: int) -> str:
        """The text of the pieces from `first` to `last`."""
        return "".join(
            (piece.space if piece.spaced and index else "") + piece.shown
            for index, piece in enumerate(self.pieces[first : last + 1])
        )

    def lines(self, first: int, last: int) -> tuple[str, ...]:
        """The pieces as lines, with dashes where two speak."""
        found = self.split(first, last)
        edges = [first, *(found[1] if found else ()), last + 1]
        texts = tuple(self.text(a, b - 1) for a, b in pairwise(edges))
        return tuple(DASH + text for text in texts) if any(self.turns[first:last]) else texts
