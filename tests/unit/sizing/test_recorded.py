"""The simulated queue beside an hour that was recorded.

600 jobs came at random times to three queues of one pool of four slots (`python -m benchmarks.sizing_trace`, seed 1),
on a machine that had so much else to do that jobs took from one second to half a minute to begin, and the queue grew.
The simulation is told when each came, how urgent it was, how long it took to begin in a free slot, and how long it
ran.
"""

from pathlib import Path

import numpy as np
import pytest

from tasks.sizing.history import QUEUES, read_jobs, start_overheads
from tasks.sizing.kinds import as_recorded
from tasks.sizing.simulation import Workload, simulate

SLOTS = 4


def test_jobs_wait_as_long_as_they_did() -> None:
    jobs = read_jobs(Path(__file__).with_name("recorded_hour.csv"))
    assert len(jobs) == 600
    waited = np.array([job.wait for job in jobs])
    beginning = np.zeros(len(jobs))
    in_order = sorted(range(len(jobs)), key=lambda number: jobs[number].began)
    beginning[in_order] = start_overheads(jobs, SLOTS)
    known = as_recorded(jobs)
    held = Workload(known.arrivals, known.services + beginning, known.priorities)
    simulated = simulate(held, SLOTS) + beginning
    assert simulated.mean() == pytest.approx(waited.mean(), rel=0.05)
    assert np.quantile(simulated, 0.95) == pytest.approx(np.quantile(waited, 0.95), rel=0.05)
    for queue, most in zip(QUEUES, (0.2, 0.05, 0.05), strict=True):
        of_it = np.array([job.queue == queue for job in jobs])
        assert simulated[of_it].mean() == pytest.approx(waited[of_it].mean(), rel=most), queue
