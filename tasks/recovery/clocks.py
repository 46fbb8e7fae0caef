"""What time it is for a server: its runs have its times, and the machine that looks after them may have another."""

import email.utils
from datetime import UTC, datetime, timedelta
from typing import Any

from prefect.client.orchestration import PrefectClient

_AGREE = timedelta(seconds=2)
"""The header of an answer has whole seconds; clocks that differ by less than this do not differ."""
_ANY: Any = "/health"


async def now_there(client: PrefectClient) -> datetime:
    """Now by the server's clock; by that of this machine where the two agree, or the server does not say."""
    answer = await client.request("GET", _ANY)
    here = datetime.now(UTC)
    there = _date(answer.headers.get("Date"))
    return here if there is None or abs(there - here) < _AGREE else there


def moment(written: object) -> datetime | None:
    """A time that was once kept in ISO 8601; None if it is none (any more), as after an edit by hand."""
    try:
        found = datetime.fromisoformat(str(written))
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _date(header: str | None) -> datetime | None:
    try:
        found = email.utils.parsedate_to_datetime(header or "")
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
