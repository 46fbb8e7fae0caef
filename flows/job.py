"""The life of a job as a Prefect flow run: document, stages, artifacts, the end in every way, webhook.

A pipeline's author decorates the flow with `job_flow`, opens the stages of `current_job()` and runs steps with
`run_step`. Everything else that callers see of a job is made here.
"""

import asyncio
import functools
import inspect
import re
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import NoneType
from typing import Any, Union, get_args

from prefect import Flow, State, flow, get_run_logger
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.events.schemas.events import Event, Resource
from prefect.exceptions import PrefectHTTPStatusError, TerminationSignal
from prefect.states import Cancelled, Failed
from pydantic import BaseModel

from blocks.settings import Settings
from flows.parameters import from_caller
from tasks.errors import CancelledError, ContrapontoError, InvalidInputError, StageTimeoutError
from tasks.jobs.artifacts import JobArtifacts, is_refused
from tasks.jobs.background import beside
from tasks.jobs.correlation import LABEL, correlated, correlation_id
from tasks.jobs.document import CORRELATION, JobDocument, JobStatus
from tasks.jobs.operations import Operation, Variants, add_operation, add_variants
from tasks.jobs.run_names import is_free, run_name
from tasks.jobs.termination import ended_by, take_cancellation, unless_heard
from tasks.jobs.time_limits import how_to_raise, minutes_of
from tasks.jobs.tracker import JobTracker, progress_of_caller
from tasks.jobs.unexpected import OPERATION_LABEL, UNEXPECTED_EVENT, UNEXPECTED_TAG, is_unexpected
from tasks.jobs.unreadable import MOST_LEVELS, is_nested_deeper
from tasks.prefect_internals import install_sigterm_handler
from tasks.recovery.backlog import SKIPPED, stand_aside
from tasks.recovery.ends import can_restart, record_end
from tasks.recovery.overrun import TIME_LIMIT
from tasks.recovery.survival import Survivors
from tasks.webhooks.notify import check_endpoint, notify

install_sigterm_handler(unless_heard)

Work = Callable[..., Awaitable[BaseModel]]
Envelope = Callable[..., None]


def job_flow(
    *,
    operation: str,
    stages: Sequence[str],
    envelope: Envelope | None = from_caller,
    needs_webhook: bool = False,
    document: type[JobDocument] = JobDocument,
    time_limit: str | float | None = "job_timeout_minutes",
    summary: Callable[[Any], Iterable[str]] | None = None,
    variants: Variants | None = None,
) -> Callable[[Work], Flow[..., Any]]:
    """Makes a flow of a function that does a job and returns its outcome (`result` and the operation's own fields).

    The flow returns the job document. Whatever ends it, the `result` artifact says so: an error of the product fails
    the run with its one sentence, anything unforeseen with a traceback in the log.

    Args:
        operation: Name of the flow and of its deployment; with `variants` of the flow alone.
        stages: Names of the stages, in their order.
        envelope: A function of `flows.parameters`, whose parameters the flow has beside those of the function.
        needs_webhook: Whether callers must name an address to be notified at.
        document: Form of the job document.
        time_limit: Minutes after which the job ends, or the setting that says how many; None: it is made of jobs that
            have a limit of their own. The setting `job_time_limits` may say otherwise of each job.
        summary: What `contraponto status` prints of a document below its stages.
        variants: For a flow that is several operations, with a deployment each.
    """
    if isinstance(time_limit, str) and time_limit not in Settings.model_fields:
        raise TypeError(f"{operation}: there is no setting {time_limit}")
    known = Operation(operation, tuple(stages), document, time_limit, summary)
    add_operation(known)
    if variants is not None:
        add_variants(variants)

    def decorate(work: Work) -> Flow[..., Any]:
        signature = _with_envelope(work, envelope, ("webhook_url",) if needs_webhook else ())

        @functools.wraps(work)
        async def run(*args: Any, **kwargs: Any) -> JobDocument | State[Any]:
            sent = signature.bind(*args, **kwargs)
            sent.apply_defaults()
            own = {name: sent.arguments[name] for name in inspect.signature(work).parameters}
            asked = variants and variants.find(str(sent.arguments.get(variants.parameter)))
            return await _run(asked or known, functools.partial(work, **own), sent.arguments)

        run.__signature__ = signature  # type: ignore[attr-defined]
        run.__doc__ = _documented(work, envelope)
        as_flow = flow(name=operation, on_cancellation=[_record_end], on_crashed=[_record_end])
        return as_flow(run)

    return decorate


def _with_envelope(work: Work, envelope: Envelope | None, needed: Collection[str]) -> inspect.Signature:
    """The parameters of both, some of the envelope without a default: Prefect makes form and schema of them."""
    own = inspect.signature(work)
    added = inspect.signature(envelope).parameters.values() if envelope else ()
    if twice := [each.name for each in added if each.name in own.parameters]:
        raise TypeError(f"job_flow adds {', '.join(twice)}: leave it out of the function's own parameters")
    return own.replace(
        parameters=[
            *own.parameters.values(),
            *(_without_default(each) if each.name in needed else each for each in added),
        ]
    )


def _without_default(parameter: inspect.Parameter) -> inspect.Parameter:
    """The parameter as callers must give it: no default, and no None among its values."""
    kinds = tuple(kind for kind in get_args(parameter.annotation) if kind is not NoneType)
    return parameter.replace(default=inspect.Parameter.empty, annotation=Union[kinds])  # noqa: UP007 - of a tuple


def _documented(work: Work, envelope: Envelope | None) -> str:
    """The text of the function, with the meaning of the parameters of the envelope."""
    # Prefect finds no meanings in a text that begins with them.
    text = inspect.getdoc(work) or f"The job {work.__name__}."
    if envelope is None:
        return text
    meanings = (inspect.getdoc(envelope) or "").partition("Args:\n")[2]
    if "\nArgs:\n" not in text:
        text = f"{text}\n\nArgs:\n"
    # Behind the function's own, which end where a line is not indented.
    return re.sub(
        r"(?<=\nArgs:\n)((?: +.*\n?)*)", lambda own: f"{own[0].rstrip()}\n{meanings}\n".lstrip("\n"), text
    )


async def _run(
    operation: Operation, work: Callable[[], Awaitable[BaseModel]], sent: Mapping[str, Any]
) -> JobDocument | State[Any]:
    context = FlowRunContext.get()
    flow_run = context.flow_run if context else None
    assert flow_run is not None, "a job runs as a flow"  # noqa: S101
    now = datetime.now(UTC)
    if flow_run.auto_scheduled:
        async with get_client() as client:
            if reason := await stand_aside(client, flow_run, now):
                return Cancelled(name=SKIPPED, message=reason)
    first = operation.document.first(
        flow_run.id,
        operation.name,
        JobStatus.PROCESSING,
        sent,
        created_at=flow_run.created or now,
        updated_at=now,
    )
    first = _in_conversation(first, flow_run)
    tracker = JobTracker(first, operation.stages, progress_of_caller())
    identifier = first.correlation_id
    webhook_url = str(sent.get("webhook_url") or "")
    with ended_by(signal.SIGTERM, TerminationSignal(signal.SIGTERM)), correlated(identifier):
        # A name that somebody gave the run stays.
        free = is_free(flow_run.name, operation.name)
        naming = functools.partial(run_name, operation.name, sent) if free else None
        if naming is not None:
            flow_run.name = naming(None)  # The runs that this one starts are named by it.
        minutes = minutes_of(operation)
        async with _published(tracker, naming, flow_run, minutes) as artifacts:
            try:
                failure = await _do(work, tracker, operation, webhook_url, sent, minutes)
            except Exception:
                await _mark_unexpected(operation, flow_run, tracker.document.error or "")
                raise
        failure = artifacts.refused or failure
        if failure is not None and is_unexpected(failure):
            await _mark_unexpected(operation, flow_run, str(failure))
        ended = tracker.document
        if webhook_url:
            await notify(ended, webhook_url)
    if failure is None:
        return ended
    if isinstance(failure, CancelledError) and ended.status is JobStatus.CANCELLED:
        return Cancelled(message=str(failure))
    # A state instead of an exception: its message is then the sentence, without a traceback around it.
    name = "TimedOut" if isinstance(failure, StageTimeoutError) else "Failed"
    return Failed(message=str(failure), name=name, data=failure)


def _in_conversation(document: JobDocument, run: FlowRun) -> JobDocument:
    """The document of a run that a message has started: its label says so also where no parameter does."""
    given = run.labels.get(LABEL)
    if not isinstance(given, str) or given in ("", document.correlation_id):
        return document
    return document.model_copy(update={CORRELATION: given})


async def _do(
    work: Callable[[], Awaitable[BaseModel]],
    tracker: JobTracker,
    operation: Operation,
    webhook_url: str,
    sent: Mapping[str, Any],
    minutes: float | None,
) -> ContrapontoError | None:
    """Does the job; the document holds how it ended."""
    logger = get_run_logger()
    late = StageTimeoutError(
        f"The job took longer than {minutes or 0:g} minutes.",
        hint=f"Send less or shorter material, or raise {how_to_raise(operation)}.",
    )
    begin = time.monotonic()
    try:
        with tracker.current():
            async with asyncio.timeout(minutes * 60 if minutes else None) as limit:
                _check_echo(sent)
                if webhook_url:
                    # What is wrong with a job is said before anything is fetched.
                    await check_endpoint(webhook_url)
                tracker.complete(await work())
    except ContrapontoError as error:
        # The sentence is for everyone, the traceback for those who look for it.
        logger.error("%s", error)  # noqa: TRY400
        logger.debug("Raised here:", exc_info=True)
        tracker.fail(str(error), error.code)
        return error
    except TimeoutError:
        if not limit.expired():
            raise
        tracker.fail(str(late), late.code)
        return late
    except asyncio.CancelledError:
        if not take_cancellation():
            raise
        if minutes and time.monotonic() - begin > minutes * 60:
            # Its own timer has not gone off; it was ended from outside.
            tracker.fail(str(late), late.code)
            return late
        cancelled = CancelledError("The job was cancelled.")
        tracker.cancel(str(cancelled), cancelled.code)
        return cancelled
    except Exception as error:
        # The boundary of the job: whatever it is, the caller's document must say that it ended.
        tracker.fail(
            f"An unexpected error ended the job ({type(error).__name__}). The run's log has the details.",
            "internal",
        )
        raise
    return None


def _check_echo(sent: Mapping[str, Any]) -> None:
    """Raises InvalidInputError for parameters that no document or message can hold."""
    for name, value in sent.items():
        if is_nested_deeper(value, MOST_LEVELS):
            raise InvalidInputError(
                f'The parameter "{name}" is nested deeper than {MOST_LEVELS} levels.',
                hint="Send it flatter, or as one text.",
            )


@asynccontextmanager
async def _published(
    tracker: JobTracker, name: Callable[[str | None], str] | None, run: FlowRun, minutes: float | None
) -> AsyncIterator[JobArtifacts]:
    """Keeps the job's artifacts, and the name of its run, current within the block, and right at its end."""
    async with get_client() as client:
        artifacts = JobArtifacts(client, tracker, name)
        await artifacts.create()
        identifier = correlation_id() or ""
        limit = {TIME_LIMIT: minutes} if minutes else {}
        await client.update_flow_run_labels(run.id, {LABEL: identifier, **limit})
        await _tag(client, run, identifier)
        try:
            async with beside(artifacts.keep_current()):
                yield artifacts
        finally:
            await artifacts.publish_end()


async def _tag(client: PrefectClient, run: FlowRun, identifier: str) -> None:
    """Runs can be found by their tags, not by their labels. Those that a run has started are found by it."""
    if run.parent_task_run_id is not None or identifier in ("", str(run.id), *run.tags):
        return
    try:
        await client.update_flow_run(run.id, tags=[*run.tags, identifier])
    except PrefectHTTPStatusError as error:
        # Not every identifier can be a tag.
        if not is_refused(error):
            raise


async def _mark_unexpected(operation: Operation, run: FlowRun, sentence: str) -> None:
    """Lists find the run by its tag, alerts by the event: the server's own events know only the tags of the start."""
    event = Event(
        event=UNEXPECTED_EVENT,
        resource=Resource(
            {
                "prefect.resource.id": f"prefect.flow-run.{run.id}",
                "prefect.resource.name": run.name,
                OPERATION_LABEL: operation.name,
            }
        ),
        payload={"message": sentence},
    )
    # The job has ended as it has, whether somebody can be alerted or not.
    with Survivors().each("The alert of a failure"):
        async with get_client() as client:
            tags = (await client.read_flow_run(run.id)).tags
            await client.update_flow_run(run.id, tags=sorted({*tags, UNEXPECTED_TAG}))
            await client.request("POST", "/events", json=[event.model_dump(mode="json")])


async def _record_end(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001 - Prefect's names
    """Writes the end of a job whose process could not: cancelled or crashed. Runs in the worker."""
    # The reconciliation restarts a lost run; only that has the overview.
    if not can_restart(flow_run, state):
        async with get_client() as client:
            await record_end(client, flow_run, state)
