"""What holds of every queue, however jobs come."""

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tasks.sizing.simulation import Workload, least_slots, simulate, utilisation, waiting_at

seconds = st.integers(0, 50).map(float)
jobs_of = st.lists(st.tuples(seconds, seconds, st.integers(0, 3)), min_size=1, max_size=60)
"""Arrival, time and priority."""


def workload(jobs: list[tuple[float, float, int]]) -> Workload:
    ordered = sorted(jobs, key=lambda job: job[0])
    arrivals, services, priorities = zip(*ordered, strict=True)
    return Workload(np.asarray(arrivals), np.asarray(services), np.asarray(priorities, dtype=np.int64))


@given(jobs_of, st.integers(1, 5), st.sampled_from([0.0, 0.5]))
def test_no_slot_has_two_jobs_and_none_is_free_while_one_waits(
    given_jobs: list[tuple[float, float, int]], slots: int, start: float
) -> None:
    jobs = workload(given_jobs)
    waits = simulate(jobs, slots, start)
    assert (waits >= start).all()
    taken = jobs.arrivals + waits - start
    ends = taken + jobs.services + start
    for job, moment in enumerate(taken):
        held = int(((taken <= moment) & (ends > moment)).sum())
        assert held <= slots
        if moment > jobs.arrivals[job]:
            # It was taken at the very moment at which a slot came free.
            assert moment in ends
            just_before = moment - 0.25
            assert int(((taken <= just_before) & (ends > just_before)).sum()) == slots


@given(jobs_of, st.integers(1, 5))
def test_the_most_urgent_and_then_the_oldest_is_taken_first(
    given_jobs: list[tuple[float, float, int]], slots: int
) -> None:
    jobs = workload(given_jobs)
    taken = jobs.arrivals + simulate(jobs, slots)
    for first in range(len(jobs)):
        for second in range(len(jobs)):
            before = (jobs.priorities[first], first) < (jobs.priorities[second], second)
            if before and jobs.arrivals[first] < taken[second]:
                assert taken[first] <= taken[second]


@given(jobs_of, st.integers(1, 5))
def test_one_class_waits_no_longer_with_one_more_slot(
    given_jobs: list[tuple[float, float, int]], slots: int
) -> None:
    jobs = workload([(arrival, service, 1) for arrival, service, _ in given_jobs])
    assert (simulate(jobs, slots + 1) <= simulate(jobs, slots)).all()


@given(jobs_of)
def test_one_slot_is_lindleys_recursion(given_jobs: list[tuple[float, float, int]]) -> None:
    jobs = workload([(arrival, service, 0) for arrival, service, _ in given_jobs])
    wait, expected = 0.0, [0.0]
    for number in range(1, len(jobs)):
        between = jobs.arrivals[number] - jobs.arrivals[number - 1]
        wait = max(0.0, wait + jobs.services[number - 1] - between)
        expected.append(wait)
    assert simulate(jobs, 1).tolist() == expected


def test_a_day_by_hand() -> None:
    jobs = workload([(0, 10, 1), (1, 10, 2), (2, 10, 0), (3, 4, 1)])
    waits = simulate(jobs, 1)
    # The first, then the urgent one, then those of the others by their urgency.
    assert waits.tolist() == [0, 23, 8, 17]
    assert waiting_at(jobs, waits, [0.5, 2, 9, 15, 34]) == [0, 2, 3, 2, 0]
    assert utilisation(jobs, waits, 1) == 1.0
    assert simulate(jobs, 1, 1.0).tolist() == [1, 27, 10, 20]
    assert least_slots(jobs, 30) == 2


def test_ten_thousand_jobs_in_twenty_configurations_take_seconds() -> None:
    numbers = np.random.default_rng(1)
    jobs = Workload(
        np.sort(numbers.random(10_000) * 86_400),
        numbers.exponential(60, 10_000),
        numbers.integers(0, 3, 10_000),
    )
    begin = time.process_time()
    for slots in range(1, 21):
        simulate(jobs, slots)
    # A fifth of a second on a quiet machine.
    assert time.process_time() - begin < 5
