"""What a lawyer looks for first in a change: amounts of money, dates, percentages and deadlines."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import get_args

from pydantic import BaseModel, ConfigDict
from rapidfuzz.distance import Indel

from tasks.documents.figure_patterns import FigureKind, find_figures
from tasks.documents.shown import UNSEEN

HighlightKind = FigureKind


class Highlight(BaseModel):
    """A changed figure."""

    model_config = ConfigDict(frozen=True)

    tipo: HighlightKind
    antes: str
    """Empty for one that is new."""
    depois: str
    """Empty for one that is gone."""


_AROUND = " .,"
"""That no figure begins or ends with."""
Figure = tuple[int, int, HighlightKind, str]
"""Start, end, kind, characters."""


class Figures:
    """The figures of a text, looked for in the paragraphs that are asked about."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: dict[int, list[Figure]] = {}
        """By the beginning of the paragraph."""

    def touching(self, start: int, end: int) -> list[Figure]:
        """Those that share a character with a range; of an empty range those around it."""
        held: list[Figure] = []
        at = self._text.rfind("\n", 0, start) + 1
        while at <= min(end, len(self._text)):
            behind = self._text.find("\n", at)
            behind = len(self._text) if behind < 0 else behind
            figures = self._of_paragraph(at, behind)
            # They stand one behind the other.
            first = bisect_right(figures, start, key=lambda each: each[1])
            last = bisect_left(figures, end, key=lambda each: each[0])
            held += figures[first:last]
            at = behind + 1
        return held

    def _of_paragraph(self, start: int, end: int) -> list[Figure]:
        if start not in self._found:
            self._found[start] = [*_figures_of(self._text, start, end)]
        return self._found[start]


def _figures_of(text: str, start: int, end: int) -> Iterator[Figure]:
    """Those of a paragraph, read as it is seen: nothing that is not seen takes a number apart."""
    paragraph = text[start:end]
    seen = paragraph.translate(UNSEEN)
    if len(seen) == len(paragraph):
        for first, last, kind in find_figures(text, start, end):
            yield first, last, kind, text[first:last].strip(_AROUND)
        return
    places = [place for place, sign in enumerate(paragraph, start) if ord(sign) not in UNSEEN]
    for first, last, kind in find_figures(seen, 0, len(seen)):
        yield places[first], places[last - 1] + 1, kind, seen[first:last].strip(_AROUND)


def changed_figures(before: Sequence[Figure], after: Sequence[Figure]) -> tuple[Highlight, ...]:
    """What became of the figures that a change touches; those that stayed the same are left out."""
    highlights: list[Highlight] = []
    for kind in get_args(HighlightKind):
        old = [" ".join(each[3].split()) for each in before if each[2] == kind]
        new = [" ".join(each[3].split()) for each in after if each[2] == kind]
        if len(old) != len(new):
            old, new = _without_common(old, new)
        highlights += [
            Highlight(tipo=kind, antes=was, depois=now)
            for was, now in zip_longest(old, new, fillvalue="")
            if was != now
        ]
    return tuple(highlights)


def _without_common(old: Sequence[str], new: Sequence[str]) -> tuple[list[str], list[str]]:
    """What is left of both where figures came or went: the others are in the same order in both."""
    steps = Indel.opcodes(old, new)
    gone = [each for step in steps if step.tag == "delete" for each in old[step.src_start : step.src_end]]
    come = [each for step in steps if step.tag == "insert" for each in new[step.dest_start : step.dest_end]]
    return gone, come
