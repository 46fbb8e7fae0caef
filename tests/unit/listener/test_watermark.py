"""No end is lost, and none is dealt with twice, in whatever order and by whatever clocks ends are written."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from deployments.listener.watermark import FAR, NEAR, Watermark

T0 = datetime(2026, 11, 29, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


ENDS = st.lists(
    st.tuples(
        st.floats(0, 900),  # when it is written
        st.floats(-FAR.total_seconds() / 2 + 1, 5),  # how far the clock of its server is ahead
    ),
    max_size=40,
)


@given(ENDS, st.sets(st.integers(0, 39)), st.sets(st.integers(0, 200), max_size=5))
def test_every_end_is_dealt_with_once_also_by_a_successor(
    ends: list[tuple[float, float]], failing: set[int], restarts: set[int]
) -> None:
    written = sorted((when, UUID(int=number), at(when + ahead)) for number, (when, ahead) in enumerate(ends))
    failing_runs = {UUID(int=number) for number in failing}
    dealt: dict[UUID, int] = {}
    mark, kept = Watermark(T0 - FAR), T0 - FAR
    for tick in range(0, 940, 5):
        if tick // 5 in restarts:
            mark = Watermark(kept)
        far = tick % 30 == 0 or mark.reached == kept
        there = {run: ended for when, run, ended in written if when <= tick}
        found = {run for run, ended in there.items() if ended > mark.since(far=far)} | {*mark.open}
        for run in found:
            if mark.is_done(run, there[run]):
                continue
            if run in failing_runs:
                failing_runs.discard(run)
                mark.leave(run, there[run], at(tick))
                continue
            dealt[run] = dealt.get(run, 0) + 1
            mark.done(run, there[run], at(tick))
        mark.forget()
        if tick % 15 == 0:
            kept = mark.kept
    assert set(dealt) == {run for _, run, _ in written}
    if not restarts:
        assert set(dealt.values()) <= {1}


def test_a_clock_that_is_ahead_hides_no_end() -> None:
    mark = Watermark(T0)
    mark.done(UUID(int=1), at(86_400), at(10))
    assert mark.reached == at(10)
    assert mark.since(far=False) == at(10) - NEAR


def test_what_is_open_is_kept_for_a_successor_until_it_is_dropped() -> None:
    mark = Watermark(T0)
    mark.leave(UUID(int=1), at(1), at(9))
    mark.done(UUID(int=2), at(5), at(9))
    assert (mark.open, mark.kept) == ([UUID(int=1)], at(1))
    mark.drop([UUID(int=1)])
    assert (mark.open, mark.kept) == ([], at(5))


def test_a_run_that_was_restarted_ends_again() -> None:
    mark = Watermark(T0)
    mark.done(UUID(int=1), at(1), at(9))
    assert mark.is_done(UUID(int=1), at(1))
    assert not mark.is_done(UUID(int=1), at(2))


def test_what_no_poll_reads_again_is_forgotten() -> None:
    mark = Watermark(T0)
    for number in range(100):
        mark.done(UUID(int=number), at(60 * number), at(10_000))
        mark.forget()
    assert len(mark._done) <= 12
