"""What an operation brings with it. The core (documents, limits, the command line) knows operations only by this."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tasks.jobs.document import JobDocument


@dataclass(frozen=True)
class Operation:
    """One kind of job; `flows.job.job_flow` makes it known when the module of its flow is imported."""

    name: str
    """As in `JobDocument.operation`: the name of the flow and of its deployment."""
    stages: tuple[str, ...]
    document: type[JobDocument] = JobDocument
    time_limit: str | float | None = None
    """Minutes, or the name of the setting that says how many; None: as long as it takes."""
    summary: Callable[[JobDocument], Iterable[str]] | None = None
    """Lines for a person in front of a terminal: what the job made, from its document."""


_known: dict[str, Operation] = {}


def add_operation(operation: Operation) -> None:
    """Make an operation known to this process."""
    _known[operation.name] = operation


def find_operation(name: str) -> Operation | None:
    """The operation of that name, if the module of its flow was imported."""
    return _known.get(name)
