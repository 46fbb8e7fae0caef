"""The policy of retries: its pauses, its end, and what servers ask for by Retry-After."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import CancelledError, EngineError, StageTimeoutError, TransientError
from tasks.net.addresses import AddressPolicy
from tasks.net.deadline import Deadline
from tasks.net.http import retry_after, safe_client, status_error
from tasks.net.retry import RetryPolicy
from tasks.net.retry_after import LONGEST_RETRY_AFTER, seconds_to_wait
from tasks.progress import ignore_progress
from tests.servers.media import MediaServer


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self, left: float = math.inf) -> None:
        self.slept: list[float] = []
        self._left = left

    def left(self) -> float:
        return self._left - sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def failing(*errors: Exception) -> Callable[[], str]:
    """An attempt that raises these errors, one each time, and then works."""
    left = list(errors)

    def attempt() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return attempt


POLICIES = st.builds(
    RetryPolicy,
    retries=st.integers(0, 6),
    backoff=st.floats(0.01, 60),
    jitter=st.floats(0, 1),
    longest_pause=st.floats(0.1, 600),
)


@given(POLICIES, st.integers(1, 5000), st.one_of(st.none(), st.floats(0, LONGEST_RETRY_AFTER)))
def test_a_pause_is_never_shorter_than_asked_nor_longer_than_the_cap(
    policy: RetryPolicy, failures: int, asked: float | None
) -> None:
    pause = policy.pause(failures, asked)
    assert pause >= (asked or 0.0)
    assert pause >= min(policy.backoff, policy.longest_pause)
    assert pause <= max(asked or 0.0, policy.longest_pause) * (1 + policy.jitter)


@given(POLICIES, st.lists(st.one_of(st.none(), st.floats(0, 1000)), max_size=10), st.floats(0, 5000))
def test_it_ends_within_its_retries_and_its_time(
    policy: RetryPolicy, asked: list[float | None], time_there: float
) -> None:
    clock = Clock(time_there)
    tries = 0
    work = failing(*(TransientError("Busy.", retry_after=seconds) for seconds in asked))

    def attempt() -> str:
        nonlocal tries
        tries += 1
        return work()

    try:
        assert policy.call(attempt, clock) == "done"
        assert tries == len(asked) + 1
    except TransientError:
        pass
    assert tries <= policy.retries + 1
    assert len(clock.slept) == tries - 1
    assert sum(clock.slept) <= time_there * 1.000001
    for pause, wanted in zip(clock.slept, asked, strict=False):
        assert (wanted or 0.0) <= pause
        assert (wanted or 0.0) <= policy.longest_pause


def test_the_pauses_double_up_to_the_longest() -> None:
    clock = Clock()
    policy = RetryPolicy(retries=5, backoff=1.0, jitter=0.0, longest_pause=5.0)
    assert policy.call(failing(*[TransientError("Busy.")] * 5), clock) == "done"
    assert clock.slept == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_a_pause_asked_for_that_is_shorter_than_the_own_does_not_shorten_it() -> None:
    clock = Clock()
    RetryPolicy(backoff=2.0, jitter=0.0).call(failing(TransientError("Busy.", retry_after=0)), clock)
    assert clock.slept == [2.0]


def test_lasting_errors_are_let_through_at_once() -> None:
    clock = Clock()
    with pytest.raises(EngineError):
        RetryPolicy().call(failing(EngineError("Broken.")), clock)
    assert clock.slept == []


def test_a_longer_pause_than_the_longest_is_left_to_the_caller() -> None:
    clock = Clock()
    with pytest.raises(TransientError, match=r"^Busy\.$") as caught:
        RetryPolicy(longest_pause=30).call(failing(TransientError("Busy.", retry_after=31)), clock)
    assert caught.value.retry_after == 31
    assert clock.slept == []


def test_a_longer_pause_than_the_time_left_fails_at_once_and_says_so() -> None:
    clock = Clock(left=12)
    policy = RetryPolicy(jitter=0.0)
    with pytest.raises(
        TransientError, match=r"Busy\. The next try may start in 20\.0 s, and only 12\.0 s are left\."
    ) as caught:
        policy.call(failing(TransientError("Busy.", hint="Later.", retry_after=20)), clock)
    assert (caught.value.retry_after, caught.value.hint) == (20, "Later.")
    assert clock.slept == []


def test_retries_count_again_when_the_work_has_come_further() -> None:
    clock = Clock()
    reached = iter([0, 10, 10, 20, 20, 20, 20])
    policy = RetryPolicy(retries=2, backoff=1.0, jitter=0.0)
    with pytest.raises(TransientError):
        policy.call(failing(*[TransientError("Cut.")] * 9), clock, lambda: next(reached))
    assert clock.slept == [1.0, 2.0, 1.0, 2.0]


def test_a_cancellation_ends_a_pause() -> None:
    def cancel(fraction: float) -> None:
        raise CancelledError("The job was cancelled.")

    began = time.monotonic()
    with pytest.raises(CancelledError):
        RetryPolicy(backoff=30).call(failing(TransientError("Busy.")), Deadline(cancel))
    assert time.monotonic() - began < 10


def test_a_deadline_ends_a_wait() -> None:
    with pytest.raises(StageTimeoutError, match=r"^Too late\. Hurry\.$"):
        Deadline(ignore_progress, 0.05, late="Too late.", hint="Hurry.").sleep(10)


def test_a_deadline_reports_what_was_reached_and_never_goes_back() -> None:
    seen: list[float] = []
    deadline = Deadline(seen.append)
    for fraction in (0.0, 0.5, 0.25, 7.0):
        deadline.report(fraction)
    assert seen == [0.0, 1.0], "not more than twice a second, but the end at once"


def response(value: str) -> httpx.Response:
    return httpx.Response(503, headers={"Retry-After": value})


@given(st.integers(0, 2 * 10**9))
def test_seconds_are_read(seconds: int) -> None:
    assert retry_after(response(str(seconds))) == min(seconds, LONGEST_RETRY_AFTER)


@given(st.integers(-(10**6), 10**6))
def test_dates_are_read(seconds: int) -> None:
    when = datetime.now(UTC) + timedelta(seconds=seconds)
    found = retry_after(response(format_datetime(when, usegmt=True)))
    assert found is not None
    # A date has whole seconds, and some time passes in here.
    assert found == pytest.approx(min(max(seconds, 0), LONGEST_RETRY_AFTER), abs=5)


@pytest.mark.parametrize("form", ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"])
def test_the_two_old_forms_of_a_date_are_read(form: str) -> None:
    when = datetime.now(UTC) + timedelta(minutes=10)
    assert retry_after(response(when.strftime(form))) == pytest.approx(600, abs=5)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "1,5",
        "1e9",
        "-3",
        "inf",
        "nan",
        "²",
        "Wed, 99 Oct 2015 07:28:00 GMT",
        f"Wed, 21 Oct {10**30} 07:28:00 GMT",
    ],
)
def test_nonsense_asks_for_nothing(value: str) -> None:
    answer = httpx.Response(503, headers=[(b"Retry-After", value.encode())])
    assert retry_after(answer) is None


@given(st.none() | st.text())
def test_any_header_is_read_within_bounds(header: str | None) -> None:
    found = seconds_to_wait(header)
    assert found is None or 0 <= found <= LONGEST_RETRY_AFTER


@pytest.mark.parametrize("year", [1, 1970, 9999])
@pytest.mark.parametrize("zone", ["GMT", "+2359", "-2359", "-0000"])
def test_dates_at_the_ends_of_time_are_read_within_bounds(year: int, zone: str) -> None:
    for day in (f"01 Jan {year:04} 00:00:00", f"31 Dec {year:04} 23:59:59"):
        assert seconds_to_wait(f"{day} {zone}") in (0, LONGEST_RETRY_AFTER, None)


def test_parts_of_a_second_are_read() -> None:
    assert seconds_to_wait("1.5") == 1.5


def test_thousands_of_digits_are_a_very_long_time() -> None:
    assert retry_after(response("9" * 5000)) == LONGEST_RETRY_AFTER


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_server_that_asks_to_wait_is_given_the_time(
    server: MediaServer, loopback: AddressPolicy, status: int, form: str
) -> None:
    came: list[float] = []
    opens = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    asked = "1" if form == "seconds" else format_datetime(opens, usegmt=True)
    server.say("/a", b"busy", status, headers={"Retry-After": asked})
    url = server.say("/a", b"free")

    def attempt() -> bytes:
        came.append(time.time())
        answer = client.get(url)
        if error := status_error(answer):
            raise error
        return answer.content

    with safe_client(loopback) as client:
        found = RetryPolicy(backoff=0.01).call(attempt, Deadline(ignore_progress, 60))
    assert found == b"free"
    first, second = came
    assert second >= (first + 1 if form == "seconds" else opens.timestamp())
