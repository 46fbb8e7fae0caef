"""What kinds of values fields hold, and how each kind is written in the report's language."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import JsonValue

from tasks.reports.texts import humanised, line
from tasks.reports.wording import WORDS, Language

CUT = 180
"""Characters of a text in a table."""


class Kind(StrEnum):
    """What a field holds."""

    TEXT = "text"
    NUMBER = "number"
    IDENTIFIER = "identifier"
    """A number that is a name: nobody adds or compares it."""
    DATE = "date"
    TIME = "time"
    """Date and time."""
    DURATION = "duration"
    """Seconds, or as ISO 8601 writes them."""
    BYTES = "bytes"
    URL = "url"
    TRUTH = "truth"
    NESTED = "nested"


AMOUNTS = (Kind.NUMBER, Kind.DURATION, Kind.BYTES)
"""What can be compared and drawn."""
_BYTES = {"bytes", "size", "tamanho", "filesize"}
_SECONDS = {"duration", "duracao", "seconds", "segundos", "elapsed", "length"}
_MOMENTS = {
    *("timestamp", "mtime", "date", "data", "modified", "modificado", "created", "criado"),
    *("updated", "atualizado", "published", "publicado"),
}
_NAMES = {
    *("id", "code", "codigo", "number", "numero", "index", "indice", "position", "rank", "version", "versao"),
    *("year", "ano", "cep", "zip", "cnpj", "cpf", "phone", "telefone", "page", "pagina"),
    *("lat", "lon", "latitude", "longitude"),
}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_PLAIN_DAY = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|[+-]\d\d:?\d\d))?")
_ISO_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_URL = re.compile(r"https?://[^\s<>\"]{1,2000}", re.IGNORECASE)
_FIRST_MOMENT, _LAST_MOMENT = 500_000_000, 5_000_000_000
"""Unix times between 1985 and 2128."""
_MOST_DRAWN = 1e100
"""Larger amounts are written, and neither drawn nor added: the next larger number may be no number any more."""
_EXACT, _LONGEST_NAME = 10**15, 10**50
"""From here on numbers are written by their power of ten; those that are names later."""
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_OF_A_KIND = 2 / 3
"""Of the values of a field, from which on texts among them are odd ones out, and shown as they are."""


def kind_of(key: str, values: Sequence[JsonValue]) -> Kind:
    """The kind that the values of a field have; nulls say nothing, nor do a few texts among others."""
    words = frozenset(humanised(key).split())
    counts = Counter(_kind_of_value(value, words) for value in values if value is not None and value != "")
    if 0 < counts[Kind.TEXT] <= (1 - _OF_A_KIND) * counts.total():
        del counts[Kind.TEXT]
    kinds = {kind for kind, count in counts.items() if count}
    if kinds and kinds <= {Kind.DATE, Kind.TIME}:
        return Kind.DATE if all(map(_is_day, values)) else Kind.TIME
    if len(kinds) == 1:
        return kinds.pop()
    return Kind.NESTED if Kind.NESTED in kinds else Kind.TEXT


def _is_day(value: JsonValue) -> bool:
    """Whether a moment is a day: at midnight as it is written."""
    moment = moment_of(value)
    return moment is None or (moment.hour, moment.minute, moment.second) == (0, 0, 0)


def _kind_of_value(value: JsonValue, words: frozenset[str]) -> Kind:
    match value:
        case bool():
            return Kind.TRUTH
        case int() | float():
            return _kind_of_number(value, words)
        case str():
            return _kind_of_text(value, words)
        case _:
            return Kind.NESTED


def _kind_of_number(value: float, words: frozenset[str]) -> Kind:
    if words & _MOMENTS and _FIRST_MOMENT <= value <= _LAST_MOMENT:
        return Kind.TIME
    if words & _NAMES:
        return Kind.IDENTIFIER
    if words & _BYTES:
        return Kind.BYTES
    return Kind.DURATION if words & _SECONDS else Kind.NUMBER


def _kind_of_text(value: str, words: frozenset[str]) -> Kind:
    if len(value) > 2100:
        return Kind.TEXT
    if _DAY.fullmatch(value) or (words & _MOMENTS and _PLAIN_DAY.fullmatch(value)):
        return Kind.DATE if moment_of(value) else Kind.TEXT
    if _TIME.fullmatch(value):
        return Kind.TIME if moment_of(value) else Kind.TEXT
    if value[:1] == "P" and len(value) > 2 and _ISO_DURATION.fullmatch(value):
        return Kind.DURATION
    return Kind.URL if _URL.fullmatch(value) else Kind.TEXT


def moment_of(value: JsonValue) -> datetime | None:
    """The moment that a value names, in UTC where it says a zone, else as it is written; None if it names none."""
    try:
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC).replace(tzinfo=None)
        if isinstance(value, str) and len(value) < 50:
            found = datetime.fromisoformat(value.replace(" +", "+").replace(" Z", "Z"))
            return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
    except (ValueError, OverflowError, OSError):
        pass
    return None


def names_zone(value: JsonValue) -> bool:
    """Whether a moment is shown in UTC, because it names its zone or is a Unix time."""
    return isinstance(value, int | float) or (
        isinstance(value, str) and bool(re.search(r"(Z|[+-]\d\d:?\d\d)$", value[10:]))
    )


def amount_of(value: JsonValue) -> float | None:
    """The number that a value is, seconds of a duration; None if it is none or cannot be drawn."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if abs(number) <= _MOST_DRAWN else None
    if isinstance(value, str) and len(value) < 40 and (found := _ISO_DURATION.fullmatch(value)):
        days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return None


def link_of(value: JsonValue) -> str | None:
    """The address that a value is, if a reader may follow it."""
    if isinstance(value, str) and len(value) < 2100 and _URL.fullmatch(value) and value.isprintable():
        return value
    return None


class Writer:
    """Writes values as the language does."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.words = WORDS[language]
        self.in_utc = False
        """Whether a moment was written that is in UTC."""

    def value(self, value: JsonValue, kind: Kind, at_most: int = CUT) -> str:
        """The value as it stands in a table; an en dash for none."""
        if value is None or value == "" or value == [] or value == {}:
            return "–"
        if kind in (Kind.DATE, Kind.TIME) and (moment := moment_of(value)):
            if kind is Kind.TIME:
                self.in_utc |= names_zone(value)
                return self.time(moment)
            return self.day(moment)
        if kind in AMOUNTS and (amount := amount_of(value)) is not None:
            return self.amount(amount if kind is not Kind.NUMBER else value, kind)
        return line(self._plain(value), at_most)

    def amount(self, value: Any, kind: Kind) -> str:
        """A number with its unit."""
        match kind:
            case Kind.BYTES:
                return self.size(float(value))
            case Kind.DURATION:
                return self.duration(float(value))
        return self.number(value)

    def number(self, value: float) -> str:
        """With the language's signs; at most two decimals, of small numbers four digits."""
        if not isinstance(value, int) and not math.isfinite(value):
            return "–"
        if abs(value) >= _EXACT:
            try:
                figures, _, power = f"{float(value):.2e}".partition("e+")
            except OverflowError:
                return "∞"
            figures = figures.rstrip("0").rstrip(".").replace(".", self.words.decimal).replace("-", "−")
            return f"{figures}\u00a0×\u00a010{power.lstrip('0').translate(_RAISED)}"
        if isinstance(value, int) or value == int(value):
            written = f"{int(value):,d}"
        elif abs(value) < 1:
            written = f"{value:.4g}"
        else:
            written = f"{value:,.2f}"
        return (
            written.replace(",", "\0").replace(".", self.words.decimal).replace("\0", self.words.thousands)
        ).replace("-", "−")

    def size(self, count: float) -> str:
        """Bytes in the unit that fits."""
        units = ("B", "kB", "MB", "GB", "TB", "PB")
        place = 0
        while abs(count) >= 999.5 and place < len(units) - 1:
            count /= 1000
            place += 1
        whole = place == 0 or abs(count) >= 100
        figure = self.number(round(count)) if whole else f"{count:.1f}".replace(".", self.words.decimal)
        return f"{figure}\u00a0{units[place]}"

    def duration(self, seconds: float) -> str:
        """As 1:02:03, 2:03 or, below a minute, 7 s."""
        if abs(seconds) >= 1e9:
            return f"{self.number(round(seconds))}\u00a0s"
        if abs(figure := round(seconds, 1)) < 60:
            return f"{self.number(int(figure) if figure == int(figure) else figure)}\u00a0s"
        sign, whole = ("−" if seconds < 0 else ""), round(abs(seconds))
        hours, minutes, left = whole // 3600, whole // 60 % 60, whole % 60
        return f"{sign}{hours}:{minutes:02}:{left:02}" if hours else f"{sign}{minutes}:{left:02}"

    def day(self, moment: date) -> str:
        """12/03/2026, or 12 Mar 2026."""
        if self.language == "pt-BR":
            return f"{moment.day:02}/{moment.month:02}/{moment.year:04}"
        return f"{moment.day} {self.words.months[moment.month - 1]} {moment.year:04}"

    def time(self, moment: datetime) -> str:
        """The day and the minute."""
        return f"{self.day(moment)} {moment.hour:02}:{moment.minute:02}"

    def month(self, moment: date) -> str:
        """Mar 2026."""
        return f"{self.words.months[moment.month - 1]} {moment.year:04}"

    def items(self, count: int) -> str:
        """How many there are in a list."""
        return self.words.item if count == 1 else self.words.items.format(self.number(count))

    def _plain(self, value: JsonValue, depth: int = 0) -> str:
        match value:
            case None:
                return "–"
            case bool():
                return self.words.yes if value else self.words.no
            case int() | float():
                # An identifier as it is; what is longer than any is a number.
                return (
                    str(value)
                    if isinstance(value, int) and abs(value) < _LONGEST_NAME
                    else self.number(value)
                )
            case str():
                return value
            case list():
                if depth or any(isinstance(each, dict | list) for each in value):
                    return self.items(len(value))
                return ", ".join(self._plain(each, depth + 1) for each in value[:40])
            case dict():
                if depth > 1:
                    return "…"
                parts = list(value.items())[:12]
                return "; ".join(f"{humanised(key)}: {self._plain(each, depth + 1)}" for key, each in parts)


def period(moments: Sequence[datetime]) -> tuple[datetime, datetime] | None:
    """The first and the last; None if they are the same day."""
    if not moments:
        return None
    first, last = min(moments), max(moments)
    return (first, last) if last - first >= timedelta(days=1) else None
