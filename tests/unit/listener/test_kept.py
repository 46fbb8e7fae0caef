"""From where a listener goes on: what is kept in a variable, which people may edit."""

from datetime import UTC, datetime

import pytest

from deployments.listener.ends import _kept

MOMENT = datetime(2026, 11, 29, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (None, None),
        ("", None),
        (MOMENT.isoformat(), MOMENT),
        ("2026-11-29T18:30:00", MOMENT),
        ("2026-11-29T15:30:00-03:00", MOMENT),
        ("ontem", None),
        (["x"], None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_what_is_no_time_begins_anew(value: object, moment: datetime | None) -> None:
    assert _kept(value) == moment
