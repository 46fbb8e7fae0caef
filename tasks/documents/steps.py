"""Reads stored contract models, and compares stored versions."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from blocks.from_settings import media_store
from blocks.settings import get_settings
from tasks.documents.change import Category, Change, Reference
from tasks.documents.clauses import Clause
from tasks.documents.comparison import Wanted, compare
from tasks.documents.comparison_report import comparison_page
from tasks.documents.engine import Signature, an_engine
from tasks.documents.findings import LintFault, read_model
from tasks.documents.lint_report import lint_page
from tasks.jobs.requests import StepRequest
from tasks.jobs.step import step
from tasks.progress import Progress

_FIRST = 10
"""Faults that the job document names; all are in the file."""


class TagsRequest(StepRequest):
    """A stored contract model whose tags are wanted."""

    document_key: Annotated[str, Field(exclude=True)]
    document_sha256: str
    name: str
    """What the report calls it."""
    clauses: tuple[Clause, ...]


class StoredTags(BaseModel):
    """What was found in a contract model, and where it lies in the media store."""

    model_config = ConfigDict(frozen=True)

    key: str
    """Of the JSON file."""
    report: str
    """Store key of the page."""
    tags: int
    faults: int
    first_faults: tuple[LintFault, ...]
    warnings: tuple[str, ...]

    def store_keys(self) -> Iterable[str]:
        """The files that must be there for the result to be used again; see `StepResult`."""
        return (self.key, self.report)


@step("tags")
def extract_tags(request: TagsRequest, progress: Progress) -> StoredTags:
    """Finds the tags and writes them as JSON and as a page. Raises UnusableDocumentError."""
    store = media_store(get_settings())
    with store.open_local(request.document_key) as document:
        found = read_model(document, request.clauses)
    progress(0.8)
    name = request.cache_key()
    key, report = f"documents/{name}.json", f"documents/{name}.html"
    store.put_bytes(found.model_dump_json(indent=1).encode(), key)
    store.put_bytes(lint_page(found, request.name).encode(), report)
    return StoredTags(
        key=key,
        report=report,
        tags=len(found.tags),
        faults=len(found.faults),
        first_faults=found.faults[:_FIRST],
        warnings=found.warnings,
    )


class ComparisonRequest(StepRequest):
    """Two stored versions of a contract."""

    old_key: Annotated[str, Field(exclude=True)]
    old_sha256: str
    old_name: str
    """What the report calls it."""
    new_key: Annotated[str, Field(exclude=True)]
    new_sha256: str
    new_name: str
    clauses: tuple[Clause, ...]
    references: tuple[Reference, ...]
    remove_markers: bool
    author: str
    day: date
    """What the tracked changes are signed with."""


class StoredComparison(BaseModel):
    """What was found in two versions, and where it lies in the media store."""

    model_config = ConfigDict(frozen=True)

    key: str
    """Of the JSON file."""
    report: str
    """Store key of the page."""
    redline: str
    """Store key of the new version with native tracked changes."""
    changes: int
    by_category: dict[Category, int]
    verified: bool
    first_changes: tuple[Change, ...]
    """The first ten: those with other amounts, dates, percentages and deadlines before all others."""
    warnings: tuple[str, ...]

    def store_keys(self) -> Iterable[str]:
        """The files that must be there for the result to be used again; see `StepResult`."""
        return (self.key, self.report, self.redline)


@step("compare")
def compare_versions(request: ComparisonRequest, progress: Progress) -> StoredComparison:
    """Compares, and writes the changes as JSON, as a page and as a document with tracked changes.

    Raises UnusableDocumentError, and the errors of `ComparisonEngine`.
    """
    store = media_store(get_settings())
    with (
        store.open_local(request.old_key) as old,
        store.open_local(request.new_key) as new,
        an_engine() as engine,
    ):
        made = compare(
            Wanted(
                old=old,
                new=new,
                old_name=request.old_name,
                new_name=request.new_name,
                clauses=request.clauses,
                references=request.references,
                remove_markers=request.remove_markers,
                signature=Signature(request.author, datetime.combine(request.day, time(), UTC)),
            ),
            engine,
        )
    progress(0.8)
    name = request.cache_key()
    key, report, redline = (f"documents/{name}.{ending}" for ending in ("json", "html", "docx"))
    found = made.findings
    store.put_bytes(found.model_dump_json(indent=1).encode(), key)
    store.put_bytes(comparison_page(made).encode(), report)
    store.put_bytes(made.redline, redline)
    return StoredComparison(
        key=key,
        report=report,
        redline=redline,
        changes=len(found.alteracoes),
        by_category=found.por_categoria,
        verified=found.verificado,
        first_changes=tuple(sorted(found.alteracoes, key=lambda each: not each.destaques)[:_FIRST]),
        warnings=(*found.falhas_de_verificacao, *found.avisos),
    )
