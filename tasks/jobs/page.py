"""The page of a job, as the web page shows it to people: what became of it, its stages, its result in rows.

It is made of the job document alone, so it fits every operation. It names no progress: that has bars of its own, and a
page that changes with each per cent would be written twice a second.
"""

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from tasks.jobs.document import JobDocument, StageDocument, StageStatus
from tasks.jobs.markdown import Markdown, heading, link, page, table, text
from tasks.jobs.status import JobStatus

UNSAID = "It failed without saying why; the run's log has the details."
"""Stands where a failure has no sentence of its own, so that nothing failed looks blank."""

_TEXT = 300
"""Characters of one value: whole texts have files of their own."""
_NAME = 60
_ROWS = 100
_NAMES = ("title", "id", "source", "name", "index")
"""What an entry of a result is called, the best name first."""
_ENTRIES = 5
"""Of a list that are written out; of a longer one the number."""
_DEPTH = 3


def job_page(document: JobDocument) -> Markdown:
    """The page of a job, at any time of its life."""
    stages = [
        (name, stage.status.value, _took(stage), _remark(stage)) for name, stage in document.stages.items()
    ]
    rows = list(_rows("", document.result, _DEPTH)) if document.result else []
    failures = list(_failures(document.result or {}))
    more = max(len(rows), len(failures)) - _ROWS
    return page(
        heading(f"{document.operation}: {document.status.value}"),
        table(["job", document.job_id], _facts(document)),
        Markdown("## Stages") if stages else Markdown(),
        table(["stage", "status", "seconds", "remark"], stages) if stages else Markdown(),
        Markdown("## Failed") if failures else Markdown(),
        table(["what", "why"], failures[:_ROWS]) if failures else Markdown(),
        Markdown("## Result") if rows else Markdown(),
        table(["what", "value"], rows[:_ROWS]) if rows else Markdown(),
        Markdown(f"And {more} more; the job document has them all.") if more > 0 else Markdown(),
    )


def _facts(document: JobDocument) -> Iterator[tuple[str, object]]:
    if document.status is JobStatus.FAILED or document.error:
        yield "error", text(document.error or UNSAID)
    if document.error_code:
        yield "kind of error", document.error_code
    if document.id_roteiro is not None:
        yield "id_roteiro", text(str(document.id_roteiro), _TEXT)
    for name, time in (("created", document.created_at), ("ended", document.completed_at)):
        if time is not None:
            yield name, f"{time:%Y-%m-%d %H:%M:%S} UTC"


def _took(stage: StageDocument) -> object:
    return f"{stage.seconds:.1f}" if stage.seconds is not None else None


def _remark(stage: StageDocument) -> object:
    if stage.status is StageStatus.FAILED:
        return text(stage.error or UNSAID)
    if stage.status is StageStatus.SKIPPED and stage.message:
        return text(stage.message)
    return "was done before" if stage.cached else None


def _failures(result: Mapping[str, JsonValue]) -> Iterator[tuple[Markdown, Markdown]]:
    """The entries of a result that failed, such as recordings of a batch, with their reasons."""
    for name, entries in result.items():
        for number, entry in enumerate(entries if isinstance(entries, list) else [], start=1):
            if isinstance(entry, Mapping) and entry.get("status") == "failed":
                called = next((entry[key] for key in _NAMES if entry.get(key)), None)
                what = f"{name} {number}" if called is None else f"{name} {number}: {called}"
                yield text(what, _NAME), text(str(entry.get("error") or UNSAID))


def _rows(name: str, value: JsonValue, depth: int) -> Iterator[tuple[str, Markdown]]:
    """A value in rows: objects entry by entry with their path, short lists in one row, of long ones the number."""
    if isinstance(value, Mapping) and value and depth:
        for key, inner in value.items():
            yield from _rows(f"{name}.{key}" if name else key, inner, depth - 1)
    elif value is not None and value not in ("", [], {}):
        yield name, _shown(value)


def _shown(value: JsonValue) -> Markdown:
    if isinstance(value, Mapping):
        return Markdown(_counted(len(value)))
    if isinstance(value, list):
        short = len(value) <= _ENTRIES and not any(isinstance(entry, list | dict) for entry in value)
        return Markdown(", ".join(map(_shown, value)) if short else _counted(len(value)))
    if isinstance(value, bool):
        return Markdown("yes" if value else "no")
    written = f"{value:.6g}" if isinstance(value, float) else str(value)
    if written.startswith(("http://", "https://")):
        return link(written, written.partition("?")[0].rstrip("/").rpartition("/")[2] or written)
    return text(written, _TEXT)


def _counted(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"
