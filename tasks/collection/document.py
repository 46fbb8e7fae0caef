"""What a caller learns of a conversation: every collector and executor, and what became of it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, JsonValue
from typing_extensions import override

from tasks.jobs.document import JobDocument, JobStatus
from tasks.jobs.summary import entry, place
from tasks.messages.contents import SubstepStatus


class SubstepDocument(BaseModel):
    """A collector or an executor of a conversation."""

    name: str
    """Within the conversation: of one that is asked twice, `youtube` and `youtube-2`."""
    target: str
    """Whom its stream belongs to: `youtube`."""
    status: SubstepStatus = SubstepStatus.PENDING
    started_at: datetime | None = None
    """When somebody took the message."""
    completed_at: datetime | None = None
    late: bool = False
    """Whether it has answered when nobody waited for it any more."""
    error: str | None = None
    file: str | None = None
    """Store key of what it answered, if that was too large for a message."""
    summary: str | None = None
    """The beginning of what it answered, for people."""


class ConversationResult(BaseModel):
    """What a conversation has come to."""

    file: str
    """Store key of all that was collected and executed, as JSON."""
    url: str
    collected: int
    """Collectors that have answered with data."""
    executed: int
    """Executors that have done what they were asked for."""
    results: dict[str, JsonValue] | None
    """What the executors answered, by the name of the sub-step; None where that is long: the file has it."""
    warnings: tuple[str, ...]


class ConversationProgress(BaseModel):
    """The fields that a conversation adds to its job document while it goes on."""

    collectors: tuple[SubstepDocument, ...] = ()
    executors: tuple[SubstepDocument, ...] = ()
    ignored: tuple[str, ...] = ()
    """What was said in the conversation and had no effect, and why; the first hundred."""
    ignored_count: int = 0
    warnings: tuple[str, ...] = ()


class ConversationOutcome(ConversationProgress):
    """The fields that a conversation adds to its job document at its end."""

    path: str
    """Folder of the media store that the result lies in."""
    result: ConversationResult


class ConversationDocument(JobDocument):
    """The document of a conversation."""

    path: str | None = None
    collectors: tuple[SubstepDocument, ...] = ()
    executors: tuple[SubstepDocument, ...] = ()
    ignored: tuple[str, ...] = ()
    ignored_count: int = 0
    warnings: tuple[str, ...] = ()

    @classmethod
    @override
    def first(
        cls,
        job_id: object,
        operation: str,
        status: JobStatus,
        parameters: Mapping[str, Any],
        **fields: datetime | None,
    ) -> Self:
        # Also of a job without one: its messages need an identifier that no other job's have.
        named = {**parameters, "correlation_id": parameters.get("correlation_id") or str(job_id)}
        return super().first(job_id, operation, status, named, **fields)


def conversation_summary(document: JobDocument) -> Iterator[str]:
    """A line for each collector and executor, and where everything lies."""
    known = ConversationDocument.model_validate(document.model_dump())
    for label, substeps in (("collector", known.collectors), ("executor", known.executors)):
        for substep in substeps:
            late = ", late" if substep.late else ""
            more = substep.error or substep.summary or ""
            yield entry(label, f"{substep.name}: {substep.status}{late}{f' · {more}' if more else ''}")
    for warning in known.warnings:
        yield entry("warning", warning)
    if known.ignored_count:
        yield entry("ignored", f"{known.ignored_count} messages")
    if known.result is not None:
        yield entry("file", place(str(known.result.get("url"))))
