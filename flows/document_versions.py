"""Contract documents: two versions compared."""

import asyncio
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import BaseModel, Field

from blocks.from_settings import media_store
from blocks.settings import get_settings
from blocks.store_keys import result_file, result_folder
from flows.job import job_flow
from flows.parameters import FileName, Source, StorePath
from tasks.documents.change import Category, Change, Reference
from tasks.documents.clauses import Clause
from tasks.documents.package import MAX_FILE_BYTES
from tasks.documents.steps import ComparisonRequest, compare_versions
from tasks.errors import ContrapontoError
from tasks.fetching.steps import FetchedFile, fetch_file, file_request
from tasks.jobs.document import JobDocument
from tasks.jobs.step import run_step
from tasks.jobs.summary import entry, place
from tasks.jobs.tracker import current_job

_AUTHOR = "Contraponto"


class ComparisonResult(BaseModel):
    """What a caller learns of two versions."""

    changes: int
    by_category: dict[Category, int]
    verified: bool
    """Whether the redline accepted is the new version, and rejected the old one."""
    first_changes: tuple[Change, ...]
    """Ten, those with other amounts, dates, percentages and deadlines first; all are in the file."""
    file: str
    """Store key of all changes, as JSON."""
    url: str
    report: str
    """Store key of the page for who reviews the contract."""
    report_url: str
    redline: str
    """Store key of the new version with native tracked changes."""
    redline_url: str
    warnings: tuple[str, ...]


class ComparisonOutcome(BaseModel):
    """The fields that a comparison adds to the job document."""

    path: str
    """Folder of the media store that the result lies in."""
    result: ComparisonResult


class _Found(BaseModel):
    """What is printed of a result."""

    changes: int
    by_category: dict[str, int]
    verified: bool
    first_changes: list[Change]
    warnings: list[str]
    report_url: str
    redline_url: str


def comparison_summary(document: JobDocument) -> Iterator[str]:
    """How much changed, and the figures that did."""
    if document.result is None:
        return
    found = _Found.model_validate(document.result)
    kinds = ", ".join(f"{count} {kind}" for kind, count in found.by_category.items())
    yield entry("changes", f"{found.changes} ({kinds})" if kinds else "0")
    yield entry("redline", "verificado" if found.verified else "não verificado")
    for change in found.first_changes:
        for each in change.destaques:
            yield entry(each.tipo, f"{each.antes or '–'} → {each.depois or '–'}")
    for warning in found.warnings:
        yield entry("warning", warning)
    yield entry("report", place(found.report_url))
    yield entry("document", place(found.redline_url))


@job_flow(
    operation="compare-contract-versions",
    stages=("download", "comparison"),
    time_limit=10,
    summary=comparison_summary,
)
async def compare_contract_versions(
    arquivo_anterior: Source,
    arquivo: Source,
    clausulas: Annotated[list[Clause], Field(max_length=5000)] = [],  # noqa: B006
    referencias: Annotated[list[Reference], Field(max_length=5000)] = [],  # noqa: B006
    retirar_marcas: bool = True,
    author: Annotated[str, Field(min_length=1, max_length=100)] = _AUTHOR,
    day: date | None = None,
    path: StorePath | None = None,
    output_filename: FileName | None = None,
) -> ComparisonOutcome:
    """Compare two versions of a contract: changes with their clauses, a report, and a document with tracked changes.

    Args:
        arquivo_anterior: Address of the older version or of the model (.docx), or its key in the media store.
        arquivo: Address of the newer version (.docx), or its key in the media store.
        clausulas: Clauses to link, each with numero, nome, conteudo and, as you wish, an id.
        referencias: What to do when a clause changes, each with clausula, orientacao_retorno and descricao.
        retirar_marcas: Take the markers of tags out of both files first, so that a tagged model is read as its text.
        author: Who the tracked changes are signed by.
        day: The day that they are signed with; empty for today.
        path: Folder of the media store for the result; empty for one of the job's own.
        output_filename: Name of the document with tracked changes; empty for redline.docx.
    """
    job = current_job()
    store = media_store(get_settings())
    folder = result_folder(path, job.document.job_id)
    redline = f"{folder}/{result_file(output_filename, 'redline', '.docx')}"

    with job.stage("download"):
        old = await _fetched(arquivo_anterior, "arquivo_anterior")
        new = await _fetched(arquivo, "arquivo")

    with job.stage("comparison"):
        found = await run_step(
            compare_versions,
            ComparisonRequest(
                old_key=old.key,
                old_sha256=old.sha256,
                old_name=PurePosixPath(old.source).name,
                new_key=new.key,
                new_sha256=new.sha256,
                new_name=PurePosixPath(new.source).name,
                clauses=tuple(clausulas),
                references=tuple(referencias),
                remove_markers=retirar_marcas,
                author=author,
                day=day or datetime.now().astimezone().date(),
            ),
        )
        file, report = f"{folder}/comparison.json", f"{folder}/comparison.html"
        for made, key in ((found.key, file), (found.report, report), (found.redline, redline)):
            await asyncio.to_thread(store.copy_file, made, key)

    return ComparisonOutcome(
        path=folder,
        result=ComparisonResult(
            changes=found.changes,
            by_category=found.by_category,
            verified=found.verified,
            first_changes=found.first_changes,
            file=file,
            url=store.url(file),
            report=report,
            report_url=store.url(report),
            redline=redline,
            redline_url=store.url(redline),
            warnings=found.warnings,
        ),
    )


async def _fetched(source: str, parameter: str) -> FetchedFile:
    try:
        return await run_step(fetch_file, await file_request(source, MAX_FILE_BYTES))
    except ContrapontoError as error:
        error.message = f"{parameter}: {error.message}"
        raise
