"""The life of a job as a Prefect flow run: stages, artifacts, the end in every way, webhook; and the form of its steps.

A pipeline's author decorates the flow with `job_flow`, opens the stages of `current_job()` and runs steps with
`run_step`. Everything else that callers see of a job is made here.
"""

import asyncio
import base64
import functools
import inspect
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol, TypeVar, cast
from uuid import UUID

import httpx
from prefect import Flow, State, Task, flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE, CacheKeyFnPolicy
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import FlowRun, TaskRun
from prefect.context import FlowRunContext
from prefect.exceptions import PrefectException, TerminationSignal
from prefect.states import Failed
from prefect.tasks import exponential_backoff
from pydantic import BaseModel

from blocks.media_store import MediaStore
from blocks.settings import get_settings
from tasks.errors import ContrapontoError, StageTimeoutError
from tasks.jobs.background import beside
from tasks.jobs.correlation import LABEL, correlated, correlation_id
from tasks.jobs.document import JobDocument, JobStatus
from tasks.jobs.locks import work_lock
from tasks.jobs.prefect_internals import install_sigterm_handler, keep_results_in
from tasks.jobs.requests import StepRequest
from tasks.jobs.retries import RETRIES, is_transient
from tasks.jobs.termination import ended_by, unless_heard
from tasks.jobs.tracker import JobTracker, StageTracker
from tasks.recovery.reconciliation import RESULT_ARTIFACT, record_end, starts_again
from tasks.webhooks.notify import announce

install_sigterm_handler(unless_heard)

_PUBLISH_SECONDS = 0.5
_current: ContextVar[JobTracker] = ContextVar("current_job")


def current_job() -> JobTracker:
    """The job whose flow is running."""
    return _current.get()


# --- Jobs ---------------------------------------------------------------------------------------------------


TimeLimit = Literal[
    "job_timeout_minutes", "img2vid_timeout_minutes", "caption_timeout_minutes", "addaudio_timeout_minutes"
]
"""The setting that says how long a job may take."""


def job_flow(
    *,
    operation: str,
    stages: Sequence[str],
    document: type[JobDocument] = JobDocument,
    time_limit: TimeLimit | None = "job_timeout_minutes",
) -> Callable[[Callable[..., Awaitable[BaseModel]]], Flow[..., Any]]:
    """Makes a flow of a function that does a job and returns its outcome (`result` and the operation's own fields).

    The flow returns the job document. Whatever ends it, the `result` artifact says so: an error of the product fails
    the run with its one sentence, anything unforeseen with a traceback in the log. The parameters `webhook_url`,
    `id_roteiro` and `metadata`, where the function has them, do what their names say. Jobs end after the time that the
    setting `time_limit` gives; those without are made of jobs that do.
    """

    def decorate(work: Callable[..., Awaitable[BaseModel]]) -> Flow[..., Any]:
        @functools.wraps(work)
        async def run(*args: Any, **kwargs: Any) -> JobDocument | State[Any]:
            parameters = inspect.signature(work).bind(*args, **kwargs)
            parameters.apply_defaults()
            asked = parameters.arguments
            tracker = JobTracker(_first_document(document, operation, asked), stages)
            failure: ContrapontoError | None = None
            # Of a shard it is that of its job.
            identifier = asked.get("correlation_id") or asked.get("id_roteiro") or tracker.document.job_id
            with ended_by(signal.SIGTERM, TerminationSignal(signal.SIGTERM)), correlated(str(identifier)):
                async with _published(tracker):
                    failure = await _do(work(*args, **kwargs), tracker, time_limit)
                ended = tracker.document
                if webhook_url := asked.get("webhook_url"):
                    await announce(ended, str(webhook_url))
            if failure is None:
                return ended
            # A state instead of an exception: its message is then the sentence, without a traceback around it.
            name = "TimedOut" if isinstance(failure, StageTimeoutError) else "Failed"
            return Failed(message=str(failure), name=name, data=failure)

        as_flow = flow(name=operation, on_cancellation=[_record_end], on_crashed=[_record_end])
        return as_flow(run)

    return decorate


def _first_document(form: type[JobDocument], operation: str, asked: dict[str, Any]) -> JobDocument:
    context = FlowRunContext.get()
    flow_run = context.flow_run if context else None
    assert flow_run is not None, "a job runs as a flow"  # noqa: S101
    now = datetime.now(UTC)
    return form(
        job_id=str(flow_run.id),
        operation=operation,
        status=JobStatus.PROCESSING,
        created_at=flow_run.created or now,
        updated_at=now,
        id_roteiro=asked.get("id_roteiro"),
        metadata=asked.get("metadata"),
    )


async def _do(
    work: Awaitable[BaseModel], tracker: JobTracker, time_limit: TimeLimit | None
) -> ContrapontoError | None:
    """Does the job; the document holds how it ended."""
    logger = get_run_logger()
    minutes: float | None = getattr(get_settings(), time_limit) if time_limit else None
    token = _current.set(tracker)
    try:
        async with asyncio.timeout(minutes * 60 if minutes else None) as limit:
            outcome = await work
    except ContrapontoError as error:
        # The sentence is for everyone, the traceback for those who look for it.
        logger.error("%s", error)  # noqa: TRY400
        logger.debug("Raised here:", exc_info=True)
        tracker.fail(str(error), error.code)
        return error
    except TimeoutError:
        if not limit.expired():
            raise
        late = StageTimeoutError(
            f"The job took longer than {minutes:g} minutes.",
            hint=f"Send less or shorter material, or raise CONTRAPONTO_{(time_limit or '').upper()}.",
        )
        tracker.fail(str(late), late.code)
        return late
    except Exception as error:
        # The boundary of the job: whatever it is, the caller's document must say that it ended.
        tracker.fail(
            f"An unexpected error ended the job ({type(error).__name__}). The run's log has the details.",
            "internal",
        )
        raise
    finally:
        _current.reset(token)
    tracker.complete(outcome)
    return None


@asynccontextmanager
async def _published(tracker: JobTracker) -> AsyncIterator[None]:
    """Keeps the job's artifacts current within the block, and right at its end."""
    async with get_client() as client:
        artifacts = _JobArtifacts(client, tracker)
        await artifacts.create()
        await client.update_flow_run_labels(UUID(tracker.document.job_id), {LABEL: correlation_id() or ""})
        try:
            async with beside(artifacts.keep_current()):
                yield
        finally:
            await artifacts.publish()


class _JobArtifacts:
    """The `result` artifact and one progress bar for each stage."""

    def __init__(self, client: PrefectClient, tracker: JobTracker) -> None:
        self._client = client
        self._tracker = tracker
        self._ids: dict[str, UUID] = {}
        self._shown: dict[str, float] = {}
        self._revision = -1

    async def create(self) -> None:
        document = self._tracker.document
        run = UUID(document.job_id)
        # A job that was started again goes on with the artifacts that it has.
        found = await self._client.read_artifacts(
            artifact_filter=ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]))
        )
        self._ids = {str(artifact.key): artifact.id for artifact in found}
        # The UI leaves artifacts of the type "result" out of a run's page.
        self._ids[RESULT_ARTIFACT] = await self._new(
            run, RESULT_ARTIFACT, "json", document.model_dump(mode="json"), "The job document"
        )
        for name in document.stages:
            self._ids[name] = await self._new(
                run, f"progress-{name}", "progress", 0.0, f"How far the {name} is"
            )

    async def _new(self, run: UUID, key: str, kind: str, data: Any, description: str) -> UUID:
        if known := self._ids.get(key):
            await self._client.update_artifact(known, ArtifactUpdate(data=data))
            return known
        request = ArtifactCreate(key=key, type=kind, data=data, description=description, flow_run_id=run)
        return (await self._client.create_artifact(request)).id

    async def keep_current(self) -> None:
        while True:
            await asyncio.sleep(_PUBLISH_SECONDS)
            await self.publish()

    async def publish(self) -> None:
        """Writes what has changed. A server that does not answer now is told the next time."""
        revision, document = self._tracker.revision, self._tracker.document
        if revision == self._revision:
            return
        try:
            for name, stage in document.stages.items():
                if self._shown.get(name) != stage.progress:
                    await self._client.update_artifact(self._ids[name], ArtifactUpdate(data=stage.progress))
                    self._shown[name] = stage.progress
            data = document.model_dump(mode="json")
            await self._client.update_artifact(self._ids[RESULT_ARTIFACT], ArtifactUpdate(data=data))
            self._revision = revision
        except (httpx.HTTPError, PrefectException) as error:
            get_run_logger().warning("The job's progress could not be written: %s", error)


async def _record_end(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001 - Prefect's names
    """Writes the end of a job whose process could not: cancelled or crashed. Runs in the worker."""
    # The reconciliation starts a lost run again; only that has the overview.
    if not starts_again(flow_run, state):
        async with get_client() as client:
            await record_end(client, flow_run, state)


async def write_markdown(key: str, text: str, description: str) -> None:
    """An artifact of the current job that the UI shows as a page."""
    await _write_artifact(key, "markdown", text, description)


async def write_table(key: str, rows: Iterable[dict[str, Any]], description: str) -> None:
    """An artifact of the current job that the UI shows as a table."""
    await _write_artifact(key, "table", list(rows), description)


async def write_image(key: str, jpeg: bytes, description: str) -> None:
    """An artifact of the current job that the UI shows as a picture. It travels within the artifact: keep it small."""
    # Stores of one machine have no address that a browser could fetch.
    await _write_artifact(
        key, "image", f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}", description
    )


async def _write_artifact(key: str, kind: str, data: Any, description: str) -> None:
    run = UUID(current_job().document.job_id)
    async with get_client() as client:
        await client.create_artifact(
            ArtifactCreate(key=key, type=kind, data=data, description=description, flow_run_id=run)
        )


# --- Steps --------------------------------------------------------------------------------------------------


class StepResult(Protocol):
    """What a step returns: names of files in the media store, and facts."""

    def store_keys(self) -> Iterable[str]:
        """The files that must still be there for the result to be used again."""


Request = TypeVar("Request", bound=StepRequest)
Result = TypeVar("Result", bound=StepResult)

_stage: ContextVar[StageTracker] = ContextVar("current_stage")


def current_stage() -> StageTracker:
    """The stage that the running step belongs to."""
    return _stage.get()


def _request_key(_context: object, parameters: dict[str, Any]) -> str | None:
    return cast(StepRequest, parameters["request"]).cache_key()


async def _worth_another_try(_task: object, _run: TaskRun, state: State[Any]) -> bool:
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, BaseException) and is_transient(error)


Work = Callable[[Request], Coroutine[Any, Any, Result]]
Step = Task[[Request], Coroutine[Any, Any, Result]]


def step(name: str) -> Callable[[Work[Request, Result]], Step[Request, Result]]:
    """A Prefect task for one piece of work: cached by its request, tried again after transient errors only."""
    settings = get_settings()
    lifetime = timedelta(hours=settings.cache_ttl_hours)

    def decorate(work: Work[Request, Result]) -> Step[Request, Result]:
        as_task = task(
            name=name,
            cache_policy=CacheKeyFnPolicy(cache_key_fn=_request_key) if lifetime else NO_CACHE,
            cache_expiration=lifetime or None,
            persist_result=bool(lifetime),
            retries=RETRIES,
            retry_delay_seconds=exponential_backoff(settings.retry_backoff_base_seconds),
            retry_jitter_factor=0.5,
            retry_condition_fn=_worth_another_try,
        )
        return as_task(work)

    return decorate


async def run_step(
    step: Step[Request, Result],
    request: Request,
    stage: StageTracker,
    store: MediaStore,
    result: type[Result],
) -> Result:
    """The step's result: from the cache if its files are still in the store, else by doing the work.

    Of several jobs that need the same work at the same moment one does it; the others wait for its result.
    """
    settings = get_settings()
    token = _stage.set(stage)
    try:
        key = request.cache_key()
        if key is None:
            return await _result_of(await _run(step, request, store), result)
        async with work_lock(key, settings.home, settings.redis_url):
            state = await _run(step, request, store)
            found = await _result_of(state, result)
            if state.name == "Cached":
                if await asyncio.to_thread(lambda: all(store.exists(file) for file in found.store_keys())):
                    stage.found_in_cache()
                    return found
                found = await _result_of(await _run(step, request, store, anew=True), result)
            return found
    finally:
        _stage.reset(token)


async def _run(
    step: Step[Request, Result], request: Request, store: MediaStore, *, anew: bool = False
) -> State[Any]:
    stored = step.with_options(refresh_cache=anew)
    # Results lie beside the files that they name, so that every machine with this store finds both.
    keep_results_in(stored, store)
    # Prefect's annotations know `return_state` only for tasks that are not awaited.
    return await cast(Any, stored)(request, return_state=True)  # type: ignore[no-any-return]


async def _result_of(state: State[Any], form: type[Result]) -> Result:
    found = await state.aresult()
    assert isinstance(found, form), f"the step returned {type(found).__name__}"  # noqa: S101
    return found
