"""The simulated queue beside what was recorded (`python -m benchmarks.sizing_trace`, seed 1).

Jobs came at random times to three queues of one pool of four slots: 200 in ten minutes on a machine that did nothing
else, and 600 in an hour on one that had so much else to do that jobs took from one second to half a minute to begin,
and the queue grew. The simulation is told when each came, how urgent it was, how long it ran, and how long jobs took
to begin in a free slot: of the quiet minutes their median, as `contraponto sizing` takes it, of the hour each one.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tasks.sizing.history import QUEUES, RecordedJob, read_jobs, start_overheads, start_seconds
from tasks.sizing.kinds import as_recorded
from tasks.sizing.simulation import Workload, simulate

SLOTS = 4
Seconds = np.ndarray[tuple[int], np.dtype[np.float64]]


def recorded(name: str) -> tuple[list[RecordedJob], Seconds]:
    """The jobs of a file, and how long each waited."""
    jobs = read_jobs(Path(__file__).with_name(name))
    return jobs, np.array([job.wait for job in jobs])


def simulated(jobs: Sequence[RecordedJob], beginning: Seconds) -> Seconds:
    """How long each job waits in the simulation, where beginning it takes so long."""
    known = as_recorded(jobs)
    return simulate(Workload(known.arrivals, known.services + beginning, known.priorities), SLOTS) + beginning


def test_jobs_of_a_quiet_machine_wait_as_long_as_the_command_says() -> None:
    jobs, waited = recorded("recorded_ten_minutes.csv")
    assert len(jobs) == 200
    waits = simulated(jobs, np.full(len(jobs), start_seconds(jobs, SLOTS)))
    assert waits.mean() == pytest.approx(waited.mean(), rel=0.05)
    assert np.quantile(waits, 0.95) == pytest.approx(np.quantile(waited, 0.95), rel=0.15)
    for queue in QUEUES:
        of_it = np.array([job.queue == queue for job in jobs])
        assert waits[of_it].mean() == pytest.approx(waited[of_it].mean(), rel=0.08), queue


def test_jobs_of_a_busy_hour_wait_as_long_as_they_did() -> None:
    jobs, waited = recorded("recorded_hour.csv")
    assert len(jobs) == 600
    beginning = np.zeros(len(jobs))
    in_order = sorted(range(len(jobs)), key=lambda number: jobs[number].began)
    beginning[in_order] = start_overheads(jobs, SLOTS)
    waits = simulated(jobs, beginning)
    assert waits.mean() == pytest.approx(waited.mean(), rel=0.05)
    assert np.quantile(waits, 0.95) == pytest.approx(np.quantile(waited, 0.95), rel=0.05)
    for queue, most in zip(QUEUES, (0.2, 0.05, 0.05), strict=True):
        of_it = np.array([job.queue == queue for job in jobs])
        assert waits[of_it].mean() == pytest.approx(waited[of_it].mean(), rel=most), queue
