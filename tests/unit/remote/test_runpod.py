"""The client of a serverless endpoint against a local server that speaks its API."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from tasks.errors import (
    CancelledError,
    EngineError,
    InvalidSettingError,
    StageTimeoutError,
    TransientError,
)
from tasks.remote.outcomes import FinishedJob
from tasks.remote.protocol import ServiceRules
from tasks.remote.runpod import JobMemory, RunPodEndpoint
from tests.servers.runpod import Endpoint, serverless

QUICK = ServiceRules(
    poll_interval=0.01, max_poll_attempts=200, max_retries=3, backoff=0.01, request_timeout=5
)


class Sum(BaseModel):
    numbers: list[int]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serverless(Endpoint(work=lambda order: {"sum": sum(order["numbers"])})) as running:
        yield running


class Memory:
    def __init__(self) -> None:
        self.job: str | None = None

    def of_job(self) -> JobMemory:
        return JobMemory(recall=lambda: self.job, remember=lambda job: setattr(self, "job", job))


def run(endpoint: Endpoint, memory: Memory | None = None, **options: Any) -> FinishedJob:
    client = RunPodEndpoint(endpoint.address, api_key=options.pop("key", "rented"), rules=QUICK)
    known = (memory or Memory()).of_job()
    return client.run_once(Sum(numbers=[1, 2]), memory=known, **{"deadline": 30.0, **options})


def test_a_job_is_done_and_its_progress_taken_over(endpoint: Endpoint) -> None:
    endpoint.looks = 100
    seen: list[float] = []
    assert run(endpoint, progress=seen.append).result == {"sum": 3}
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    [posted] = endpoint.jobs.values()
    assert posted["input"] == {"numbers": [1, 2]}
    # A job that nobody follows any more must not go on being paid for.
    assert 25_000 < posted["policy"]["executionTimeout"] <= 30_000
    assert 25_000 < posted["policy"]["ttl"] <= 30_000


@pytest.mark.parametrize("failure", [500, 502, 429, "cut"])
def test_passing_failures_are_borne(endpoint: Endpoint, failure: int | str) -> None:
    # The first is at the submit, which the service has not taken; the other at a poll.
    endpoint.failures = [503, failure]
    if failure == 429:
        with pytest.raises(TransientError, match="overloaded"):
            run(endpoint)
    else:
        assert run(endpoint).result == {"sum": 3}


def test_a_lost_connection_leaves_the_job_which_is_found_again(endpoint: Endpoint) -> None:
    memory = Memory()
    with pytest.raises(TransientError):
        run(endpoint, memory, submitted=lambda _: endpoint.failures.extend([500] * 4))
    assert endpoint.cancelled == []
    assert run(endpoint, memory).result == {"sum": 3}
    assert len(endpoint.jobs) == 1, "the work was paid for twice"


def test_a_job_that_is_gone_or_failed_is_done_again(endpoint: Endpoint) -> None:
    memory = Memory()
    memory.job = "forgotten-u1"
    assert run(endpoint, memory).result == {"sum": 3}
    endpoint.ending = "FAILED"
    with pytest.raises(EngineError, match="out of memory"):
        run(endpoint, memory)
    endpoint.ending = "COMPLETED"
    memory.job = None
    assert run(endpoint, memory).result == {"sum": 3}


@pytest.mark.parametrize(
    ("ending", "says"), [("CANCELLED", "cancelled"), ("TIMED_OUT", "longer than allowed")]
)
def test_other_ends_are_told_apart(endpoint: Endpoint, ending: str, says: str) -> None:
    endpoint.ending = ending
    with pytest.raises(EngineError, match=says):
        run(endpoint)


def test_a_cancelled_job_and_one_that_is_late_end_there_too(endpoint: Endpoint) -> None:
    endpoint.looks = 10_000

    def stop(fraction: float) -> None:
        if endpoint.looked.get("0-u1", 0) > 3:
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        run(endpoint, progress=stop)
    with pytest.raises(StageTimeoutError):
        run(endpoint, deadline=0.3)
    assert endpoint.cancelled == ["0-u1", "1-u1"]


def test_a_wrong_key_and_a_strange_output_are_said(endpoint: Endpoint) -> None:
    with pytest.raises(InvalidSettingError, match="key"):
        run(endpoint, key="other")
    endpoint.work = lambda _: "done"
    with pytest.raises(EngineError, match="unknown form"):
        run(endpoint)
