"""Moments of a film as people write them: 12.5, "01:30", "1:02:03.250"; negative ones count from the end."""

import re
from typing import Annotated

from pydantic import Field

from tasks.errors import InvalidInputError

MOST_SECONDS = 36_000.0
"""Ten hours: no film here is longer."""
PATTERN = r"^-?(([0-9]{1,2}:[0-5][0-9]|[0-9]{1,3}):)?[0-9]{1,5}([.,][0-9]{1,6})?$"
"""What every moment that is a text fits; that seconds after a colon are below 60 is checked as well."""
ALLOWED = "seconds (12.5), mm:ss or hh:mm:ss, with a minus to count from the end"

_CLOCK = re.compile(r"^(?P<minus>-?)(?:(?:(?P<hours>\d+):)?(?P<minutes>\d+):)?(?P<seconds>[\d.]+)$")

Moment = (
    Annotated[float, Field(ge=-MOST_SECONDS, le=MOST_SECONDS)]
    | Annotated[str, Field(pattern=PATTERN, json_schema_extra={"allowed": ALLOWED})]
)


def seconds_of(moment: Moment) -> float | None:
    """The moment in seconds, below 0 where it counts from the end; None if it cannot be read."""
    if not isinstance(moment, str):
        return float(moment)
    found = _CLOCK.match(moment.strip().replace(",", "."))
    if not re.match(PATTERN, moment.strip()) or not found:
        return None
    seconds = float(found["seconds"])
    if found["minutes"] is not None and seconds >= 60:
        return None
    seconds += 60 * int(found["minutes"] or 0) + 3600 * int(found["hours"] or 0)
    return -seconds if found["minus"] else seconds


def counts_from_end(moment: Moment) -> bool:
    """Whether the moment is before the end by so much: "-0" is the end itself."""
    return moment.strip().startswith("-") if isinstance(moment, str) else moment < 0


def clock(seconds: float) -> str:
    """Seconds as people read them: "1:02:03.250", "01:30"."""
    milliseconds = round(seconds * 1000)
    whole, rest = divmod(milliseconds, 1000)
    hours, minutes = whole // 3600, whole // 60 % 60
    text = f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes:02d}:{whole % 60:02d}"
    return f"{text}.{rest:03d}" if rest else text


def moment_in(moment: Moment, end: float) -> float:
    """The moment in seconds of a film that lasts until `end`. Raises InvalidInputError if it cannot be read."""
    seconds = checked(moment)
    return max(0.0, end + seconds) if counts_from_end(moment) else seconds


def checked(moment: Moment) -> float:
    """The moment in seconds, below 0 where it counts from the end. Raises InvalidInputError if it cannot be read."""
    seconds = seconds_of(moment)
    if seconds is None:
        raise InvalidInputError(f'"{moment}" is no time.', hint=f"Give {ALLOWED}.")
    return seconds
