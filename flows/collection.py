"""Collect and execute: collectors (escavadores) are asked by messages, then executors with what was collected."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Literal

from prefect import get_run_logger
from pydantic import Field, JsonValue

from blocks.from_settings import media_store, message_bus
from blocks.media_store import MediaStore
from blocks.message_bus import MessageBus
from blocks.settings import Settings, get_settings
from blocks.store_keys import result_folder
from flows.job import job_flow
from flows.parameters import StorePath, from_message
from tasks.collection.conversation import Conversation, Phase, PhaseName
from tasks.collection.document import (
    ConversationDocument,
    ConversationOutcome,
    ConversationResult,
    conversation_summary,
)
from tasks.collection.driver import Driver
from tasks.collection.here import HERE
from tasks.collection.shared import shared_bus
from tasks.collection.targets import Target
from tasks.errors import (
    ContrapontoError,
    EngineError,
    InvalidInputError,
    StageTimeoutError,
    TransientError,
)
from tasks.foreign_text import one_line
from tasks.jobs.artifacts import write_table
from tasks.jobs.tracker import current_job, current_stage
from tasks.messages.contents import SubstepStatus

Targets = Annotated[list[Target], Field(max_length=200)]
WaitSeconds = Annotated[float, Field(gt=0, le=604_800)]
Needed = Literal["all", "any"] | Annotated[int, Field(ge=1, le=200)]

_MOST_NAMED = 5
_LONGEST_ERROR = 800
_NEVER = datetime.min.replace(tzinfo=UTC)
_SHORT_RESULTS = 32_000
"""Bytes of JSON of the executors' answers that the job document has; longer ones are in the file alone."""


@job_flow(
    operation="collect-and-execute",
    stages=("collect", "execute", "store"),
    envelope=from_message,
    document=ConversationDocument,
    time_limit=None,
    summary=conversation_summary,
)
async def collect_and_execute(
    collectors: Targets = [],  # noqa: B006
    executors: Targets = [],  # noqa: B006
    collect_timeout_seconds: WaitSeconds = 3600,
    execute_timeout_seconds: WaitSeconds = 3600,
    answers_needed: Needed = "all",
    strict: bool = False,
    path: StorePath | None = None,
) -> ConversationOutcome:
    """Ask collectors for data by messages, then executors with what was collected, and store what became of it.

    A collector that fails or does not answer in time stops nobody: the executors are told so. The job fails when none
    of the collectors, or none of the executors, has done what it was asked for.

    Args:
        collectors: Whom to ask for data, each with name and parameters; one may be named more than once.
        executors: Who then gets all that was collected, each with name and parameters.
        collect_timeout_seconds: How long collectors are waited for, from when they were asked.
        execute_timeout_seconds: How long executors are waited for, from when they were asked.
        answers_needed: Go on when all collectors have ended, or when any or so many of them have data.
        strict: Whether the job fails when any of them fails or does not answer.
        path: Folder of the media store for the result; empty for one of the job's own.
    """
    settings, job = get_settings(), current_job()
    _check(collectors, executors, answers_needed)
    _check_times(collect_timeout_seconds + execute_timeout_seconds, settings.message_retention_hours)
    folder, store = result_folder(path, job.document.job_id), media_store(settings)
    enough = {"all": None, "any": 1}[answers_needed] if isinstance(answers_needed, str) else answers_needed
    conversation = Conversation.of(
        job.document.correlation_id,
        job.document.job_id,
        collectors,
        executors,
        collect_seconds=collect_timeout_seconds,
        execute_seconds=execute_timeout_seconds,
        enough=enough,
    )
    warnings: list[str] = []

    def tell(phase: Phase) -> None:
        job.record(conversation.progress(warnings))
        _show(phase)

    async with _answered_here(settings, conversation) as bus:
        driver = Driver(bus, store, conversation, folder, tell)
        await driver.catch_up()
        warnings += await _unheard(bus, conversation)
        try:
            with job.stage("collect", estimated=False) as stage:
                if not collectors:
                    stage.skip()
                await driver.collect()
                _check_done(conversation.collect, strict=strict)
            with job.stage("execute", estimated=False) as stage:
                if not executors:
                    stage.skip()
                await driver.execute()
                _check_done(conversation.execute, strict=strict)
        except ContrapontoError:
            if conversation.collect.done:
                # What was collected is not lost because nobody could make something of it.
                job.record(await _stored(conversation, store, folder, warnings))
            raise
        finally:
            job.record(conversation.progress(warnings))
            await write_table("conversation", _rows(conversation), "One line for each collector and executor")
    with job.stage("store"):
        return await _stored(conversation, store, folder, warnings)


def _check(collectors: list[Target], executors: list[Target], answers_needed: int | str) -> None:
    if not collectors and not executors:
        raise InvalidInputError("Nobody is asked.", hint="Name at least one of collectors or executors.")
    if isinstance(answers_needed, int) and answers_needed > len(collectors):
        raise InvalidInputError(
            f"answers_needed is {answers_needed}, but only {len(collectors)} collectors are asked.",
            hint='Use a smaller number, "any" or "all".',
        )


def _check_times(seconds: float, retention_hours: float) -> None:
    if seconds > retention_hours * 3600:
        raise InvalidInputError(
            f"The conversation may take {seconds / 3600:.1f} hours, and is forgotten after {retention_hours:g}.",
            hint="Lower collect_timeout_seconds or execute_timeout_seconds, or raise "
            "CONTRAPONTO_MESSAGE_RETENTION_HOURS.",
        )


@asynccontextmanager
async def _answered_here(settings: Settings, conversation: Conversation) -> AsyncIterator[MessageBus]:
    """The bus; where jobs have no workers, its messages are answered in this process."""
    name = f"{settings.message_bus} {settings.redis_url}"
    async with shared_bus(name, partial(message_bus, settings)) as bus:
        if (here := HERE.get()) is None:
            yield bus
            return
        for kind, phase in (("collector", conversation.collect), ("executor", conversation.execute)):
            for substep in phase.substeps:
                if substep.stream not in here.streams:
                    raise InvalidInputError(
                        f"There is no {kind} {substep.target.name} in this process.",
                        hint=f"It has {', '.join(sorted(here.streams)) or 'none'}; "
                        "those of other programs need a bus: CONTRAPONTO_MESSAGE_BUS.",
                    )
        async with here.listening(bus):
            yield bus


async def _unheard(bus: MessageBus, conversation: Conversation) -> list[str]:
    """A sentence for each stream of which an answer is awaited, and that nobody reads now: its message waits there.

    Also after a restart, when it was published long ago.
    """
    if HERE.get() is not None:
        return []
    open_ones = [
        each
        for phase in (conversation.collect, conversation.execute)
        for each in phase.substeps
        if not each.has_ended
    ]
    streams = list(dict.fromkeys(each.stream for each in open_ones))
    # All at once: on some buses each is waited for, and nobody has been asked yet.
    heard = await asyncio.gather(*(_is_heard(bus, stream) for stream in streams))
    unheard = [
        f"Nobody listened on {stream} when the job began."
        for stream, somebody in zip(streams, heard, strict=True)
        if not somebody
    ]
    for each in unheard:
        get_run_logger().warning("%s Its message waits there.", each)
    return unheard


async def _is_heard(bus: MessageBus, stream: str) -> bool:
    """Whether somebody reads a stream, as far as it can be known."""
    try:
        return any(group.consumers for group in await bus.backlog(stream))
    except TransientError:
        return True  # The bus is waited for; who reads it, nobody knows.


def _show(phase: Phase) -> None:
    """How far the phase is, and who ended last."""
    ended = phase.ended
    if ended and phase.substeps:
        last = max(ended, key=lambda each: each.completed_at or _NEVER)
        stage = current_stage()
        stage.progress(len(ended) / len(phase.substeps))
        stage.say(f"{len(ended)} of {len(phase.substeps)} · {last.name}")


def _check_done(phase: Phase, *, strict: bool) -> None:
    """Raises if none of them has done what it was asked for, or with `strict` one has not."""
    failed = [each for each in phase.substeps if each.status is not SubstepStatus.DONE]
    if not failed or (phase.done and not strict):
        return
    what = "collector" if phase.name is PhaseName.COLLECT else "executor"
    kind = (
        StageTimeoutError if all(each.status is SubstepStatus.TIMED_OUT for each in failed) else EngineError
    )
    reasons = "; ".join(f"{each.name}: {each.error}" for each in failed[:_MOST_NAMED])
    more = f"; and {len(failed) - _MOST_NAMED} more" if len(failed) > _MOST_NAMED else ""
    count = f"None of the {len(failed)}" if not phase.done else f"Not all of the {len(phase.substeps)}"
    whom = f"The {what} has not" if len(phase.substeps) == 1 else f"{count} {what}s have"
    raise kind(
        one_line(f"{whom} done what was asked for. {reasons}{more}", _LONGEST_ERROR),
        hint="The job asked for it (strict)." if phase.done else "",
    )


def _rows(conversation: Conversation) -> Iterable[dict[str, str]]:
    for kind, phase in (("collector", conversation.collect), ("executor", conversation.execute)):
        for each in phase.substeps:
            shown = each.document()
            yield {
                "kind": kind,
                "name": shown.name,
                "status": f"{shown.status}{' (late)' if shown.late else ''}",
                "started": shown.started_at.isoformat(timespec="seconds") if shown.started_at else "",
                "ended": shown.completed_at.isoformat(timespec="seconds") if shown.completed_at else "",
                "answer": shown.error or shown.file or shown.summary or "",
            }


async def _stored(
    conversation: Conversation, store: MediaStore, folder: str, warnings: list[str]
) -> ConversationOutcome:
    """All of it as one file in the store, and the fields of the document."""
    progress = conversation.progress(warnings)
    answers: dict[str, JsonValue] = {
        each.name: each.answer.dados if each.answer.arquivo is None else {"arquivo": each.answer.arquivo}
        for each in conversation.execute.done
        if each.answer is not None
    }
    whole = {
        "correlation_id": conversation.correlation_id,
        **progress.model_dump(mode="json"),
        "collected": [each.model_dump(mode="json") for each in conversation.collected()],
        "executed": [
            each.answer.model_dump(mode="json") for each in conversation.execute.substeps if each.answer
        ],
    }
    text = await asyncio.to_thread(json.dumps, whole, ensure_ascii=False, indent=1)
    file = (await asyncio.to_thread(store.put_text, text, f"{folder}/conversation.json")).key
    short = len(json.dumps(answers, ensure_ascii=False).encode()) <= _SHORT_RESULTS
    return ConversationOutcome(
        **dict(progress),
        path=folder,
        result=ConversationResult(
            file=file,
            url=store.url(file),
            collected=len(conversation.collect.done),
            executed=len(conversation.execute.done),
            results=answers if short else None,
            warnings=progress.warnings,
        ),
    )
