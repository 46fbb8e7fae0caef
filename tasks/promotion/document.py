"""What the document of a promotional job says: what every step made, what it took, what was put in place of what."""

from collections.abc import Iterator
from enum import StrEnum

from pydantic import BaseModel, JsonValue

from tasks.jobs.document import JobDocument
from tasks.jobs.summary import entry, place

_SHOWN = 100


class StepEnd(StrEnum):
    """What became of a step."""

    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """A step that it waits for failed."""


class ResultFile(BaseModel):
    """A file of the result."""

    file: str
    """Its key in the media store."""
    url: str


class StepResult(BaseModel):
    """One step of the pipeline."""

    type: str
    status: StepEnd
    seconds: float | None = None
    cached: bool = False
    """Whether the work had been done before."""
    error: str | None = None
    files: dict[str, ResultFile] = {}
    """By what each is: film, thumbnail, srt, picture_1 …"""
    made: dict[str, JsonValue] | None = None
    """What the step tells of what it made; keys in it are those of the cache, `files` are the job's own."""
    warnings: tuple[str, ...] = ()


class PromotionResult(BaseModel):
    """Everything that a pipeline made."""

    pipeline: str
    steps: dict[str, StepResult]
    warnings: tuple[str, ...] = ()
    """Whatever is not as it was asked for; each begins with the step that says it."""


class PromotionOutcome(BaseModel):
    """What a job adds to its document."""

    path: str
    """Folder of the media store that holds the files."""
    result: PromotionResult


def promotion_summary(document: JobDocument) -> Iterator[str]:
    """What `contraponto status` prints."""
    if not document.result:
        return
    result = PromotionResult.model_validate(document.result)
    for name, step in result.steps.items():
        if text := (step.made or {}).get("text"):
            yield entry(name, " ".join(str(text).split())[:_SHOWN])
        for kind, file in step.files.items():
            yield entry(kind, place(file.url))
    for warning in result.warnings:
        yield entry("warning", warning)
