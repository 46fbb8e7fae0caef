"""What is said for dates and times in English."""

import re

from tasks.narration import english_numbers as numbers
from tasks.narration import english_words as words
from tasks.narration.english_numbers import cardinal, ordinal
from tasks.narration.reading_rules import Place


def _full_date(month: int, day: int, year: str) -> str | None:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    said = f"{words.MONTHS[month - 1]} {ordinal(day)}"
    if not year:
        return said
    return f"{said}, {numbers.year(int(year) if len(year) == 4 else 2000 + int(year))}"


def full_date(match: re.Match[str]) -> str | None:
    """A date with its year; the day is first where the other way there is no such month."""
    month, day = int(match["month"]), int(match["day"])
    return _full_date(day, month, match["year"]) if month > 12 else _full_date(month, day, match["year"])


DATE_BEFORE = re.compile(
    r"(?:^|\W)(?:on|until|till|by|from|through|since|before|after|ends|starts|date)\s+$", re.IGNORECASE
)


def short_date(match: re.Match[str], place: Place) -> str | None:
    """A day and its month, unless they are more likely a fraction or a rating."""
    month, day = match["month"], match["day"]
    announced = DATE_BEFORE.search(place.before)
    if not announced and len(day) == 1 and len(month) == 1:
        return None
    return _full_date(int(month), int(day), "")


def named_date(match: re.Match[str]) -> str | None:
    """Says "Dec 15, 2026"."""
    month = words.MONTHS.index(words.MONTH_NAMES[match["name"]]) + 1
    return _full_date(month, int(match["day"]), match["year"] or "")


def clock(match: re.Match[str]) -> str | None:
    """A time of day or a duration, in hours and minutes."""
    hour, minute, half = int(match["hour"]), match["minute"], match["half"]
    if hour > 24:
        return None
    said = cardinal(hour)
    if minute and int(minute):
        said += f" {'oh ' if minute[0] == '0' else ''}{cardinal(int(minute))}"
    elif not half and minute:
        said += " o'clock" if 1 <= hour <= 12 else " hundred hours"
    if match["second"]:
        said += f" and {cardinal(int(match['second']))} seconds"
    return f"{said} {half[0].upper()}.M." if half else said


def hour(match: re.Match[str]) -> str | None:
    """Says "9am", "9-5 pm"."""
    hours = [int(match["hour"]), *([int(match["until"])] if match["until"] else [])]
    if max(hours) > 12:
        return None
    return f"{' to '.join(cardinal(hour) for hour in hours)} {match['half'][0].upper()}.M."


def all_day(_: re.Match[str], place: Place) -> str | None:
    """Says "24/7"."""
    return None if DATE_BEFORE.search(place.before) else "twenty-four seven"


def decade(match: re.Match[str]) -> str:
    """Says "1980s", "'90s"."""
    return numbers.decade(int(match["year"]))


def lasting(match: re.Match[str]) -> str:
    """Says "1h 30m"."""
    hours, minutes = int(match["hours"]), int(match["minutes"])
    return (
        f"{cardinal(hours)} {'hour' if hours == 1 else 'hours'} "
        f"{cardinal(minutes)} {'minute' if minutes == 1 else 'minutes'}"
    )
