"""The log of a job that goes on: worker and job send their lines apart, and each is told once."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.client.schemas.filters import LogFilter
from prefect.client.schemas.objects import Log
from prefect.states import Completed, Running

from deployments.client import logs
from deployments.client.logs import job_log

BEGIN = datetime(2026, 5, 4, 9, tzinfo=UTC)


class Server:
    """Has the batches of lines come in one after the other; the job ends with the last."""

    def __init__(self, batches: list[list[int]]) -> None:
        self._batches = batches
        self._lines: list[Log] = []
        self.now = 0.0

    def read_flow_run(self, _job: UUID) -> Any:
        if self._batches:
            for second in self._batches.pop(0):
                at = BEGIN + timedelta(seconds=second)
                self._lines.append(Log(id=uuid4(), name="job", level=20, message=f"{second}", timestamp=at))
        return type("Run", (), {"state": Running() if self._batches else Completed()})

    def read_logs(self, wanted: LogFilter, *, limit: int, offset: int, sort: object) -> list[Log]:
        after = wanted.timestamp.after_ if wanted.timestamp else None
        found = sorted(self._lines, key=lambda line: line.timestamp)
        return [line for line in found if after is None or line.timestamp >= after][offset : offset + limit]


def followed(batches: list[list[int]], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    server: Any = Server(batches)

    def sleep(seconds: float) -> None:
        server.now += seconds

    monkeypatch.setattr(logs, "_PAGE", 3)
    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr("time.monotonic", lambda: server.now)
    return [line.message for line in job_log(server, uuid4(), follow=True)]


def test_a_line_that_comes_late_is_told_and_none_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    assert followed([[1, 3, 5], [2, 4, 6], [7]], monkeypatch) == ["1", "3", "5", "2", "4", "6", "7"]


@given(st.lists(st.lists(st.integers(0, 50), max_size=8), min_size=1, max_size=6))
def test_every_line_is_told_once(batches: list[list[int]]) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        told = followed([list(batch) for batch in batches], monkeypatch)
    assert sorted(told) == sorted(str(second) for batch in batches for second in batch)
