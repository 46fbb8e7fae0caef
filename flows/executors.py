"""The executor `relatorio`: a report of what collectors have found, as HTML, PDF, Word and JSON."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from blocks.from_settings import media_store
from blocks.settings import get_settings
from blocks.store_keys import result_folder
from flows.job import job_flow
from flows.parameters import StorePath, from_message
from tasks.errors import InvalidInputError
from tasks.jobs.correlation import correlation_id
from tasks.jobs.document import JobDocument
from tasks.jobs.step import run_step
from tasks.jobs.summary import entry, place
from tasks.jobs.tracker import current_job
from tasks.messages.plain_json import plain
from tasks.reports.making import FORMATS, Format
from tasks.reports.steps import Answer, ReportRequest, inputs_of, installed_fonts, write_report
from tasks.reports.wording import Language

Color = Annotated[
    str,
    Field(pattern=r"^#[0-9a-fA-F]{6}$", json_schema_extra={"allowed": "a colour as #0f766e"}),
]
_BRAND = "#0f766e"


class ReportResult(BaseModel):
    """What a caller gets of a report."""

    files: dict[Format, str]
    """Store keys, by the format."""
    urls: dict[Format, str]
    """Where they can be fetched."""
    pages: int | None
    """Of the PDF."""
    collectors: int
    failed: int
    """Of them those that failed, timed out, or left what cannot be read."""
    warnings: tuple[str, ...]


class ReportOutcome(BaseModel):
    """The fields that a report adds to the job document."""

    path: str
    """Folder of the media store that the files lie in."""
    result: ReportResult


def report_summary(document: JobDocument) -> Iterator[str]:
    """Where the files are."""
    if document.result is None:
        return
    result = ReportResult.model_validate(document.result)
    yield entry("collected", f"{result.collectors}, {result.failed} of them failed")
    for warning in result.warnings:
        yield entry("warning", warning)
    for kind, url in result.urls.items():
        yield entry(kind, place(url))


@job_flow(
    operation="executador-relatorio",
    stages=("report",),
    envelope=from_message,
    time_limit=10,
    summary=report_summary,
)
async def make_report(
    coletas: Annotated[list[Answer], Field(max_length=200)] = [],  # noqa: B006 - shown in the form
    title: Annotated[str, Field(max_length=300)] | None = None,
    formats: Annotated[list[Format], Field(min_length=1, max_length=4)] = list(FORMATS),  # noqa: B006
    language: Language = "pt-BR",
    introduction: Annotated[str, Field(max_length=20_000)] = "",
    date: datetime | None = None,
    color: Color = _BRAND,
    logo: StorePath | None = None,
    path: StorePath | None = None,
) -> ReportOutcome:
    """Write a report of what collectors have found: figures, tables and charts as HTML, PDF, Word and JSON.

    Args:
        coletas: What the collectors answered; the data in dados, or in a JSON file whose store key arquivo names.
        title: What stands at its head; empty for Relatório.
        formats: Which files are made.
        language: Of what the report says of its own, of dates and of numbers.
        introduction: A text before all else.
        date: The moment that the report is of; empty for the moment of the job.
        color: Of headings and charts, as #0f766e.
        logo: Key of a picture in the media store, which stands at the head.
        path: Folder of the media store for the files; empty for one of the job's own.
    """
    job = current_job()
    store = media_store(get_settings())
    folder = result_folder(path, job.document.job_id)
    answers = tuple(each.model_copy(update={"dados": plain(each.dados)}) for each in coletas)
    moment = _in_utc(date or job.document.created_at or datetime.now(UTC))
    with job.stage("report"):
        job.entitle(title or "")
        made = await run_step(
            write_report,
            ReportRequest(
                answers=answers,
                inputs=await asyncio.to_thread(inputs_of, answers, logo, store),
                formats=tuple(kind for kind in FORMATS if kind in formats),
                title=title,
                language=language,
                date=moment,
                correlation_id=correlation_id() or job.document.job_id,
                introduction=introduction,
                logo=logo,
                color=color.lower(),
                fonts=installed_fonts(),
            ),
        )
        files: dict[Format, str] = {}
        for kind, key in made.files.items():
            files[kind] = f"{folder}/report.{kind}"
            await asyncio.to_thread(store.copy_file, key, files[kind])
    return ReportOutcome(
        path=folder,
        result=ReportResult(
            files=files,
            urls={kind: store.url(key) for kind, key in files.items()},
            pages=made.pages,
            collectors=len(answers),
            failed=made.failed,
            warnings=made.warnings,
        ),
    )


def _in_utc(moment: datetime) -> datetime:
    """One without a zone is in UTC."""
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise InvalidInputError(
            f"The date {moment.isoformat()} is not between the years 1 and 9999 in UTC.",
            hint="Leave date out for the moment of the job.",
        ) from error
