"""The time of a server is told by its answers."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, cast

import httpx
import pytest
from prefect.client.orchestration import PrefectClient

from tasks.recovery.clocks import moment, now_there
from tasks.recovery.reconciliation import _since


class Server:
    """Says one thing only."""

    def __init__(self, date: str | None) -> None:
        self._headers = {} if date is None else {"Date": date}

    async def request(self, *_: Any) -> httpx.Response:
        return httpx.Response(200, headers=self._headers)


@pytest.mark.parametrize("ahead", [timedelta(hours=-3), timedelta(days=2)])
async def test_a_server_has_a_clock_of_its_own(ahead: timedelta) -> None:
    there = datetime.now(UTC).replace(microsecond=0) + ahead
    assert await now_there(cast(PrefectClient, Server(format_datetime(there, usegmt=True)))) == there


@pytest.mark.parametrize("date", [None, "", "soon", "now"])
async def test_where_it_does_not_differ_or_is_not_told_that_of_this_machine_counts(date: str | None) -> None:
    before = datetime.now(UTC)
    said = format_datetime(before, usegmt=True) if date == "now" else date
    assert await now_there(cast(PrefectClient, Server(said))) >= before


@pytest.mark.parametrize("kept", ["2099-01-01T00:00:00+00:00", "2026-11-30T12:00:00", "x", None, 3, True])
def test_a_poll_never_begins_after_now(kept: object) -> None:
    now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert now - timedelta(days=7) <= _since(kept, now) < now


def test_what_is_no_time_is_none() -> None:
    assert moment("tomorrow") is None
    assert moment("2026-11-30T12:00:00") == datetime(2026, 11, 30, 12, tzinfo=UTC)
