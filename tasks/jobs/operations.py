"""What an operation brings with it. The core (documents, limits, the command line) knows operations only by this."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tasks.jobs.document import JobDocument


@dataclass(frozen=True)
class Operation:
    """One kind of job; `flows.job.job_flow` makes it known when the module of its flow is imported."""

    name: str
    """As in `JobDocument.operation`: the name of its deployment, and of the flow unless that has several."""
    stages: tuple[str, ...]
    document: type[JobDocument] = JobDocument
    time_limit: str | float | None = None
    """Minutes, or the name of the setting that says how many; None: as long as it takes."""
    summary: Callable[[JobDocument], Iterable[str]] | None = None
    """Lines for a person in front of a terminal: what the job made, from its document."""
    narrow: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """Where a flow has several operations: makes the schema of the flow's parameters that of this operation."""


@dataclass(frozen=True)
class Variants:
    """Operations that share a flow, with a deployment each; they may come and go while a process lives."""

    parameter: str
    """Of the flow: its value names the operation of a run."""
    find: Callable[[str], Operation | None]
    """The operation of a name."""


_known: dict[str, Operation] = {}
_variants: list[Variants] = []


def add_operation(operation: Operation) -> None:
    """Make an operation known to this process."""
    _known[operation.name] = operation


def add_variants(variants: Variants) -> None:
    """Make the operations of a flow known to this process."""
    _variants.append(variants)


def find_operation(name: str) -> Operation | None:
    """The operation of that name, if the module of its flow was imported."""
    if name in _known:
        return _known[name]
    return next(filter(None, (variants.find(name) for variants in _variants)), None)
