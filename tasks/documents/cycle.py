"""What a cycle over the record store reports."""

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from tasks.jobs.document import JobDocument
from tasks.jobs.summary import entry

ProcessorName = Literal["tags", "versions", "cleanup"]


class ProcessedRecord(BaseModel):
    """What became of one record."""

    model_config = ConfigDict(frozen=True)

    collection: str
    record: str | int
    status: Literal["done", "failed", "lost", "simulated"]
    """lost: another worker has it by now; simulated: it went well, and nothing was written."""
    note: str = ""
    """In Portuguese, for who looks after the records."""
    seconds: float


class ProcessorReport(BaseModel):
    """What one processor has done in a cycle."""

    model_config = ConfigDict(frozen=True)

    processor: ProcessorName
    ok: bool
    """Whether it came to its end; records that failed do not count against it."""
    note: str = ""
    """Why not."""
    done: int
    failed: int
    seconds: float
    records: tuple[ProcessedRecord, ...]

    @classmethod
    def of(
        cls, processor: ProcessorName, records: Sequence[ProcessedRecord], seconds: float, note: str = ""
    ) -> "ProcessorReport":
        """The report of a processor; `note` says why it did not come to its end."""
        return cls(
            processor=processor,
            ok=not note,
            note=note,
            done=sum(record.status in ("done", "simulated") for record in records),
            failed=sum(record.status == "failed" for record in records),
            seconds=round(seconds, 3),
            records=tuple(records),
        )


class CycleReport(BaseModel):
    """What a cycle has done."""

    model_config = ConfigDict(frozen=True)

    dry_run: bool
    done: int
    failed: int
    seconds: float
    processors: tuple[ProcessorReport, ...]


class CycleOutcome(BaseModel):
    """The fields that a cycle adds to its job document."""

    result: CycleReport


class _Report(BaseModel):
    processors: list[ProcessorReport]


def cycle_summary(document: JobDocument) -> Iterator[str]:
    """A line a processor, and a line a record that failed."""
    if document.result is None:
        return
    for each in _Report.model_validate(document.result).processors:
        found = f"{each.done} done, {each.failed} failed, {each.seconds:.1f} s"
        yield entry(each.processor, found if each.ok else f"{found}; {each.note}")
        for record in each.records:
            if record.status == "failed":
                yield entry("", f"{record.collection} {record.record}: {record.note}")
