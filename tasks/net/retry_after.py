"""The header Retry-After: how long whoever refuses a request asks to wait. Every client here reads it by this."""

import email.utils
import re
from datetime import UTC, datetime

LONGEST_RETRY_AFTER = 86_400.0
"""Seconds; whoever asks for more gets no other treatment."""

_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?", re.ASCII)


def seconds_to_wait(header: str | None) -> float | None:
    """The seconds that the header asks for, 0 to `LONGEST_RETRY_AFTER`; None if it is missing or means nothing.

    Both forms are read: a number of seconds, and a date (which is compared with this machine's clock).
    """
    value = (header or "").strip()
    if _NUMBER.fullmatch(value):
        # Thousands of digits are more than `int` reads; a float is then infinite, and no more than "very long".
        return min(float(value), LONGEST_RETRY_AFTER)
    try:
        when = email.utils.parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if when.tzinfo is None:
        # The oldest of the three forms of a date names no zone: HTTP has all dates in UTC.
        when = when.replace(tzinfo=UTC)
    return min(max((when - datetime.now(UTC)).total_seconds(), 0.0), LONGEST_RETRY_AFTER)
