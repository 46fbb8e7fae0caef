"""What jobs are like: how long each kind takes, in which queue, and how many there are of it."""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.errors import InvalidInputError
from tasks.sizing.history import QUEUES, RecordedJob
from tasks.sizing.simulation import Numbers, Workload

_LEAST_LENGTHS = 3
"""Different media lengths from which a line is drawn through times."""


@dataclass(frozen=True)
class Kind:
    """Jobs of one operation in one queue."""

    operation: str
    queue: str
    share: float
    """Of all jobs; those of all kinds need not make 1."""
    seconds: tuple[float, ...]
    """Times that such jobs took: each new one takes one of them."""


def recorded_kinds(jobs: Sequence[RecordedJob]) -> list[Kind]:
    """The kinds of jobs that have been, each with the times that it took."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for job in jobs:
        found[job.operation, job.queue].append(job.service)
    return [Kind(*named, share=len(times), seconds=tuple(times)) for named, times in sorted(found.items())]


def with_media(jobs: Sequence[RecordedJob], media_seconds: float) -> list[RecordedJob]:
    """The jobs as if their media had this mean length: the part of their time that grows with it grows with it.

    Of operations without recorded lengths the jobs stay as they are.

    Raises:
        InvalidInputError: no job has a recorded length.
    """
    known: dict[str, list[RecordedJob]] = defaultdict(list)
    for job in jobs:
        if job.media_seconds:
            known[job.operation].append(job)
    if not known:
        raise InvalidInputError(
            "None of these jobs says how long its media are, so another length cannot be assumed.",
            hint="Leave --media-minutes out, or give a file with a column media_seconds.",
        )
    lines = {operation: _line(found) for operation, found in known.items()}
    changed = []
    for job in jobs:
        if not job.media_seconds:
            changed.append(job)
            continue
        per_second, mean = lines[job.operation]
        longer = job.media_seconds * (media_seconds / mean - 1.0)
        seconds = max(0.0, job.service + per_second * longer)
        changed.append(
            job.model_copy(
                update={
                    "ended": job.began + (job.ended - job.began) * (seconds / job.service)
                    if job.service
                    else job.ended,
                    "media_seconds": job.media_seconds + longer,
                }
            )
        )
    return changed


def _line(jobs: Sequence[RecordedJob]) -> tuple[float, float]:
    """Seconds that a further second of media costs, and the mean length of the media."""
    lengths = [job.media_seconds or 0.0 for job in jobs]
    times = [job.service for job in jobs]
    mean = statistics.fmean(lengths)
    if len(set(lengths)) < _LEAST_LENGTHS:
        return statistics.fmean(times) / mean, mean
    slope = statistics.linear_regression(lengths, times).slope
    return min(max(slope, 0.0), statistics.fmean(times) / mean), mean


def draw(kinds: Sequence[Kind], arrivals: Numbers, numbers: np.random.Generator) -> Workload:
    """A job for each arrival, of a random kind by their shares, with a random time of that kind."""
    shares = np.asarray([kind.share for kind in kinds], dtype=float)
    chosen = numbers.choice(len(kinds), size=len(arrivals), p=shares / shares.sum())
    services = np.empty(len(arrivals))
    priorities = np.empty(len(arrivals), dtype=np.int64)
    for number, kind in enumerate(kinds):
        mine = chosen == number
        services[mine] = numbers.choice(np.asarray(kind.seconds), size=int(mine.sum()))
        priorities[mine] = rank(kind.queue)
    return Workload(arrivals, services, priorities)


def as_recorded(jobs: Sequence[RecordedJob]) -> Workload:
    """The very jobs, at the times at which they came."""
    ordered = sorted(jobs, key=lambda job: job.submitted)
    first = ordered[0].submitted
    return Workload(
        np.asarray([(job.submitted - first).total_seconds() for job in ordered]),
        np.asarray([job.service for job in ordered]),
        np.asarray([rank(job.queue) for job in ordered], dtype=np.int64),
    )


def rank(queue: str) -> int:
    """The place of a queue, 0 the most urgent."""
    return QUEUES.index(queue) if queue in QUEUES else len(QUEUES)
