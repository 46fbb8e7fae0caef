"""Cues: how a transcript is cut into subtitles that can be read while they are shown.

Two steps: which words share a cue (the cheapest of all ways to cut, by the rules in `_cost`), then when each
cue is shown (`tasks.subtitles.timing`). Where a cue or a line may be broken, `tasks.subtitles.bonds` says.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tasks.speech.transcript import Transcript
from tasks.subtitles.bonds import Bond
from tasks.subtitles.layout import CueLayout
from tasks.subtitles.lines import NEVER, Phrase
from tasks.subtitles.pieces import Piece, pieces
from tasks.subtitles.timing import Spoken, show

_LONGEST_SILENCE = 3.0
"""A longer one always ends a cue."""
_A_CUE = 1.0
_FLASHING = 6.0
"""Of a cue that is shown for no time; less the nearer it comes to the shortest."""
_TOO_FAST = 3.0
_SENTENCE_INSIDE = 1.6
_WORD_ALONE = 4.0
_CLAUSE_BEGUN = 1.5
"""Of a cue that ends with the first word of a clause ("…, ask"); less the more words there are."""
_FEW_WORDS = 3
_EMPTY = 0.6
_LINE_BREAK = 0.4
"""How much of what a line break costs a cue pays for it."""
_PAUSE_INSIDE, _PAUSE_SECONDS_INSIDE = 0.5, 1.2


@dataclass(frozen=True, slots=True)
class Cue:
    """A subtitle: when it is shown (seconds), its lines, and who speaks each of them."""

    start: float
    end: float
    lines: tuple[str, ...]
    speakers: tuple[str | None, ...] = ()
    """One for each line; None where it is not known."""
    said: tuple[float, float] | None = None
    """When its words begin and end; None where that is not known."""

    @property
    def text(self) -> str:
        """The lines as one text, with line breaks between them."""
        return "\n".join(self.lines)


def plan_cues(transcript: Transcript, layout: CueLayout | None = None, *, named: bool = False) -> list[Cue]:
    """The cues of a transcript, in order, not overlapping; `named` as for `pieces`."""
    layout = layout or CueLayout()
    spoken: list[Spoken] = []
    for run in _runs(pieces(transcript, named=named)):
        phrase = Phrase(run, layout)
        for first, last in _grouped(phrase):
            group = run[first : last + 1]
            lines = phrase.lines(first, last)
            who = list(dict.fromkeys(piece.speaker for piece in group))
            spoken.append(
                Spoken(
                    start=group[0].start,
                    end=max(piece.end for piece in group),
                    width=phrase.width(first, last),
                    lines=lines,
                    speakers=tuple(who if len(who) > 1 else who * len(lines)),
                )
            )
    return [
        Cue(start=start, end=end, lines=cue.lines, speakers=cue.speakers, said=(cue.start, cue.end))
        for cue, (start, end) in zip(spoken, show(spoken, layout), strict=True)
    ]


def _runs(all_pieces: list[Piece]) -> Iterator[list[Piece]]:
    """The pieces between long silences."""
    run: list[Piece] = []
    for piece in all_pieces:
        if run and piece.start - run[-1].end > _LONGEST_SILENCE:
            yield run
            run = []
        run.append(piece)
    if run:
        yield run


def _grouped(phrase: Phrase) -> list[tuple[int, int]]:
    """The cheapest way to cut a run of words: the first and last word of each cue."""
    count = len(phrase.pieces)
    best: list[float] = [0.0] + [float("inf")] * count
    cut = [0] * (count + 1)
    for first in range(count):
        if best[first] == float("inf"):
            continue
        for last in range(first, count):
            if last > first and phrase.spoken(first, last) > phrase.layout.longest:
                break
            if last + 1 < count and phrase.breaks[last] == NEVER:
                continue
            split = phrase.split(first, last)
            if split is None:
                if phrase.width(first, last) > phrase.room:
                    break
                # Half a name may not fit where the whole one, on a line of its own, does.
                continue
            cost = best[first] + _cost(phrase, first, last) + _LINE_BREAK * split[0]
            if last + 1 < count:
                cost += _break_cost(phrase, last)
            if cost < best[last + 1]:
                best[last + 1], cut[last + 1] = cost, first
    groups: list[tuple[int, int]] = []
    end = count
    while end:
        groups.append((cut[end], end - 1))
        end = cut[end]
    return groups[::-1]


def _cost(phrase: Phrase, first: int, last: int) -> float:
    """How bad a cue is in itself.

    Wanted are few cues, none of them flashing by, holding the end of a sentence inside, or leaving a word alone.
    """
    layout = phrase.layout
    width = phrase.width(first, last)
    start = phrase.pieces[first].start
    until = phrase.pieces[last + 1].start if last + 1 < len(phrase.pieces) else float("inf")
    shown = min(until - layout.gap, start + layout.longest) - start
    cost = _A_CUE
    if shown < layout.shortest:
        cost += _FLASHING * (layout.shortest - shown) / layout.shortest
    if shown > 0 and width / shown > layout.reading_speed:
        cost += min(_TOO_FAST, width / shown / layout.reading_speed - 1)
    for i in range(first, last):
        if phrase.bonds[i] == Bond.SENTENCE:
            cost += _SENTENCE_INSIDE
        if phrase.silences[i] >= layout.pause:
            cost += _PAUSE_INSIDE + _PAUSE_SECONDS_INSIDE * (phrase.silences[i] - layout.pause)
    if first == last and not _is_sentence(phrase, first):
        cost += _WORD_ALONE
    if (begun := _begun(phrase, first, last)) > 0:
        cost += _CLAUSE_BEGUN / begun
    room = layout.line_width * layout.lines
    return cost + _EMPTY * (1 - min(width, room) / room) ** 2


def _is_sentence(phrase: Phrase, index: int) -> bool:
    before = index == 0 or phrase.bonds[index - 1] == Bond.SENTENCE
    closed = not phrase.pieces[index].text[-1:].isalnum()
    after = closed if index == len(phrase.bonds) else phrase.bonds[index] == Bond.SENTENCE
    return before and after


def _begun(phrase: Phrase, first: int, last: int) -> int:
    """The few words at the end of a cue that begin a clause which goes on behind it; 0 if there are none."""
    if last == len(phrase.bonds) or phrase.bonds[last] <= Bond.CLAUSE:
        return 0
    for words in range(1, min(_FEW_WORDS, last - first) + 1):
        if phrase.bonds[last - words] <= Bond.CLAUSE:
            return words
    return 0


def _break_cost(phrase: Phrase, last: int) -> float:
    """How bad it is to end a cue after a word."""
    silence = min(phrase.silences[last], 0.6)
    bond = phrase.bonds[last]
    if phrase.turns[last]:
        return 0.0
    if bond == Bond.SENTENCE:
        return 0.0
    if bond == Bond.CLAUSE:
        return phrase.breaks[last] - 0.4 * silence
    return phrase.breaks[last] - silence * (1.0 if bond <= Bond.WORDS else 0.3)
