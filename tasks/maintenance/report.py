"""What a clean-up removed."""

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from tasks.jobs.document import JobDocument


class Removed(BaseModel):
    """One kind of thing."""

    model_config = ConfigDict(frozen=True)

    what: str
    count: int
    bytes: int | None = None
    remark: str | None = None
    """Why there are no bytes."""


class CleanupReport(BaseModel):
    """Everything that a clean-up removed, or would have removed."""

    dry_run: bool
    removed: tuple[Removed, ...]


def summary(document: JobDocument) -> Iterator[str]:
    """How many of what were removed."""
    if document.result is None:
        return
    report = CleanupReport.model_validate(document.result)
    yield "would be removed:" if report.dry_run else "removed:"
    for removed in report.removed:
        size = f"{removed.bytes / 1_000_000:.1f} MB" if removed.bytes is not None else removed.remark or ""
        yield f"  {removed.what:<15} {removed.count:>7}  {size}".rstrip()
