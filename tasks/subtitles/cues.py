"""Cues: how a transcript is cut into subtitles that can be read while they are shown.

Two steps: which words share a cue (the cheapest of all ways to cut, by the rules in `_cost`), then when each
cue is shown (it may stay into the silence that follows, never into the next cue).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.speech.transcript import Transcript
from tasks.subtitles.pieces import Piece, pieces

_SENTENCE_END = re.compile(r"""[.!?…。！？]["'”’»)\]]*$""")
_CLAUSE_END = re.compile(r"""[,;:—–，、；：]["'”’»)\]]*$""")
_ABBREVIATION = re.compile(
    r"^(?:[A-ZÀ-Ü]|mr|mrs|ms|dr|dra|sr|sra|st|prof|profa|no|vs|etc|av|nº)\.$", re.IGNORECASE
)
# A line should not end in these: the reader waits for the word they belong to.
_LEADING = """
    a an the of to in on at by for from with and or but as that this my your his her its our their is are was
    were be not if than into very
    so o os as um uma uns umas de do da dos das em no na nos nas por pelo pela para com sem e ou mas que se ao
    à aos às é são foi meu minha seu sua este esta esse essa muito mais não num numa
"""
_LEADING_WORDS = frozenset(_LEADING.split())


@dataclass(frozen=True, slots=True)
class CueLayout:
    """Limits for cues; the defaults are those of broadcast subtitles."""

    line_width: int = 42
    """Columns in a line; a longer word still stays whole."""
    lines: int = 2
    reading_speed: float = 20.0
    """Characters a second, where the speech leaves the time."""
    shortest: float = 1.0
    longest: float = 7.0
    gap: float = 0.084
    """Seconds between cues: two frames at 24 a second, so that the eye sees the change."""
    pause: float = 1.0
    """A silence of this length always ends a cue."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A subtitle: when it is shown (seconds) and its lines."""

    start: float
    end: float
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lines as one text, with line breaks between them."""
        return "\n".join(self.lines)


def plan_cues(transcript: Transcript, layout: CueLayout | None = None) -> list[Cue]:
    """The cues of a transcript, in order, not overlapping."""
    layout = layout or CueLayout()
    groups: list[list[Piece]] = []
    run: list[Piece] = []
    for piece in pieces(transcript):
        if run and piece.start - run[-1].end >= layout.pause:
            groups += _grouped(run, run[-1].end + layout.pause, layout)
            run = []
        run.append(piece)
    if run:
        groups += _grouped(run, run[-1].end + layout.pause, layout)
    return _timed(groups, layout)


def _grouped(run: Sequence[Piece], free: float, layout: CueLayout) -> list[list[Piece]]:
    """The cheapest way to cut a run of words without pauses; after it nothing is said until `free`."""
    best: list[float] = [0.0] + [float("inf")] * len(run)
    cut = [0] * (len(run) + 1)
    for first in range(len(run)):
        if best[first] == float("inf"):
            continue
        for last in range(first, len(run)):
            group = run[first : last + 1]
            if last > first and not _fits(group, layout):
                break
            cost = best[first] + _cost(group, run[last + 1].start if last + 1 < len(run) else free, layout)
            if last + 1 < len(run):
                cost += _break_cost(run[last], run[last + 1])
            if cost < best[last + 1]:
                best[last + 1], cut[last + 1] = cost, first
    groups: list[list[Piece]] = []
    end = len(run)
    while end:
        groups.append(list(run[cut[end] : end]))
        end = cut[end]
    return groups[::-1]


def _fits(group: Sequence[Piece], layout: CueLayout) -> bool:
    if group[-1].end - group[0].start > layout.longest:
        return False
    used, width = 1, 0
    for piece in group:
        more = piece.width + (1 if piece.spaced and width else 0)
        if width and width + more > layout.line_width:
            used, width = used + 1, piece.width
        else:
            width += more
    return used <= layout.lines


def _cost(group: Sequence[Piece], until: float, layout: CueLayout) -> float:
    """How bad a cue is in itself.

    Wanted are few cues, none of them flashing by or holding the end of a sentence inside.
    """
    width = _width(group)
    shown = min(until - layout.gap, group[0].start + layout.longest) - group[0].start
    cost = 1.0
    if shown < layout.shortest:
        cost += 2.5 * (layout.shortest - shown) / layout.shortest
    if shown > 0 and width / shown > layout.reading_speed:
        cost += min(2.0, width / shown / layout.reading_speed - 1)
    cost += sum(1.6 for piece in group[:-1] if _ends_sentence(piece))
    room = layout.line_width * layout.lines
    return cost + 0.6 * (1 - min(width, room) / room) ** 2


def _break_cost(before: Piece, after: Piece) -> float:
    """How bad it is to separate two words."""
    if _ends_sentence(before):
        return 0.0
    silence = min(max(after.start - before.end, 0.0), 0.6)
    if _CLAUSE_END.search(before.text):
        return 0.3 - 0.4 * silence
    leading = before.text.casefold() in _LEADING_WORDS
    return (1.6 if leading else 0.8) - silence


def _ends_sentence(piece: Piece) -> bool:
    return bool(_SENTENCE_END.search(piece.text)) and not _ABBREVIATION.match(piece.text)


def _lines(group: Sequence[Piece], layout: CueLayout) -> tuple[str, ...]:
    """One line where it fits, else two of about the same length, broken where the sense breaks."""
    if _width(group) <= layout.line_width or len(group) == 1:
        return (_text(group),)
    if layout.lines != 2:
        return _filled(group, layout)
    choices = []
    for at in range(1, len(group)):
        upper, lower = _width(group[:at]), _width(group[at:])
        excess = max(0, upper - layout.line_width) + max(0, lower - layout.line_width)
        unbalanced = abs(upper - lower) / layout.line_width
        choices.append((excess, unbalanced + _break_cost(group[at - 1], group[at]), at))
    _, _, at = min(choices)
    return (_text(group[:at]), _text(group[at:]))


def _filled(group: Sequence[Piece], layout: CueLayout) -> tuple[str, ...]:
    lines: list[list[Piece]] = [[]]
    for piece in group:
        if lines[-1] and _width([*lines[-1], piece]) > layout.line_width:
            lines.append([])
        lines[-1].append(piece)
    return tuple(_text(line) for line in lines)


def _timed(groups: Sequence[Sequence[Piece]], layout: CueLayout) -> list[Cue]:
    # Word times may coincide or even run backwards by a little; cues may not.
    floor = 2 * layout.gap
    starts: list[float] = []
    for group in groups:
        start = max(group[0].start, 0.0)
        starts.append(max(start, starts[-1] + floor) if starts else start)
    cues: list[Cue] = []
    for index, group in enumerate(groups):
        start = starts[index]
        limit = starts[index + 1] - layout.gap if index + 1 < len(groups) else float("inf")
        wanted = max(layout.shortest, _width(group) / layout.reading_speed)
        end = min(max(group[-1].end, start + wanted), start + layout.longest, limit)
        if end - start < wanted:  # no time after it: come a little early, where nothing else is shown
            earliest = cues[-1].end + layout.gap if cues else 0.0
            start = max(min(start, earliest), start - 0.5, end - wanted) if earliest < start else start
        cues.append(Cue(start=round(start, 3), end=round(end, 3), lines=_lines(group, layout)))
    return cues


def _width(group: Sequence[Piece]) -> int:
    return sum(piece.width for piece in group) + sum(piece.spaced for piece in group[1:])


def _text(group: Sequence[Piece]) -> str:
    return "".join((" " if piece.spaced and index else "") + piece.text for index, piece in enumerate(group))
