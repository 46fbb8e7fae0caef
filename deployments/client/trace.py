"""The whole story of a correlation id, in the order of time: messages, runs, stages, deliveries, dead letters, log."""

import contextlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterIdempotencyKey,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterTags,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort, LogSort
from prefect.exceptions import ObjectNotFound
from pydantic import BaseModel, ConfigDict

from blocks.message_bus import DeadLetter, Entry, Fact
from deployments.client.dead_letters import delivery_deployment, endpoint_of
from deployments.client.read import read_job
from tasks.errors import SourceNotFoundError
from tasks.foreign_text import one_line
from tasks.jobs.document import JobDocument, JobStatus
from tasks.jobs.status import status_of
from tasks.messages.envelope import Envelope
from tasks.recovery.runs import PAGE, read_page_sync
from tasks.recovery.survival import Survivors
from tasks.webhooks.message import message_id

_MOST_RUNS = 1000
_MOST_LINES = 10_000
_LONGEST = 300
_ENDED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)


class Kind(StrEnum):
    """What has happened."""

    MESSAGE = "message"
    RUN = "run"
    STAGE = "stage"
    DELIVERY = "delivery"
    DEAD_LETTER = "dead letter"
    LOG = "log"


class TraceEvent(BaseModel):
    """One thing that has happened."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    kind: Kind
    subject: str
    """To what: the stream of a message, the operation of a run, the endpoint of a delivery."""
    what: str
    """In a word or two: a state, a kind of message, a level."""
    detail: str = ""
    seconds: float | None = None
    """How long it took, of what has ended."""
    run: UUID | None = None


class TracedRun(BaseModel):
    """A run that belongs to it."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    operation: str
    status: JobStatus
    parent: UUID | None = None


class Trace(BaseModel):
    """All that is known of a correlation id."""

    model_config = ConfigDict(frozen=True)

    correlation_id: str
    began_at: datetime
    ended_at: datetime
    """When the last thing has happened."""
    runs: tuple[TracedRun, ...]
    events: tuple[TraceEvent, ...]
    missing: tuple[str, ...] = ()
    """What could not be asked, in sentences."""


def trace(
    client: SyncPrefectClient | None,
    correlation_id: str,
    story: Sequence[Entry],
    letters: Iterable[DeadLetter],
    *,
    logs: bool = False,
    missing: Sequence[str] = (),
) -> Trace:
    """The story of a correlation id, or of the job whose id it is.

    Args:
        client: Of the server with the runs; None if it cannot be asked.
        correlation_id: What belongs together.
        story: What the bus knows of it.
        letters: Dead letters of the bus; those of others are left out.
        logs: Whether the lines of the log are wanted.
        missing: What could not be asked.

    Raises:
        SourceNotFoundError: nothing is known of it.
    """
    survivors = Survivors()
    events = [*_messages(story)]
    events += [_dead(letter) for letter in letters if letter.correlation_id == correlation_id]
    runs: list[TracedRun] = []
    if client is not None:
        runs, of_runs = _told_by(client, correlation_id, survivors, logs=logs)
        events += of_runs
    if not events:
        raise SourceNotFoundError(
            f'Nothing is known of "{correlation_id}".',
            hint="It is the correlation_id of the messages, an id_roteiro or the id of a job. Messages are kept for "
            "CONTRAPONTO_MESSAGE_RETENTION_HOURS, jobs until `contraponto cleanup`.",
        )
    events.sort(key=lambda event: event.at)  # stable: what a source has put in order stays so
    return Trace(
        correlation_id=correlation_id,
        began_at=events[0].at,
        ended_at=events[-1].at,
        runs=tuple(runs),
        events=tuple(events),
        missing=(*missing, *survivors.left),
    )


# Messages


def _messages(story: Sequence[Entry]) -> Iterator[TraceEvent]:
    for entry in story:
        if entry.fact is Fact.DEAD:
            continue  # it is a dead letter, or was one
        yield TraceEvent(
            at=entry.at,
            kind=Kind.MESSAGE,
            subject=entry.stream,
            what=str(entry.envelope.tipo_evento) if entry.envelope else str(entry.fact),
            detail=one_line(_said(entry.envelope) if entry.envelope else entry.note, _LONGEST),
        )


def _said(envelope: Envelope) -> str:
    """Of whom a message is, and how that went."""
    payload = envelope.payload
    name = payload.get("escavador") or payload.get("executador") or payload.get("operation") or ""
    return " ".join(str(part) for part in (name, payload.get("status"), payload.get("erro")) if part)


def _dead(letter: DeadLetter) -> TraceEvent:
    return TraceEvent(
        at=letter.at,
        kind=Kind.DEAD_LETTER,
        subject=letter.stream,
        what=f"after {letter.attempts} attempts" if letter.attempts > 1 else "refused",
        detail=one_line(f"{letter.id}: {letter.reason}", _LONGEST),
    )


# Runs


def _told_by(
    client: SyncPrefectClient, correlation_id: str, survivors: Survivors, *, logs: bool
) -> tuple[list[TracedRun], list[TraceEvent]]:
    """What the server knows: the runs, and what has happened to them and to the messages about their ends."""
    documents: dict[UUID, JobDocument] = {}
    for run in (found := _runs(client, correlation_id)):
        with survivors.each(f"The run {run.id}"):
            documents[run.id] = read_job(client, run.id)
    runs = [run for run in found if run.id in documents]
    deliveries = _deliveries(client, documents.values())
    events: list[TraceEvent] = []
    for run in runs:
        events += [*_states(client, run, documents[run.id]), *_stages(run, documents[run.id])]
    for delivery in deliveries:
        events += _attempts(client, delivery)
    if logs:
        names = {run.id: documents[run.id].operation for run in runs}
        events += _lines(client, names | {delivery.id: "delivery" for delivery in deliveries})
    parents = _parents(client, runs)
    return [
        TracedRun(
            id=run.id,
            operation=documents[run.id].operation,
            status=documents[run.id].status,
            parent=parents.get(run.id),
        )
        for run in runs
    ], events


def _runs(client: SyncPrefectClient, correlation_id: str) -> list[FlowRun]:
    """Those that have it, and all that they have started, the oldest first."""
    wanted = [FlowRunFilter(tags=FlowRunFilterTags(all_=[correlation_id]))]
    with contextlib.suppress(ValueError):
        wanted.append(FlowRunFilter(id=FlowRunFilterId(any_=[UUID(correlation_id)])))
    found: dict[UUID, FlowRun] = {}
    new = [run for each in wanted for run in _all(client, each)]
    while new and len(found) < _MOST_RUNS:
        found |= {run.id: run for run in new}
        parents = FlowRunFilterParentFlowRunId(any_=[run.id for run in new])
        new = [run for run in _all(client, FlowRunFilter(parent_flow_run_id=parents)) if run.id not in found]
    delivery = delivery_deployment(client)
    runs = [run for run in found.values() if delivery is None or run.deployment_id != delivery]
    return sorted(runs, key=lambda run: run.created or datetime.now(UTC))


def _all(client: SyncPrefectClient, wanted: FlowRunFilter) -> Iterator[FlowRun]:
    for offset in itertools.count(0, PAGE):
        page = read_page_sync(
            client, flow_run_filter=wanted, sort=FlowRunSort.ID_DESC, limit=PAGE, offset=offset
        )
        yield from page.runs
        if page.count < PAGE or offset >= _MOST_RUNS:
            return


def _parents(client: SyncPrefectClient, runs: Sequence[FlowRun]) -> Mapping[UUID, UUID]:
    """The run that has started a run, of those that one has."""
    found: dict[UUID, UUID] = {}
    for run in runs:
        if run.parent_task_run_id is not None:
            with contextlib.suppress(ObjectNotFound):
                parent = client.read_task_run(run.parent_task_run_id).flow_run_id
                found |= {run.id: parent} if parent else {}
    return found


def _states(client: SyncPrefectClient, run: FlowRun, document: JobDocument) -> Iterator[TraceEvent]:
    for state in client.read_flow_run_states(run.id):
        status = status_of(state.type)
        seconds = None
        if status in _ENDED and run.start_time is not None:
            seconds = round((state.timestamp - run.start_time).total_seconds(), 3)
        # A sentence of the product says more than that of a state.
        reason = document.error if state.type is StateType.FAILED and document.error else state.message
        yield TraceEvent(
            at=state.timestamp,
            kind=Kind.RUN,
            subject=document.operation,
            what=str(state.name or state.type.value).lower(),
            detail=one_line(f"{run.name}: {reason}" if reason else run.name, _LONGEST),
            seconds=seconds,
            run=run.id,
        )


def _stages(run: FlowRun, document: JobDocument) -> Iterator[TraceEvent]:
    for name, stage in document.stages.items():
        if stage.started_at is None:
            continue
        note = stage.error or stage.message or ("from the cache" if stage.cached else "")
        yield TraceEvent(
            at=stage.completed_at or stage.started_at,
            kind=Kind.STAGE,
            subject=f"{document.operation} / {name}",
            what=stage.status,
            detail=one_line(note, _LONGEST),
            seconds=stage.seconds,
            run=run.id,
        )


# Deliveries


def _deliveries(client: SyncPrefectClient, documents: Iterable[JobDocument]) -> list[FlowRun]:
    keys = [message_id(document.job_id, status) for document in documents for status in _ENDED]
    found: dict[UUID, FlowRun] = {}
    while keys:
        made = [
            run
            for start in range(0, len(keys), PAGE)
            for run in _all(
                client,
                FlowRunFilter(idempotency_key=FlowRunFilterIdempotencyKey(any_=keys[start : start + PAGE])),
            )
            if run.id not in found
        ]
        found |= {run.id: run for run in made}
        # Whoever redelivers makes another run.
        keys = [f"replay-{run.id}" for run in made]
    return list(found.values())


def _attempts(client: SyncPrefectClient, delivery: FlowRun) -> Iterator[TraceEvent]:
    endpoint = endpoint_of(str(delivery.parameters.get("url", "")))
    for state in client.read_flow_run_states(delivery.id):
        yield TraceEvent(
            at=state.timestamp,
            kind=Kind.DELIVERY,
            subject=endpoint,
            what=str(state.name or state.type.value).lower(),
            detail=one_line(state.message or "", _LONGEST),
            run=delivery.id,
        )


# Log


def _lines(client: SyncPrefectClient, names: Mapping[UUID, str]) -> Iterator[TraceEvent]:
    runs = list(names)
    told = 0
    for start in range(0, len(runs), PAGE):
        of_runs = LogFilter(flow_run_id=LogFilterFlowRunId(any_=runs[start : start + PAGE]))
        for offset in itertools.count(0, PAGE):
            page = client.read_logs(of_runs, limit=PAGE, offset=offset, sort=LogSort.TIMESTAMP_ASC)
            for line in page:
                yield TraceEvent(
                    at=line.timestamp,
                    kind=Kind.LOG,
                    subject=names.get(line.flow_run_id, "") if line.flow_run_id else "",
                    what=_level(line.level),
                    detail=one_line(line.message, _LONGEST),
                    run=line.flow_run_id,
                )
            told += len(page)
            if len(page) < PAGE or told >= _MOST_LINES:
                break


def _level(number: int) -> str:
    return next(
        name
        for least, name in ((40, "error"), (30, "warning"), (20, "info"), (0, "debug"))
        if number >= least
    )
