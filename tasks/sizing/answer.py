"""The answer: for each number of machines how long jobs wait, and the smallest number with which they wait little."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel

from tasks.errors import InvalidInputError
from tasks.sizing.arrivals import DAY, poisson
from tasks.sizing.history import QUEUES
from tasks.sizing.kinds import Kind, draw, rank
from tasks.sizing.simulation import Numbers, Workload, least_slots, simulate, utilisation, waiting_at

MOST_JOBS_A_DAY = 200_000
_WANTED_JOBS = 10_000
"""Simulated for an answer, within the days below."""
_DAYS = (3, 30)
_LONGEST_JOB = 365 * DAY
_MORE_ROWS = 2
"""Rows behind the answer: what one more machine would give."""


class Waits(BaseModel):
    """Seconds from submit to begin."""

    p50: float
    p95: float
    max: float


class Row(BaseModel):
    """What so many machines do."""

    machines: int
    slots: int
    """Jobs at once, over all machines."""
    utilisation: float
    """The share of the slots' time that is taken, 0 to 1."""
    wait: Waits
    queues: dict[str, Waits]
    """The same of the jobs of each queue that has any."""
    waiting_at_midnight: int
    """Jobs of the day, or of days before, that have not begun when it is over: the most of all simulated days."""
    cost_a_month: float | None
    enough: bool
    """Whether the wait stays below the target."""


class Answer(BaseModel):
    """How many machines it takes."""

    machines: int | None
    """The smallest number that is enough; None if none of those that were tried is."""
    basis: str
    """Where the jobs are from, in words."""
    rows: list[Row]
    jobs_per_day: float
    service_mean: float
    """Seconds that a job runs."""
    start_seconds: float
    simulated_days: int
    simulated_jobs: int
    least_machines: int = 1
    """With fewer the queue grows day by day."""


@dataclass(frozen=True)
class Question:
    """What is asked."""

    kinds: Sequence[Kind]
    hours: Sequence[float]
    """Weights of the hours of a day."""
    jobs_per_day: float
    slots: int
    """Of one machine."""
    start_seconds: float
    wait: float
    """Seconds that 19 of 20 jobs wait at most."""
    queue: str | None = None
    """The target is for the jobs of this queue alone."""
    most_machines: int = 100
    cost_per_machine: float | None = None
    """A month."""
    seed: int = 1
    basis: str = ""
    """Where all this is from, in words."""


def answer(question: Question) -> Answer:
    """Simulate days with more and more machines until jobs wait as little as they may.

    All numbers of machines get the very same jobs, so that rows differ by the machines alone.

    Raises:
        InvalidInputError: more jobs than are simulated, or longer ones, or none of the queue that the target is for.
    """
    if not 0 < question.jobs_per_day <= MOST_JOBS_A_DAY:
        raise InvalidInputError(
            f"{question.jobs_per_day:g} jobs a day cannot be simulated.",
            hint=f"Above 0 and up to {MOST_JOBS_A_DAY}.",
        )
    days = min(max(math.ceil(_WANTED_JOBS / question.jobs_per_day), _DAYS[0]), _DAYS[1])
    numbers = np.random.default_rng(question.seed)
    jobs = draw(question.kinds, poisson(question.hours, question.jobs_per_day, days, numbers), numbers)
    if not len(jobs):
        raise InvalidInputError(
            f"With {question.jobs_per_day:g} jobs a day none comes in {days} days: there is nothing to wait for."
        )
    if question.queue is not None and not (jobs.priorities == rank(question.queue)).any():
        raise InvalidInputError(
            f"No job is in the queue {question.queue}, so it cannot be the one that waits.",
            hint="Leave --queue out, or give jobs of that queue.",
        )
    longest = float(jobs.services.max()) + question.start_seconds
    if not longest <= _LONGEST_JOB:
        raise InvalidInputError(
            f"Jobs that take {longest:.3g} seconds cannot be simulated.", hint="A year is the longest."
        )
    needed = math.ceil(least_slots(jobs, days * DAY, question.start_seconds) / question.slots)
    rows: list[Row] = []
    found: int | None = None
    # Of numbers that are too small by far, one row says so.
    for machines in range(min(max(1, needed - 1), question.most_machines), question.most_machines + 1):
        rows.append(_row(question, jobs, machines, days))
        if rows[-1].enough and found is None:
            found = machines
        if found is not None and machines >= found + _MORE_ROWS:
            break
    return Answer(
        machines=found,
        basis=question.basis,
        rows=rows,
        jobs_per_day=question.jobs_per_day,
        service_mean=float(jobs.services.mean()),
        start_seconds=question.start_seconds,
        simulated_days=days,
        simulated_jobs=len(jobs),
        least_machines=needed,
    )


def waits_of(waits: Numbers) -> Waits:
    """The waits of some jobs in three numbers."""
    p50, p95 = np.percentile(waits, (50, 95))
    return Waits(p50=round(float(p50), 3), p95=round(float(p95), 3), max=round(float(waits.max()), 3))


def _row(question: Question, jobs: Workload, machines: int, days: int) -> Row:
    slots = machines * question.slots
    waits = simulate(jobs, slots, question.start_seconds)
    queues = {
        queue: waits_of(waits[jobs.priorities == rank(queue)])
        for queue in QUEUES
        if (jobs.priorities == rank(queue)).any()
    }
    wait = waits_of(waits)
    judged = wait if question.queue is None else queues[question.queue]
    cost = question.cost_per_machine
    return Row(
        machines=machines,
        slots=slots,
        utilisation=round(utilisation(jobs, waits, slots, question.start_seconds), 4),
        wait=wait,
        queues=queues,
        waiting_at_midnight=max(waiting_at(jobs, waits, [day * DAY for day in range(1, days + 1)])),
        cost_a_month=None if cost is None else round(machines * cost, 2),
        enough=judged.p95 <= question.wait,
    )
