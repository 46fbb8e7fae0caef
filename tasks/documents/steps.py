"""Reads stored contract models."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from blocks.from_settings import media_store
from blocks.settings import get_settings
from tasks.documents.clauses import Clause
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
