"""The artifacts of a job on the Prefect server: its document, its progress bars, and what people look at."""

import asyncio
import base64
import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact
from prefect.client.schemas.sorting import ArtifactSort
from prefect.exceptions import PrefectException, PrefectHTTPStatusError

from tasks.errors import EngineError
from tasks.jobs.document import JobDocument
from tasks.jobs.markdown import Markdown, cell
from tasks.jobs.page import job_page
from tasks.jobs.tracker import JobTracker, current_job

RESULT_ARTIFACT = "result"
"""Key of the artifact that holds the job document."""
SUMMARY_ARTIFACT = "summary"
"""Key of the page that shows the document to people."""

NEWEST_FIRST = ArtifactSort.UPDATED_DESC

_PUBLISH_SECONDS = 0.5
_MOVES_SECONDS = 2.0
"""Between two writes of what only moves bars: several requests each time, and events, of each job that runs."""
_END_WAITS = (0.0, 0.5, 2.0)
"""Seconds before each try to write the end of a job. A server in trouble may say the same as one that refuses."""
_REFUSALS = (
    httpx.codes.BAD_REQUEST,
    httpx.codes.CONFLICT,
    httpx.codes.REQUEST_ENTITY_TOO_LARGE,
    httpx.codes.UNPROCESSABLE_ENTITY,
)


def is_refused(error: Exception | None) -> bool:
    """Whether it is what was to be written that the server does not want, and not this client or this moment."""
    return isinstance(error, PrefectHTTPStatusError) and error.response.status_code in _REFUSALS


def of_job(job: UUID, key: str = RESULT_ARTIFACT) -> ArtifactFilter:
    """Finds the artifact that holds the document of a job, or another one by its key."""
    return ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[job]), key=ArtifactFilterKey(any_=[key]))


def document_in(artifact: Artifact) -> JobDocument:
    """The document that the artifact holds."""
    data = artifact.data
    # Prefect stores an artifact's text as JSON: a document that was text to begin with comes back quoted.
    while isinstance(data, str):
        data = json.loads(data)
    return JobDocument.model_validate(data)


async def find_artifact(client: PrefectClient, job: UUID) -> Artifact | None:
    """Where the document of a job is kept; None if it has not begun."""
    found = await client.read_artifacts(artifact_filter=of_job(job), sort=NEWEST_FIRST, limit=1)
    return found[0] if found else None


async def read_document(client: PrefectClient, job: UUID) -> JobDocument | None:
    """The document of a job; None if it has not begun."""
    found = await find_artifact(client, job)
    return document_in(found) if found else None


async def write_document(client: PrefectClient, document: JobDocument, known: UUID | None) -> UUID:
    """Write a document over that of an artifact, or into a new one; the artifact's id."""
    data = document.model_dump(mode="json")
    # Programs read it. The UI leaves artifacts of this type out of a run's page, where people find the summary.
    description = "The job document, for programs; people read the artifact *summary* of the run."
    return await _write(client, known, UUID(document.job_id), RESULT_ARTIFACT, "result", data, description)


async def write_summary(client: PrefectClient, document: JobDocument) -> None:
    """Write the page of a document over that of the job, or a new one."""
    run = UUID(document.job_id)
    found = await client.read_artifacts(
        artifact_filter=of_job(run, SUMMARY_ARTIFACT), sort=NEWEST_FIRST, limit=1
    )
    await _write_summary(client, found[0].id if found else None, run, job_page(document))


async def _write_summary(client: PrefectClient, known: UUID | None, run: UUID, shown: Markdown) -> UUID:
    return await _write(client, known, run, SUMMARY_ARTIFACT, "markdown", shown, "What became of the job")


async def _write(
    client: PrefectClient, known: UUID | None, run: UUID, key: str, kind: str, data: Any, description: str
) -> UUID:
    if known:
        await client.update_artifact(known, ArtifactUpdate(data=data))
        return known
    request = ArtifactCreate(key=key, type=kind, data=data, description=description, flow_run_id=run)
    return (await client.create_artifact(request)).id


def _logger() -> "logging.LoggerAdapter[logging.Logger] | logging.Logger":
    # Whoever only reads documents does not pay for the rest of Prefect.
    from prefect import get_run_logger  # noqa: PLC0415

    return get_run_logger()


class JobArtifacts:
    """The document of a running job, its page, one progress bar for each of its stages, and the name of its run.

    `name` makes a name of the title of what the job works on; without it the run keeps the one that it has.
    """

    def __init__(
        self, client: PrefectClient, tracker: JobTracker, name: Callable[[str | None], str] | None = None
    ) -> None:
        self._client = client
        self._tracker = tracker
        self._name = name
        self._named: str | None = None
        self._ids: dict[str, UUID] = {}
        self._shown: dict[str, tuple[float, str | None]] = {}
        self._page = Markdown()
        self._revision = -1
        self._kept = -1
        """The revision of the document that the server has."""
        self._writing: asyncio.Future[None] | None = None
        self._failed: Exception | None = None
        self.refused: EngineError | None = None
        """Why the end of the job is not what it did: nobody can be told that."""

    async def create(self) -> None:
        """Make them; a job that was restarted goes on with those that it has."""
        document = self._tracker.document
        run = UUID(document.job_id)
        found = await self._client.read_artifacts(
            artifact_filter=ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]))
        )
        self._ids = {str(artifact.key): artifact.id for artifact in found}
        self._ids[RESULT_ARTIFACT] = await write_document(
            self._client, document, self._ids.get(RESULT_ARTIFACT)
        )
        self._page = job_page(document)
        self._ids[SUMMARY_ARTIFACT] = await _write_summary(
            self._client, self._ids.get(SUMMARY_ARTIFACT), run, self._page
        )
        await self._name_run()
        for name in document.stages:
            # Keys of artifacts have no underscores.
            key = f"progress-{name.replace('_', '-')}"
            self._ids[name] = await _write(
                self._client, self._ids.get(key), run, key, "progress", 0.0, f"How far the {name} is"
            )

    async def keep_current(self) -> None:
        """Write every change soon, until cancelled; how far the job is, only now and then."""
        written, news = -_MOVES_SECONDS, -1
        while True:
            await asyncio.sleep(_PUBLISH_SECONDS)
            self._tracker.advance()
            now, before = time.monotonic(), news
            news = self._tracker.revision - self._tracker.moves
            if news == before and now < written + _MOVES_SECONDS:
                continue
            written = now
            # Whoever ends this lets it be: a request that is given up may be answered after those that come later.
            self._writing = asyncio.ensure_future(self.publish())
            await asyncio.shield(self._writing)

    async def publish(self) -> None:
        """Write what has changed. What a server does not take now is written the next time."""
        revision = self._tracker.revision
        if revision == self._revision:
            return
        document = self._tracker.document
        try:
            for name, stage in document.stages.items():
                if self._shown.get(name) != (bar := (stage.progress, stage.message)):
                    said = {"description": stage.message} if stage.message else {}
                    await self._client.update_artifact(
                        self._ids[name], ArtifactUpdate(data=stage.progress, **said)
                    )
                    self._shown[name] = bar
            await write_document(self._client, document, self._ids[RESULT_ARTIFACT])
            self._kept = revision
            await self._name_run()
            if (shown := job_page(document)) != self._page:
                summary = self._ids[SUMMARY_ARTIFACT]
                await _write_summary(self._client, summary, UUID(document.job_id), shown)
                self._page = shown
            self._revision = revision
        except (httpx.HTTPError, PrefectException, ValueError) as error:
            _logger().warning("The job's progress could not be written: %s", error)
            self._failed = error

    async def publish_end(self) -> None:
        """Write the end. Where the server takes another document but not this one, that is the end, and it says so."""
        if self._writing is not None:
            await asyncio.wait({self._writing})
        for wait in _END_WAITS:
            await asyncio.sleep(wait)
            await self.publish()
            if self._kept == self._tracker.revision or not _may_be_refused(self._failed):
                return
        refused = EngineError(
            f"The job's document cannot be kept: {_first_line(self._failed)}.",
            hint="What the job was sent, or has made, is too long or too deep. Its files are in the media store.",
        )
        least = self._tracker.least_document(str(refused), refused.code)
        try:
            await write_document(self._client, least, self._ids[RESULT_ARTIFACT])
        except (httpx.HTTPError, PrefectException) as error:
            _logger().warning("The end of the job could not be written: %s", error)
            return
        self._tracker.document = least
        self.refused = refused

    async def _name_run(self) -> None:
        if self._name is None or (name := self._name(self._tracker.title)) == self._named:
            return
        await self._client.set_flow_run_name(UUID(self._tracker.document.job_id), name)
        self._named = name


def _may_be_refused(error: Exception | None) -> bool:
    """Whether the server, or JSON, may take another document: databases fail at texts that they cannot hold."""
    return (
        is_refused(error)
        or isinstance(error, ValueError)
        or (
            isinstance(error, PrefectHTTPStatusError)
            and error.response.status_code == httpx.codes.INTERNAL_SERVER_ERROR
        )
    )


def _first_line(error: Exception | None) -> str:
    if isinstance(error, PrefectHTTPStatusError):
        return f"the server answered {error.response.status_code}"
    return str(error).partition("\n")[0].rstrip(".")


async def write_markdown(key: str, page: Markdown, description: str) -> None:
    """An artifact of the current job that the UI shows as a page."""
    await _write_artifact(key, "markdown", page, description)


async def write_table(key: str, rows: Iterable[Mapping[str, object]], description: str) -> None:
    """An artifact of the current job that the UI shows as a table.

    Texts are shown as the characters that they are made of; what is to be a link is `Markdown`.
    """
    # The UI takes every text in a table for Markdown.
    shown = [{name: _in_table(value) for name, value in row.items()} for row in rows]
    await _write_artifact(key, "table", shown, description)


def _in_table(value: object) -> str | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return cell(value)


async def write_image(key: str, jpeg: bytes, description: str) -> None:
    """An artifact of the current job that the UI shows as a picture. It travels within the artifact: keep it small."""
    # Stores of one machine have no address that a browser could fetch.
    await _write_artifact(
        key, "image", f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}", description
    )


async def _write_artifact(key: str, kind: str, data: Any, description: str) -> None:
    async with get_client() as client:
        await _write(client, None, UUID(current_job().document.job_id), key, kind, data, description)
