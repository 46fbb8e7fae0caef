"""What is said for dates, times and weekdays in Brazilian Portuguese."""

import re

from tasks.narration import portuguese_words as words
from tasks.narration.portuguese_numbers import cardinal
from tasks.narration.reading_rules import Place

_CLOCK_BEFORE = re.compile(
    r"(?:^|\W)(?:às|as|das|até|à|pelas|às\s.{1,8}\se|das\s.{1,8}\s(?:às|a|até))\s+$", re.IGNORECASE
)
DATE_BEFORE = re.compile(
    r"(?:^|\W)(?:dia|dias|até|em|desde|de|do|no|data|partir de|válid[oa] até)\s+$", re.IGNORECASE
)


def _valid(day: int, month: int) -> bool:
    return 1 <= day <= 31 and 1 <= month <= 12


def _day(day: int) -> str:
    return "primeiro" if day == 1 else cardinal(day)


def _year(year: str) -> str:
    return cardinal(int(year) if len(year) == 4 else 2000 + int(year))


def full_date(match: re.Match[str]) -> str | None:
    """A date with its year."""
    day, month = int(match["day"]), int(match["month"])
    if not _valid(day, month):
        return None
    return f"{_day(day)} de {words.MONTHS[month - 1]} de {_year(match['year'])}"


def short_date(match: re.Match[str], place: Place) -> str | None:
    """A day and its month, unless they are more likely a fraction or a rating."""
    day, month = match["day"], match["month"]
    announced = bool(DATE_BEFORE.search(place.before))
    if not _valid(int(day), int(month)) or (not announced and len(day) == 1 and len(month) == 1):
        return None
    if (day, month) == ("24", "7") and not announced:
        return "vinte e quatro horas por dia, sete dias por semana"
    return f"{_day(int(day))} de {words.MONTHS[int(month) - 1]}"


def month_year(match: re.Match[str]) -> str | None:
    """Says "12/2026"."""
    month = int(match["month"])
    return f"{words.MONTHS[month - 1]} de {cardinal(int(match['year']))}" if 1 <= month <= 12 else None


def first_of(_: re.Match[str]) -> str:
    """The first day of a month has an ordinal."""
    return "primeiro"


def clock(match: re.Match[str], place: Place) -> str | None:
    """A time of day or a duration, in hours and minutes."""
    hour, minute, second = int(match["hour"]), int(match["minute"] or 0), int(match["second"] or 0)
    if minute > 59 or second > 59 or (hour > 24 and not match["mark"]):
        return None
    hours = cardinal(hour, feminine=True)
    name = "hora" if hour < 2 else "horas"
    minutes = f"{cardinal(minute)} {'minuto' if minute == 1 else 'minutos'}"
    if second:
        return f"{hours} {name}, {minutes} e {cardinal(second)} {'segundo' if second == 1 else 'segundos'}"
    if not minute:
        return f"{hours} {name}"
    clock = match["colon"] or (_CLOCK_BEFORE.search(place.before) and not match["named"])
    return f"{hours} e {cardinal(minute)}" if clock else f"{hours} {name} e {minutes}"


def weekdays(match: re.Match[str]) -> str:
    """Says "seg. a sex.", "sáb-dom"."""
    first, last = (words.WEEKDAYS[match[name].casefold()] for name in ("first", "last"))
    return f"{first} {match['link'] or 'a'} {last}"


def _month(name: str) -> str:
    return next(month for month in words.MONTHS if month.startswith(name.casefold()))


def named_date(match: re.Match[str]) -> str | None:
    """Says "15/dez", "15 de dez. de 2026"."""
    day = int(match["day"])
    if not _valid(day, 1):
        return None
    said = f"{_day(day)} de {_month(match['name'] or match['short'])}"
    return f"{said} de {_year(match['year'])}" if match["year"] else said


def named_month(match: re.Match[str]) -> str:
    """Says "dez/2026"."""
    return f"{_month(match['name'])} de {_year(match['year'])}"
