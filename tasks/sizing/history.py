"""Jobs that have been: when they came, began and ended; kept as CSV."""

import csv
import heapq
import math
import statistics
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tasks.errors import InvalidInputError

COLUMNS = ("submitted", "began", "ended", "operation", "queue", "media_seconds")
QUEUES = ("high", "default", "low")
"""Of every pool, most urgent first. What a queue of another name holds is served last."""
_FORM = (
    "Its first line is: submitted,began,ended,operation,queue,media_seconds; only the first three are needed."
)
_LONGEST = 400


class RecordedJob(BaseModel):
    """One job that has ended, whichever way: all of them take a slot."""

    model_config = ConfigDict(frozen=True)

    submitted: datetime
    """When it could begin: the time it came, or the one it was scheduled for."""
    began: datetime
    ended: datetime
    operation: str = "job"
    queue: str = "default"
    media_seconds: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """How long the recording or film is that it was about."""

    @model_validator(mode="after")
    def _in_order(self) -> "RecordedJob":
        if any(moment.tzinfo is None for moment in (self.submitted, self.began, self.ended)):
            raise ValueError("a time needs its zone: 2026-05-04T09:30:00+00:00, or Z at its end")
        if not self.submitted <= self.began <= self.ended:
            raise ValueError("a job is submitted before it begins, and begins before it ends")
        return self

    @property
    def wait(self) -> float:
        """Seconds from submit to begin."""
        return (self.began - self.submitted).total_seconds()

    @property
    def service(self) -> float:
        """Seconds from begin to end."""
        return (self.ended - self.began).total_seconds()


def read_jobs(file: Path) -> list[RecordedJob]:
    """The jobs of a CSV file, in the order in which they came.

    Raises:
        InvalidInputError: it cannot be read, has other columns, or a line that is no job.
    """
    jobs = []
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            lines = csv.DictReader(opened)
            missing = [name for name in COLUMNS[:3] if name not in (lines.fieldnames or ())]
            if missing:
                raise InvalidInputError(f"{file.name} has no column {missing[0]}.", hint=_FORM)
            for line in lines:
                jobs.append(_job(line, f"{file.name}, line {lines.line_num}"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInputError(
            f"{file} cannot be read as CSV: {str(error)[:_LONGEST]}.", hint=_FORM
        ) from error
    if not jobs:
        raise InvalidInputError(f"{file.name} holds no jobs.", hint=_FORM)
    return sorted(jobs, key=lambda job: job.submitted)


def _job(line: dict[str, str], where: str) -> RecordedJob:
    try:
        return RecordedJob.model_validate(
            {name: line[name].strip() for name in COLUMNS if (line.get(name) or "").strip()}
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = f" {first['loc'][0]}:" if first["loc"] else ""
        raise InvalidInputError(
            f"{where}:{place} {first['msg'].removeprefix('Value error, ')}.", hint=_FORM
        ) from error


def write_jobs(jobs: Iterable[RecordedJob], to: TextIO) -> None:
    """The jobs as CSV that `read_jobs` reads; times in UTC."""
    table = csv.writer(to, lineterminator="\n")
    table.writerow(COLUMNS)
    for job in jobs:
        times = [
            f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
            for moment in (job.submitted, job.began, job.ended)
        ]
        media = "" if job.media_seconds is None else f"{job.media_seconds:g}"
        table.writerow([*times, job.operation, job.queue, media])


def start_overheads(jobs: Sequence[RecordedJob], slots: int) -> list[float]:
    """Seconds that each job waited although a slot was free for it: asking for work, and starting its process.

    `slots` are those of the whole pool at the time. In the order in which the jobs began.
    """
    overheads: list[float] = []
    ends: list[float] = []
    for job in sorted(jobs, key=lambda job: job.began):
        free = -math.inf
        while len(ends) >= slots:
            free = heapq.heappop(ends)
        came = job.submitted.timestamp()
        overheads.append(max(0.0, job.began.timestamp() - max(came, free)))
        heapq.heappush(ends, job.ended.timestamp())
    return overheads


def most_at_once(jobs: Iterable[RecordedJob]) -> int:
    """How many ran at the same time at most: the slots that there were at least."""
    steps = sorted(step for job in jobs for step in ((job.began.timestamp(), 1), (job.ended.timestamp(), -1)))
    running = most = 0
    for _, change in steps:
        running += change
        most = max(most, running)
    return most


def start_seconds(jobs: Sequence[RecordedJob], slots: int) -> float:
    """The median of `start_overheads`, which a night without workers does not move; 0 of no jobs."""
    return statistics.median(start_overheads(jobs, slots)) if jobs else 0.0
