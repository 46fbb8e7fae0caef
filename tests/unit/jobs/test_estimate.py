"""Work that says nothing is seen to go on, and is never said to be done."""

from hypothesis import given
from hypothesis import strategies as st

from tasks.jobs.estimate import Estimate

_TICK = 0.5


def ticks(estimate: Estimate, start: float, seconds: float) -> list[float]:
    """What is shown at each tick of a time without reports."""
    return [estimate.advance(start + _TICK * number) for number in range(1, int(seconds / _TICK) + 1)]


@given(
    st.lists(st.tuples(st.floats(0, 0.9), st.floats(0, 120)), max_size=10),
    st.floats(0, 0.9),
)
def test_it_moves_within_five_seconds_and_never_goes_back(
    reports: list[tuple[float, float]], last: float
) -> None:
    estimate, now = Estimate(0.0), 0.0
    shown = [0.0]
    for fraction, silence in [*reports, (last, 60.0)]:
        estimate.report(fraction, now)
        shown.append(estimate.fraction)
        seen = ticks(estimate, now, silence)
        for before, after in zip(seen, seen[10:], strict=False):
            assert after - before >= 0.0009 or after >= 0.98
        shown += seen
        now += silence
    assert shown == sorted(shown)
    assert shown[-1] <= 0.99


def test_it_goes_on_at_the_speed_so_far() -> None:
    estimate = Estimate(0.0)
    estimate.report(0.2, 20.0)
    assert 0.22 < ticks(estimate, 20.0, 5.0)[-1] < 0.26


def test_long_silence_does_not_carry_it_away() -> None:
    estimate = Estimate(0.0)
    estimate.report(0.5, 10.0)
    assert ticks(estimate, 10.0, 60.0)[-1] < 0.75


def test_work_that_began_fast_does_not_leap_to_its_end() -> None:
    estimate = Estimate(0.0)
    estimate.report(0.6, 0.5)
    assert ticks(estimate, 0.5, 10.0)[-1] < 0.75


def test_work_that_reports_is_shown_as_it_reports() -> None:
    estimate = Estimate(0.0)
    for second in range(100):
        estimate.report(second / 100, float(second))
        assert estimate.advance(second + 0.5) == second / 100
