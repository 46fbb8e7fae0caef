"""A job document in words, for a person in front of a terminal."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel

from deployments.client.queue_place import QueuedDocument, QueuePlace
from tasks.jobs.document import JobDocument, StageDocument, TranscriptionDocument
from tasks.maintenance.report import CleanupReport

_HOUSEKEEPING = ("cleanup", "factory-reset")
_ONE_VIDEO = ("addaudio", "caption", "caption-segments", "caption-highlight")
_LISTED = 10
"""Clips whose places are printed."""
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
            f"{_seconds(stage)}{cached}{_clause(stage.error)}"
        )
    if document.error:
        yield f"error     {document.error}"
    if isinstance(document, TranscriptionDocument):
        yield from _transcription(document)
    if document.operation in _HOUSEKEEPING and document.result is not None:
        yield from _removed(CleanupReport.model_validate(document.result))
    if document.operation == "img2vid" and document.result is not None:
        yield from _clips(_Clips.model_validate(document.result))
    if document.operation in _ONE_VIDEO and document.result is not None:
        yield from _video(_Video.model_validate(document.result))


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


def _transcription(document: TranscriptionDocument) -> Iterator[str]:
    if document.transcription_text is not None:
        yield ""
        yield document.transcription_text or "(no speech was found)"
        yield ""
    for kind, link in _links(document).items():
        yield f"{kind:<9} {_place(link)}"
    if document.audio_file:
        yield f"audio     {document.audio_file} (key in the media store)"


def _removed(report: CleanupReport) -> Iterator[str]:
    yield "would be removed:" if report.dry_run else "removed:"
    for entry in report.removed:
        size = f"{entry.bytes / 1_000_000:.1f} MB" if entry.bytes is not None else entry.remark or ""
        yield f"  {entry.what:<15} {entry.count:>7}  {size}".rstrip()


class _Video(BaseModel):
    """What is printed of a result that is one video."""

    url: str
    speed_factor: float | None = None
    warnings: list[str] = []


class _Clip(BaseModel):
    """What is printed of one clip."""

    index: int
    id: str
    url: str | None
    error: str | None


class _Clips(BaseModel):
    """What is printed of a result that is clips."""

    videos: list[_Clip]


def _video(result: _Video) -> Iterator[str]:
    yield f"video     {_place(result.url)}"
    if result.speed_factor is not None:
        yield f"speed     {result.speed_factor:.3f}"
    for warning in result.warnings:
        yield f"warning   {warning}"


def _clips(result: _Clips) -> Iterator[str]:
    """Every failure; of the others the first ones."""
    failed = [clip for clip in result.videos if clip.error]
    made = [clip for clip in result.videos if clip.url]
    for clip in made[:_LISTED]:
        yield f"video     {_place(clip.url or '')}"
    if len(made) > _LISTED:
        yield f"          and {len(made) - _LISTED} more beside them"
    for clip in failed:
        yield f"failed    {clip.index}, {clip.id}: {clip.error}"


def _links(document: TranscriptionDocument) -> dict[str, Any]:
    links = (document.result or {}).get("links")
    return links if isinstance(links, dict) else {}


def _place(link: str) -> str:
    """A path for a file on this machine, which a terminal's user can open; else the link."""
    parts = urlsplit(link)
    return unquote(parts.path) if parts.scheme == "file" else link


def _clause(error: object) -> str:
    return f"  {error}" if error else ""
