"""The job document: what a caller learns of a job, at any time of its life."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, JsonValue, computed_field

from tasks.foreign_text import one_line
from tasks.jobs.identifiers import Identifier
from tasks.jobs.status import JobStatus as JobStatus  # noqa: PLC0414 - belongs to the document
from tasks.jobs.unreadable import LEFT_OUT, MOST_LEVELS, is_nested_deeper
from tasks.net.urls import mask_url

ASKED_FOR = "youtube_url"
"""The parameter whose echo, without its secrets, is in every document of a job that has it: also where a job never
ran, and nobody has imported what knows its operation."""
CORRELATION = "correlation_id"
"""The parameter of jobs that belong together, whose echo is in the document of each."""
_LONGEST_ADDRESS = 4096


class StageStatus(StrEnum):
    """Where a stage is; `skipped` means that the job did not ask for it."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"


class StageDocument(BaseModel):
    """One stage of a job."""

    status: StageStatus = StageStatus.QUEUED
    job_id: str | None = None
    """Of the remote service that does the stage, if one does."""
    progress: float = 0.0
    """0 to 100."""
    started_at: datetime | None = None
    completed_at: datetime | None = None
    error: str | None = None
    cached: bool = False
    """Whether the work had been done before and was only looked up."""
    message: str | None = None
    """What the stage is at, for people: "3 of 11 · talk.mp3"."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def seconds(self) -> float | None:
        """How long the stage took; None until it has ended."""
        if self.started_at is None or self.completed_at is None:
            return None
        return round((self.completed_at - self.started_at).total_seconds(), 3)


class JobDocument(BaseModel):
    """What every operation reports; operations add fields of their own, which stay when a document is read."""

    model_config = ConfigDict(extra="allow")

    job_id: str
    operation: str
    status: JobStatus
    overall_progress: float = 0.0
    """Mean of the stages, 0 to 100."""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    completed_at: datetime | None = None
    stages: dict[str, StageDocument] = {}
    result: dict[str, JsonValue] | None = None
    error: str | None = None
    """What went wrong, and what to change."""
    error_code: str | None = None
    """Name of the kind of error, for programs: `tasks.errors` lists them."""
    id_roteiro: Identifier | None = None
    metadata: dict[str, JsonValue] | None = None
    """Echo of what the caller sent."""

    @property
    def correlation_id(self) -> str:
        """What its log is marked with: that of its conversation, else the caller's own identifier, if there is one."""
        if isinstance(given := (self.model_extra or {}).get(CORRELATION), str):
            return given
        return self.job_id if self.id_roteiro in (None, "") else str(self.id_roteiro)

    @classmethod
    def first(
        cls,
        job_id: object,
        operation: str,
        status: JobStatus,
        parameters: Mapping[str, Any],
        **fields: datetime | None,
    ) -> Self:
        """The document of a job that has done nothing yet, with the echo of what its caller sent.

        What cannot be an echo is left out of it: such a job ends for that reason, and has a document that says so.
        """
        document = cls(job_id=str(job_id), operation=operation, status=status, **fields)
        for name in ("id_roteiro", "metadata"):
            # A message that held what was left out would be handed to no worker itself.
            if is_nested_deeper(parameters.get(name), MOST_LEVELS) or LEFT_OUT in str(parameters.get(name)):
                continue
            try:
                sent = cls.model_validate({**_LEAST, name: parameters.get(name)})
            except ValueError:
                continue
            document = document.model_copy(update={name: getattr(sent, name)})
        if isinstance(given := parameters.get(CORRELATION), str) and given:
            document = document.model_copy(update={CORRELATION: given})
        if isinstance(asked := parameters.get(ASKED_FOR), str):
            document = document.model_copy(update={ASKED_FOR: one_line(mask_url(asked), _LONGEST_ADDRESS)})
        return document


_LEAST = {"job_id": "", "operation": "", "status": JobStatus.QUEUED}
