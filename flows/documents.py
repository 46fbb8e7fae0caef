"""Contract documents: the tags of a contract model."""

import asyncio
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import BaseModel, Field

from blocks.from_settings import media_store
from blocks.settings import get_settings
from blocks.store_keys import result_folder
from flows.job import job_flow
from flows.parameters import Source, StorePath
from tasks.documents.clauses import Clause
from tasks.documents.findings import LintFault
from tasks.documents.package import MAX_FILE_BYTES
from tasks.documents.steps import TagsRequest, extract_tags
from tasks.fetching.steps import fetch_file, file_request
from tasks.jobs.document import JobDocument
from tasks.jobs.step import run_step
from tasks.jobs.summary import entry, place
from tasks.jobs.tracker import current_job


class TagsResult(BaseModel):
    """What a caller learns of a contract model."""

    tags: int
    """Sound ones."""
    faults: int
    first_faults: tuple[LintFault, ...]
    """The first ten; all are in the file."""
    file: str
    """Store key of all tags and faults, as JSON."""
    url: str
    report: str
    """Store key of the page for who edits the model."""
    report_url: str
    warnings: tuple[str, ...]


class TagsOutcome(BaseModel):
    """The fields that the tags of a model add to the job document."""

    path: str
    """Folder of the media store that the result lies in."""
    result: TagsResult


class _Found(BaseModel):
    """What is printed of a result."""

    tags: int
    faults: int
    first_faults: list[LintFault]
    report_url: str


def tags_summary(document: JobDocument) -> Iterator[str]:
    """How many there are, and what is wrong."""
    if document.result is None:
        return
    found = _Found.model_validate(document.result)
    yield entry("tags", found.tags)
    for fault in found.first_faults:
        yield entry("fault", f"{fault.mensagem} {fault.correcao}".strip())
    if found.faults > len(found.first_faults):
        yield entry("", f"and {found.faults - len(found.first_faults)} more")
    yield entry("report", place(found.report_url))


@job_flow(
    operation="extract-contract-tags",
    stages=("download", "extraction"),
    time_limit=5,
    summary=tags_summary,
)
async def extract_contract_tags(
    arquivo_com_tags: Source,
    clausulas: Annotated[list[Clause], Field(max_length=5000)] = [],  # noqa: B006
    path: StorePath | None = None,
) -> TagsOutcome:
    """Find the tags of a contract model, link them to clauses, and report what is wrong with those that do not pair.

    Args:
        arquivo_com_tags: Address of the Word document (.docx), or its key in the media store.
        clausulas: Clauses to link, each with numero, nome, conteudo and, as you wish, an id.
        path: Folder of the media store for the result; empty for one of the job's own.
    """
    job = current_job()
    store = media_store(get_settings())
    folder = result_folder(path, job.document.job_id)

    with job.stage("download"):
        document = await run_step(fetch_file, await file_request(arquivo_com_tags, MAX_FILE_BYTES))

    with job.stage("extraction"):
        found = await run_step(
            extract_tags,
            TagsRequest(
                document_key=document.key,
                document_sha256=document.sha256,
                name=PurePosixPath(document.source).name,
                clauses=tuple(clausulas),
            ),
        )
        file, report = f"{folder}/tags.json", f"{folder}/tags.html"
        await asyncio.to_thread(store.copy_file, found.key, file)
        await asyncio.to_thread(store.copy_file, found.report, report)

    return TagsOutcome(
        path=folder,
        result=TagsResult(
            tags=found.tags,
            faults=found.faults,
            first_faults=found.first_faults,
            file=file,
            url=store.url(file),
            report=report,
            report_url=store.url(report),
            warnings=found.warnings,
        ),
    )
