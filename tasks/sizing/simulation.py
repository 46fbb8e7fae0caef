"""The queue itself: jobs come, wait for one of several slots, the most urgent first, and hold it until they end."""

import heapq
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Workload:
    """Jobs in the order in which they come; the arrays have one entry for each."""

    arrivals: Numbers
    """Seconds since the beginning, ascending."""
    services: Numbers
    """Seconds that each runs."""
    priorities: NDArray[np.int64]
    """0 is served first."""

    def __len__(self) -> int:
        return len(self.arrivals)


def simulate(jobs: Workload, slots: int, start_seconds: float = 0.0) -> Numbers:
    """Seconds that each job waits, in the order of the jobs.

    As Prefect's workers take them: of the due runs those of the most urgent queue, in it the oldest; a run that has a
    slot keeps it. From taking a run until it begins pass `start_seconds`, in which it holds its slot.

    Args:
        jobs: What comes.
        slots: Runs at once, over all machines; at least 1.
        start_seconds: Of every run.
    """
    arrivals: list[float] = jobs.arrivals.tolist()
    holds: list[float] = (jobs.services + start_seconds).tolist()
    priorities: list[int] = jobs.priorities.tolist()
    # A class that nobody is in costs time and changes nothing.
    ranks = {priority: rank for rank, priority in enumerate(sorted(set(priorities)))}
    queues: list[deque[int]] = [deque() for _ in ranks]
    free = [0.0] * slots
    taken = [0.0] * len(arrivals)
    coming, count, waiting, now = 0, len(arrivals), 0, 0.0
    for _ in range(count):
        now = max(now, free[0])
        if not waiting:
            now = max(now, arrivals[coming])
        while coming < count and arrivals[coming] <= now:
            queues[ranks[priorities[coming]]].append(coming)
            coming += 1
            waiting += 1
        job = next(queue for queue in queues if queue).popleft()
        waiting -= 1
        taken[job] = now
        heapq.heapreplace(free, now + holds[job])
    return np.asarray(taken) - jobs.arrivals + start_seconds


def utilisation(jobs: Workload, waits: Numbers, slots: int, start_seconds: float = 0.0) -> float:
    """The share of the slots' time that was taken, from the beginning to the last end; 0 to 1."""
    if not len(jobs):
        return 0.0
    until = float((jobs.arrivals + waits + jobs.services).max())
    return float((jobs.services + start_seconds).sum()) / (slots * until) if until else 0.0


def waiting_at(jobs: Workload, waits: Numbers, moments: Sequence[float]) -> list[int]:
    """How many jobs have come and not begun at each of the moments."""
    begins = np.sort(jobs.arrivals + waits)
    return [
        int(
            np.searchsorted(jobs.arrivals, moment, side="right")
            - np.searchsorted(begins, moment, side="right")
        )
        for moment in moments
    ]


def least_slots(jobs: Workload, seconds: float, start_seconds: float = 0.0) -> int:
    """With fewer slots than this more comes in `seconds` than can be done."""
    load = float((jobs.services + start_seconds).sum()) / seconds
    return max(1, math.floor(load) + 1)
