"""A job document in words, for a person in front of a terminal."""

from collections.abc import Iterator

from pydantic import ValidationError

from deployments.client.operations import operation_of
from deployments.client.queued_document import QueuedDocument, QueuePlace
from tasks.jobs.document import JobDocument, StageDocument

_AT_ONCE_SECONDS = 2
_SHORT_SECONDS = 100
_LONG_MINUTES = 100


def summary(document: JobDocument) -> Iterator[str]:
    """The lines to print: how it ended, what it says, where the files are."""
    yield f"job       {document.job_id}"
    yield f"status    {document.status}, {document.overall_progress:.0f} %"
    if isinstance(document, QueuedDocument):
        yield f"queue     {place_in_words(document.queue)}"
    for name, stage in document.stages.items():
        cached = "  (was done before)" if stage.cached else ""
        yield (
            f"  {name:<15} {stage.status:<11} {stage.progress:>3.0f} %"
            f"{_seconds(stage)}{cached}{_clause(stage.error or _going_on(stage))}"
        )
    if document.error:
        yield f"error     {document.error}"
    operation = operation_of(document)
    if operation is not None and operation.summary is not None:
        try:
            # The fields of the operation in their own types, which the reader of documents does not know.
            own = operation.document.model_validate(document.model_dump())
            yield from list(operation.summary(own))
        except ValidationError:
            yield "Another version of the project made this document; with --json it is shown as it is."


def place_in_words(place: QueuePlace) -> str:
    """`gpu/default: 2 jobs first; begins in about 4 minutes, ends in about 6`."""
    first = "being started" if place.position == 0 else f"{_jobs(place.position - 1)} first"
    if place.starts_in_seconds is None:
        when = f"no estimate: {place.remark}"
    else:
        when = f"begins {_about(place.starts_in_seconds)}"
        when += (
            f", ends {_about(place.ends_in_seconds)}"
            if place.ends_in_seconds is not None
            else f"; how long it takes is not known: {place.remark}"
        )
    slots = f" of {place.slots}" if place.slots else ""
    return f"{place.pool}/{place.queue}: {first}, {place.running}{slots} running; {when}"


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count or 'no'} jobs"


def _about(seconds: float) -> str:
    if seconds < _AT_ONCE_SECONDS:
        return "at once"
    if seconds < _SHORT_SECONDS:
        return f"in about {seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"in about {minutes} min" if minutes < _LONG_MINUTES else f"in about {minutes / 60:.1f} h"


def _seconds(stage: StageDocument) -> str:
    """How long a stage took."""
    return "" if stage.seconds is None else f" {stage.seconds:>7.1f} s"


def _going_on(stage: StageDocument) -> str | None:
    """What it is at."""
    return stage.message if stage.completed_at is None else None


def _clause(error: object) -> str:
    return f"  {error}" if error else ""
