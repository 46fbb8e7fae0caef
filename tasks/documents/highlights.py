"""What a lawyer looks for first in a change: amounts of money, dates, percentages and deadlines."""

import re
from bisect import bisect_left
from collections import Counter
from typing import Literal

from pydantic import BaseModel, ConfigDict

HighlightKind = Literal["valor", "data", "percentual", "prazo"]

_MONTHS = "janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro"
_IN_WORDS = r"(?:\s*\([^()]{1,120}\))?"
"""The same in words: 30 (trinta) dias."""
_PATTERNS: tuple[tuple[HighlightKind, re.Pattern[str]], ...] = (
    (
        "valor",
        re.compile(
            r"(?:R\$|US\$|U\$|€|£|BRL|USD|EUR)\s?\d[\d.,]*\d?(?:\s+(?:mil\b|milh(?:ão|ões)|bilh(?:ão|ões)))?"
            r"(?:\s*\([^()]{0,120}(?:rea[li]|dólar|euro|centavo)[^()]{0,60}\))?"
            r"|\d[\d.]*(?:,\d\d)?" + _IN_WORDS + r"\s+(?:reais|dólares|euros)\b"
            r"|\b\d{1,3}(?:\.\d{3})+,\d\d\b",
            re.IGNORECASE,
        ),
    ),
    (
        "data",
        re.compile(
            r"\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b|\b\d{4}-\d{2}-\d{2}\b"
            rf"|\b\d{{1,2}}[ºo°]?\s+de\s+(?:{_MONTHS})(?:\s+de\s+\d{{4}})?"
            rf"|\b(?:{_MONTHS})\s+(?:de\s+)?\d{{4}}\b",
            re.IGNORECASE,
        ),
    ),
    (
        "percentual",
        re.compile(
            r"\d+(?:[.,]\d+)?" + _IN_WORDS + r"\s*(?:%|por\s+cento\b|pontos?\s+percentua)", re.IGNORECASE
        ),
    ),
    (
        "prazo",
        re.compile(
            r"\b\d+[ºª°]?" + _IN_WORDS + r"\s+(?:dias?|mês|meses|anos?|semanas?|horas?|minutos?|bimestres?"
            r"|trimestres?|semestres?)(?:\s+(?:úte?is|corridos?|consecutivos?))?(?!\w)",
            re.IGNORECASE,
        ),
    ),
)


class Highlight(BaseModel):
    """A changed figure."""

    model_config = ConfigDict(frozen=True)

    tipo: HighlightKind
    antes: str
    """Empty for one that is new."""
    depois: str
    """Empty for one that is gone."""


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
        while at <= end:
            behind = self._text.find("\n", at)
            behind = len(self._text) if behind < 0 else behind
            held += [each for each in self._of_paragraph(at, behind) if _touches(each, start, end)]
            at = behind + 1
        return held

    def _of_paragraph(self, start: int, end: int) -> list[Figure]:
        if start not in self._found:
            found: list[Figure] = []
            for kind, pattern in _PATTERNS:
                for match in pattern.finditer(self._text, start, end):
                    near = _near(found, match)
                    if not any(first < match.end() and match.start() < last for first, last, *_ in near):
                        found.append((match.start(), match.end(), kind, match[0].strip(" .,")))
                found.sort()
            self._found[start] = found
        return self._found[start]


def _touches(figure: Figure, start: int, end: int) -> bool:
    if start == end:
        return figure[0] < start < figure[1]
    return figure[0] < end and start < figure[1]


def _near(found: list[Figure], match: re.Match[str]) -> list[Figure]:
    at = bisect_left(found, (match.start(),))
    return found[max(0, at - 2) : at + 2]


def changed_figures(before: list[Figure], after: list[Figure]) -> tuple[Highlight, ...]:
    """What became of the figures that a change touches; those that stayed the same are left out."""
    highlights: list[Highlight] = []
    for kind, _ in _PATTERNS:
        old = [" ".join(each[3].split()) for each in before if each[2] == kind]
        new = [" ".join(each[3].split()) for each in after if each[2] == kind]
        gone = list((Counter(old) - Counter(new)).elements())
        come = list((Counter(new) - Counter(old)).elements())
        for place in range(max(len(gone), len(come))):
            highlights.append(
                Highlight(
                    tipo=kind,
                    antes=gone[place] if place < len(gone) else "",
                    depois=come[place] if place < len(come) else "",
                )
            )
    return tuple(highlights)
