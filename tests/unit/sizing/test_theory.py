"""The simulated queue beside the formulas of queueing theory.

Each case is a number of independent runs with seeds that stay the same: the mean of their means has to lie within four
standard errors of the formula (and 1 % of it, for runs begin with an empty queue).
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tasks.sizing.simulation import Numbers, Workload, simulate

RUNS = 20
JOBS = 8_000
WARM_UP = JOBS // 5
"""Jobs at the beginning that are not counted."""
ERRORS = 4.0
MEAN = 1.0
"""Seconds of a job, in all cases."""

Services = Callable[[np.random.Generator, int], Numbers]


def exponential(numbers: np.random.Generator, count: int) -> Numbers:
    return numbers.exponential(MEAN, count)


def constant(_: np.random.Generator, count: int) -> Numbers:
    return np.full(count, MEAN)


def lognormal(numbers: np.random.Generator, count: int) -> Numbers:
    spread = 0.8
    return numbers.lognormal(-(spread**2) / 2, spread, count)


def mixture(numbers: np.random.Generator, count: int) -> Numbers:
    """Nine short jobs and a long one."""
    return np.where(numbers.random(count) < 0.9, 0.5, 5.5)


SECOND_MOMENTS: dict[Services, float] = {
    exponential: 2.0,
    constant: 1.0,
    lognormal: math.exp(0.8**2),
    mixture: 0.9 * 0.25 + 0.1 * 30.25,
}


def runs(
    load: float, slots: int, services: Services, shares: Sequence[float] = (1.0,)
) -> list[tuple[Numbers, NDArray[np.int64]]]:
    """Waits and priorities of the counted jobs of each run; `load`: the share of the slots' time that is asked for."""
    found = []
    for seed in range(RUNS):
        numbers = np.random.default_rng([seed, slots, round(load * 1000)])
        jobs = Workload(
            np.cumsum(numbers.exponential(MEAN / (load * slots), JOBS)),
            services(numbers, JOBS),
            numbers.choice(len(shares), JOBS, p=shares),
        )
        waits = simulate(jobs, slots)
        found.append((waits[WARM_UP:], jobs.priorities[WARM_UP:]))
    return found


def assert_like(means: Sequence[float], formula: float) -> None:
    error = float(np.std(means, ddof=1)) / math.sqrt(len(means))
    assert abs(float(np.mean(means)) - formula) <= ERRORS * error + 0.01 * formula, (
        np.mean(means),
        error,
        formula,
    )


def erlang_c(load: float, slots: int) -> float:
    """The share of jobs that wait at all."""
    offered = load * slots
    blocked = 1.0
    for slot in range(1, slots + 1):
        blocked = offered * blocked / (slot + offered * blocked)
    return blocked / (1 - load * (1 - blocked))


@pytest.mark.parametrize("load", [0.3, 0.6, 0.85])
@pytest.mark.parametrize("slots", [1, 5])
def test_exponential_jobs_wait_as_erlang_says(load: float, slots: int) -> None:
    found = [waits for waits, _ in runs(load, slots, exponential)]
    waiting = erlang_c(load, slots)
    rate = slots * (1 - load) / MEAN
    assert_like([waits.mean() for waits in found], waiting / rate)
    assert_like([(waits > 0).mean() for waits in found], waiting)
    assert_like([(waits > 1 / rate).mean() for waits in found], waiting / math.e)


@pytest.mark.parametrize("services", [constant, mixture], ids=lambda services: services.__name__)
@pytest.mark.parametrize("load", [0.2, 0.5, 0.8])
def test_one_slot_waits_as_pollaczek_and_khinchine_say(load: float, services: Services) -> None:
    formula = load / MEAN * SECOND_MOMENTS[services] / (2 * (1 - load))
    assert_like([waits.mean() for waits, _ in runs(load, 1, services)], formula)


@given(
    load=st.floats(0.1, 0.85),
    services=st.sampled_from(sorted(SECOND_MOMENTS, key=lambda each: each.__name__)),
)
@settings(derandomize=True, max_examples=6)
def test_the_formula_holds_at_every_load(load: float, services: Services) -> None:
    formula = load / MEAN * SECOND_MOMENTS[services] / (2 * (1 - load))
    assert_like([waits.mean() for waits, _ in runs(load, 1, services)], formula)


@pytest.mark.parametrize("services", [constant, lognormal], ids=lambda services: services.__name__)
@pytest.mark.parametrize("load", [0.5, 0.8])
def test_urgent_jobs_wait_as_cobham_says(load: float, services: Services) -> None:
    shares = (0.2, 0.5, 0.3)
    left = load / MEAN * SECOND_MOMENTS[services] / 2
    check_cobham(load, 1, services, shares, left)


def test_urgent_jobs_of_several_slots_wait_as_cobham_says() -> None:
    load, slots = 0.8, 4
    check_cobham(load, slots, exponential, (0.2, 0.5, 0.3), erlang_c(load, slots) * MEAN / slots)


def check_cobham(load: float, slots: int, services: Services, shares: Sequence[float], left: float) -> None:
    """`left`: seconds until the first slot is free, as a job finds it that comes."""
    found = runs(load, slots, services, shares)
    urgent = 0.0
    for number, share in enumerate(shares):
        upto = urgent + load * share
        means = [waits[priorities == number].mean() for waits, priorities in found]
        assert_like(means, left / ((1 - urgent) * (1 - upto)))
        urgent = upto


def test_a_formula_that_is_wrong_is_found_out() -> None:
    means = [waits.mean() for waits, _ in runs(0.6, 1, exponential)]
    right = 0.6 / 0.4
    assert_like(means, right)
    for wrong in (0.85 * right, 1.15 * right):
        with pytest.raises(AssertionError):
            assert_like(means, wrong)
