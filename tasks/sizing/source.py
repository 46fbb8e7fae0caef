"""Where the jobs of an answer come from: records, a file, or a class of machines."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.errors import InvalidInputError
from tasks.sizing.arrivals import DAY, profile
from tasks.sizing.assumed import MACHINE_CLASSES, read_assumptions
from tasks.sizing.history import RecordedJob, most_at_once, read_jobs, start_seconds
from tasks.sizing.kinds import Kind, recorded_kinds, with_media

_USUAL_MINUTES = 10.0
"""Mean length of recordings where nothing is said."""
_USUAL_START = 1.0
"""Seconds from a free slot to the begin of a job where nothing was recorded: workers ask once a second."""


@dataclass(frozen=True)
class Source:
    """What is known of the jobs; None is what is not."""

    kinds: Sequence[Kind]
    basis: str
    """In words, for whoever reads the answer."""
    start_seconds: float = _USUAL_START
    jobs_per_day: float | None = None
    hours: Sequence[float] | None = None
    slots: int | None = None


def from_jobs(
    jobs: Sequence[RecordedJob],
    basis: str,
    media_minutes: float | None = None,
    *,
    slots: int | None = None,
    all_slots: int | None = None,
    period: float | None = None,
) -> Source:
    """Of recorded jobs.

    Args:
        jobs: At least one.
        basis: Where they were recorded.
        media_minutes: As if their media had this mean length.
        slots: Of one machine.
        all_slots: Of all machines while they were recorded; None: as many as ran at once.
        period: Seconds in which they were recorded, at most; fewer days are taken where the first came later.
    """
    overhead = start_seconds(jobs, all_slots or most_at_once(jobs))
    first, last = min(job.submitted for job in jobs), max(job.ended for job in jobs)
    # Less than a day of records says nothing about the rest of that day: it is taken to have been all of it.
    days = max(
        (min(period, (last - first).total_seconds()) if period else (last - first).total_seconds()) / DAY, 1.0
    )
    shaped = with_media(jobs, media_minutes * 60) if media_minutes is not None else jobs
    about = f"{len(jobs)} {basis}, {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    return Source(
        kinds=recorded_kinds(shaped),
        basis=f"{about}, media of {media_minutes:g} min" if media_minutes is not None else about,
        start_seconds=overhead,
        jobs_per_day=len(jobs) / days,
        hours=profile(job.submitted for job in jobs),
        slots=slots,
    )


def from_file(file: Path, media_minutes: float | None = None) -> Source:
    """Of a file: CSV of recorded jobs, or YAML that describes some.

    Raises:
        InvalidInputError: it is neither, or holds none.
    """
    if file.suffix.lower() == ".csv":
        return from_jobs(read_jobs(file), f"of {file.name}", media_minutes)
    if file.suffix.lower() not in (".yaml", ".yml"):
        raise InvalidInputError(
            f"{file.name} is neither a CSV nor a YAML file.", hint="Its name ends in .csv, .yaml or .yml."
        )
    if media_minutes is not None:
        raise InvalidInputError(
            "--media-minutes is for recorded jobs and for --machine-class.",
            hint=f"Write media_minutes into {file.name}.",
        )
    said = read_assumptions(file)
    return Source(
        kinds=[kind.kind() for kind in said.kinds],
        basis=f"described in {file.name}, not recorded",
        start_seconds=_USUAL_START if said.start_seconds is None else said.start_seconds,
        jobs_per_day=said.jobs_per_day,
        hours=said.hours,
        slots=said.slots,
    )


def from_class(name: str, media_minutes: float | None = None) -> Source:
    """Of a class of machines that was measured; recordings of ten minutes unless another length is given.

    Raises:
        InvalidInputError: there is no such class.
    """
    if name not in MACHINE_CLASSES:
        raise InvalidInputError(
            f'No machine class "{name}" was measured.',
            hint=f"There is: {', '.join(MACHINE_CLASSES)}. Of others record jobs, or describe them in a file.",
        )
    minutes = media_minutes or _USUAL_MINUTES
    chosen = MACHINE_CLASSES[name]
    return Source(
        kinds=[chosen.kind(minutes)],
        basis=f"assumed, not recorded: recordings of {minutes:g} min on average; {chosen.measured}",
        slots=1,
    )
