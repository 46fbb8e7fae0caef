"""Reads subtitles as a subtitler would, and lists what breaks the rules. Nothing here decides how they are made.

Three rules cannot always be kept: speech may be too fast to be read (`too_fast`), a short answer may have no time
around it (`too_short`), and a word may stand between two long silences (`word_alone`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from typing_extensions import override

from tasks.subtitles.abbreviations import SENTENCE_PAUSE
from tasks.subtitles.bonds import Bond
from tasks.subtitles.cues import Cue
from tasks.subtitles.layout import CueLayout
from tasks.subtitles.lines import DASH, HELD_SECONDS, NEVER, Phrase
from tasks.subtitles.parts import parts
from tasks.subtitles.pieces import Piece, text_width

Rule = Literal[
    "lines",
    "line_width",
    "too_short",
    "too_long",
    "too_fast",
    "overlap",
    "gap",
    "split",
    "dangling",
    "abbreviation",
    "word_alone",
]
"""`split`: a break inside a name or between a number and its unit. `dangling`: after an article, a preposition.
`abbreviation`: after one that does not end its sentence."""

_ROUNDING = 0.002
_ALONE = 6
"""Columns of a word that says nothing by itself."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule broken by one cue."""

    rule: Rule
    cue: int
    """Its index."""
    what: str


def violations(cues: Sequence[Cue], language: str, layout: CueLayout | None = None) -> list[Violation]:
    """All violations of a layout, in the order of the cues."""
    layout = layout or CueLayout()
    found = [
        *_of_times(cues, layout),
        *_of_lines(cues, language, layout),
        *_of_breaks(cues, language, layout),
    ]
    return sorted(found, key=lambda violation: violation.cue)


def _of_times(cues: Sequence[Cue], layout: CueLayout) -> Iterator[Violation]:
    for i, cue in enumerate(cues):
        shown = cue.end - cue.start
        if shown < layout.shortest - _ROUNDING:
            yield Violation("too_short", i, f"{shown:.2f} s: {cue.text!r}")
        if shown > layout.longest + _ROUNDING:
            yield Violation("too_long", i, f"{shown:.2f} s: {cue.text!r}")
        width = text_width(cue.text.replace("\n", " "))
        if width > layout.reading_speed * (shown + _ROUNDING):
            speed = width / shown if shown else float("inf")
            yield Violation("too_fast", i, f"{speed:.1f} a second: {cue.text!r}")
    for i, (before, after) in enumerate(pairwise(cues), start=1):
        silence = after.start - before.end
        if silence < -_ROUNDING:
            yield Violation("overlap", i, f"{-silence:.2f} s over the one before: {after.text!r}")
        elif silence < layout.gap - _ROUNDING:
            yield Violation("gap", i, f"{silence:.3f} s: {after.text!r}")


def _of_lines(cues: Sequence[Cue], language: str, layout: CueLayout) -> Iterator[Violation]:
    for i, cue in enumerate(cues):
        if len(cue.lines) > layout.lines:
            yield Violation("lines", i, f"{len(cue.lines)} lines: {cue.text!r}")
        for line in cue.lines:
            if text_width(line) > layout.line_width and len(parts(line.removeprefix(DASH), language)) > 1:
                yield Violation("line_width", i, f"{text_width(line)} columns: {line!r}")
        words = cue.text.split()
        quiet_before = i == 0 or _silence(cues[i - 1], cue) > HELD_SECONDS
        quiet_after = i + 1 == len(cues) or _silence(cue, cues[i + 1]) > HELD_SECONDS
        small = len(words) == 1 and words[0].isalpha() and text_width(words[0]) <= _ALONE
        if small and not (quiet_before and quiet_after):
            yield Violation("word_alone", i, repr(cue.text))


def _of_breaks(cues: Sequence[Cue], language: str, layout: CueLayout) -> Iterator[Violation]:
    """Breaks between the lines of all cues, where what was torn apart would have fitted a line."""
    shown = list(_pieces(cues, language))
    phrase = _Shown([piece for _, _, piece in shown], layout, [cues[cue] for cue, _, _ in shown])
    for i, ((cue, line, piece), (next_cue, next_line, after)) in enumerate(pairwise(shown)):
        if (cue, line) == (next_cue, next_line) or not piece.spaced or not after.spaced:
            continue
        if next_cue != cue and _silence(cues[cue], cues[next_cue]) > HELD_SECONDS:
            continue
        if phrase.breaks[i] < NEVER:
            continue
        rule: Rule = "split" if phrase.bonds[i] >= Bond.WHOLE else "dangling"
        if piece.text.endswith("."):
            rule = "abbreviation"
        yield Violation(rule, cue, f"{piece.text} | {after.text}")


@dataclass(frozen=True)
class _Shown(Phrase):
    """Words as subtitles show them: when each of them is said is a guess."""

    cues: Sequence[Cue]
    """The subtitle of each word."""

    @override
    def spoken(self, first: int, last: int) -> float:
        """Seconds at most, so that nothing is held to have fitted that may not have."""
        return _said(self.cues[last])[1] - _said(self.cues[first])[0]


def _silence(before: Cue, after: Cue) -> float:
    """Seconds without words between two cues; of those that do not say it, without a subtitle."""
    return _said(after)[0] - _said(before)[1]


def _said(cue: Cue) -> tuple[float, float]:
    return cue.said or (cue.start, cue.end)


def _pieces(cues: Sequence[Cue], language: str) -> Iterator[tuple[int, int, Piece]]:
    """The words of all cues with their cue and line, each at an equal share of its cue's time.

    How long the speaker paused at the end of a line is not seen in cues: where it matters, long enough.
    """
    for index, cue in enumerate(cues):
        both = len(cue.lines) > 1 and all(line.startswith(DASH) for line in cue.lines)
        lines = [parts(line.removeprefix(DASH) if both else line, language) for line in cue.lines]
        count = max(sum(map(len, lines)), 1)
        at = 0
        for number, words in enumerate(lines):
            who = cue.speakers[number] if number < len(cue.speakers) else None
            for place, word in enumerate(words, start=1):
                start = cue.start + (cue.end - cue.start) * at / count
                at += 1
                end = cue.start + (cue.end - cue.start) * at / count
                yield (
                    index,
                    number,
                    Piece(
                        word.text,
                        word.spaced,
                        start,
                        end - (place == len(words)) * SENTENCE_PAUSE,
                        who,
                        language,
                        space=word.space,
                    ),
                )
