"""How contracts write amounts of money, dates, percentages and deadlines, in digits and in words.

Repetitions are bounded, and numbers are read as a whole or not at all: a paragraph takes time by its length.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Literal

from tasks.documents.numerals import cardinal_words, ordinal_words

FigureKind = Literal["valor", "data", "percentual", "prazo"]

_KINDS: Mapping[str, FigureKind] = {
    "symbol": "valor",
    "currency": "valor",
    "cents": "valor",
    "date": "data",
    "percentage": "percentual",
    "unit": "prazo",
    "day": "prazo",
    "hours": "prazo",
}
"""By what tells it: the name of a group."""
_MONTHS = "janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro"
_GAP = r"[^\S\n]{1,3}"
_IF_GAP = r"[^\S\n]{0,3}"
_IN_WORDS = rf"(?:{_IF_GAP}\([^()]{{1,120}}\))?"
"""The same in words: 30 (trinta) dias."""
_NOT_INSIDE = r"(?<!\d)(?<!\d[.,/:])"
"""A number that does not go on from one before it."""
_ORDINAL = r"(?:\.?[ºª°])?"
_AND = rf"(?:{_IF_GAP}[,/–-]{_IF_GAP}|{_GAP}(?:e|a|ou|até){_GAP})"
_DIGITS = r"(?>\d{1,15}(?:[.,:]\d{1,6}){0,6})(?!\d)"
_SCALE = rf"(?:{_GAP}(?:mil|milhão|milhões|bilhão|bilhões)\b)?"
_CURRENCY = r"(?:reais|real|dólares|dólar|euros?|centavos?)\b"


def find_figures(text: str, start: int, end: int) -> Iterator[tuple[int, int, FigureKind]]:
    """The figures between two places of a text, one behind the other: where each begins and ends, and its kind."""
    for match in _pattern().finditer(text, start, end):
        yield match.start(), match.end(), _KINDS[match.lastgroup or ""]


@cache
def _pattern() -> re.Pattern[str]:
    said = rf"(?:{_IF_GAP}\([^()]{{0,120}}(?:rea[li]|dólar|euro|centavo)[^()]{{0,60}}\))?"
    symbol = (
        rf"(?P<symbol>(?:\b(?:R\$|US\$|U\$|BRL|USD|EUR)|€|£){_IF_GAP}{_DIGITS}{_SCALE}"
        rf"(?:{_GAP}de{_GAP}{_CURRENCY})?{said})"
    )
    currency = (
        rf"(?P<currency>{_GAP}(?:de{_GAP})?{_CURRENCY}(?:{_GAP}e{_GAP}{_count()}{_GAP}centavos?\b)?{said})"
    )
    cents = rf"(?P<cents>{_NOT_INSIDE}\d{{1,3}}(?:\.\d{{3}}){{1,5}},\d\d\b{said})"
    counted = rf"{_counts()}(?:{currency}|{_percentage()}|{_unit()})"
    return re.compile(
        _however_accented("|".join((symbol, _date(), counted, _other_deadlines(), cents))), re.IGNORECASE
    )


def _date() -> str:
    day, month, year = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:1[89]|20)\d\d"
    # With points only where no clause, address of a machine or number of a lawsuit is written so.
    numeric = (
        rf"{_NOT_INSIDE}(?:{day}/{month}/(?:{year}|\d\d)(?!/?\d)|{day}\.{month}\.{year}(?!\.?\d)"
        rf"|(?:\d\d\.0[1-9]|0[1-9]\.1[0-2])\.\d\d(?!\.?\d)"
        rf"|(?<!\d-)(?:{day}-{month}-{year}|{year}-\d\d-\d\d)(?!-?\d)"
        rf"|(?<!nº\s)(?<!n°\s)(?<!\.º\s){month}/{year}(?!/?\d))"  # nº 3/2026 is a document
    )
    # "mar" and "set" are words of their own: short months have a point, or a year behind them.
    short = "|".join(name[:3] for name in _MONTHS.split("|"))
    name = rf"(?:(?:{_MONTHS})\b|(?:{short})(?:\.|(?=/|{_GAP}de{_GAP}\d)))"
    said_year = rf"(?:\d{{4}}\b|dois{_GAP}mil\b(?:{_GAP}e{_GAP}{_words()})?)"
    first = rf"(?:{_NOT_INSIDE}{day}(?:\.?[ºª°o])?|\bprimeiro\b|{_words()}){_IN_WORDS}"
    of_month = rf"{_GAP}de{_GAP}{name}(?:(?:{_GAP}de{_GAP}|/){said_year})?"
    month_alone = (
        rf"\b(?:{_MONTHS}|(?:{short})\.?)(?:{_IF_GAP}/{_IF_GAP}(?:\d{{4}}|\d\d)|{_GAP}(?:de{_GAP})?\d{{4}})\b"
    )
    a_day = rf"{day}{_ORDINAL}{_IN_WORDS}"
    every_month = (
        rf"\bdias?{_GAP}{a_day}(?:{_AND}{a_day}){{0,4}}(?![./-]?\d|{_GAP}de{_GAP}{name})"
        rf"(?:{_GAP}(?:de{_GAP}cada|do|de{_GAP}todo){_GAP}mês\b)?"
    )
    return rf"(?P<date>{numeric}|{first}{of_month}|{month_alone}|{every_month})"


def _percentage() -> str:
    said = rf"(?:{_IF_GAP}\([^()]{{0,120}}(?:cento|%|percentua)[^()]{{0,60}}\))?"
    return rf"(?P<percentage>{_IF_GAP}(?:%|por{_GAP}cento\b|pontos?{_GAP}percentua(?:is|l)\b){said})"


_WHICH_DAYS = rf"(?:{_GAP}(?:úteis|útil|corridos?|consecutivos?)\b)?"


def _unit() -> str:
    unit = r"(?:dias?|mês|meses|anos?|semanas?|horas?|minutos?|bimestres?|trimestres?|semestres?)\b"
    return rf"(?P<unit>{_GAP}{unit}{_WHICH_DAYS})"


def _other_deadlines() -> str:
    return (
        rf"(?P<day>\b(?:{_any(ordinal_words(31))})\b{_IN_WORDS}{_GAP}dia\b{_WHICH_DAYS})"
        rf"|(?P<hours>{_NOT_INSIDE}{_DIGITS}{_IF_GAP}h(?:s|rs?)?\b)"
    )


def _counts() -> str:
    """Numbers that share what they count: "10 a 20 dias", "12 (doze) e 24 (vinte e quatro) meses"."""
    return rf"(?:{_NOT_INSIDE}(?=\d)|\b(?!\d)){_count()}(?:{_AND}{_count()}){{0,5}}"


def _count() -> str:
    return rf"(?:{_DIGITS}{_SCALE}|{_words()}){_ORDINAL}{_IN_WORDS}"


def _words() -> str:
    """A number in words, which is never taken apart: its "e" is not that of two numbers."""
    word = rf"(?:{_any(cardinal_words())})\b"
    return rf"(?>\b{word}(?:{_GAP}(?:e{_GAP})?{word}){{0,10}})"


def _any(words: Iterable[str]) -> str:
    return "|".join(word.replace(" ", _GAP) for word in words)


def _however_accented(pattern: str) -> str:
    """A pattern that finds its words also without accents, and with accents that are signs of their own."""

    def ways(letter: str) -> str:
        apart = unicodedata.normalize("NFD", letter)
        return f"(?:{letter}|{apart}?)" if len(apart) > 1 else letter

    return "".join(map(ways, pattern))
