"""What a caller learns of a batch: every recording that its sources hold, and what became of it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel

from tasks.jobs.document import JobDocument
from tasks.jobs.summary import entry


class BatchEntry(BaseModel):
    """What became of one recording, or of a source that could not be listed."""

    source: str
    title: str
    status: Literal["completed", "failed"]
    job_id: str | None
    language: str | None = None
    duration: float | None = None
    """Seconds."""
    transcription_file: str | None = None
    error: str | None = None
    error_code: str | None = None
    """Name of the kind of error, for programs: `tasks.errors` lists them."""
    files: dict[str, str] = {}
    """Store keys, by the format: srt, vtt, txt …"""


class LeftOut(BaseModel):
    """A file that is no recording, or must not be read."""

    source: str
    reason: str


class BatchResult(BaseModel):
    """What became of a batch."""

    total: int
    completed: int
    failed: int
    skipped: int
    """Recordings that earlier runs have dealt with."""
    items: tuple[BatchEntry, ...]
    left: int = 0
    """Recordings that `max_items` left for another run. Of a channel that is longer than was looked at: at least."""
    left_out: tuple[LeftOut, ...] = ()
    """Files in the sources that were not taken for recordings, and why."""

    @classmethod
    def of(
        cls, entries: Sequence[BatchEntry], *, skipped: int, left: int, left_out: Sequence[LeftOut]
    ) -> "BatchResult":
        """The result that these entries make."""
        return cls(
            total=len(entries),
            completed=sum(entry.status == "completed" for entry in entries),
            failed=sum(entry.status == "failed" for entry in entries),
            skipped=skipped,
            items=tuple(entries),
            left=left,
            left_out=tuple(left_out),
        )

    def commonest_failure(self) -> BatchEntry | None:
        """The first entry that failed as most of them did; None if none failed."""
        failed = [entry for entry in self.items if entry.status == "failed"]
        if not failed:
            return None
        code = Counter(entry.error_code for entry in failed).most_common(1)[0][0]
        return next(entry for entry in failed if entry.error_code == code)


class BatchOutcome(BaseModel):
    """The fields that a batch adds to its job document."""

    result: BatchResult


def summary(document: JobDocument) -> Iterator[str]:
    """How many, and a line for each recording."""
    if document.result is None:
        return
    result = BatchResult.model_validate(document.result)
    counts = {
        "completed": result.completed,
        "failed": result.failed,
        "done by earlier runs": result.skipped,
        "left for another run": result.left,
        "left out": len(result.left_out),
    }
    yield ""
    yield ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "no recordings"
    for item in result.items:
        yield entry(item.status, item.title or item.source)
        if item.error:
            yield f"          {item.error}"
        if item.transcription_file:
            yield f"          {item.transcription_file} (key in the media store)"
    for left_out in result.left_out:
        yield entry("left out", f"{left_out.source}: {left_out.reason}")
