"""Many recordings as one job: list → transcribe each, some at a time, on one warm model."""

import asyncio
from typing import Annotated, Any, Literal

from prefect import State, get_run_logger
from pydantic import BaseModel, ConfigDict, Field

from blocks.settings import get_settings
from flows.job import job_flow
from flows.transcription import Formats, Hint, Language, Model, transcribe
from tasks.batches.items import BatchItem, list_items, read_ledger, write_ledger
from tasks.batches.ledger import Ledger
from tasks.errors import ContrapontoError, EngineError
from tasks.jobs.artifacts import write_table
from tasks.jobs.locks import work_lock
from tasks.jobs.page import UNSAID
from tasks.jobs.tracker import current_job
from tasks.recovery.survival import OF_ONE
from tasks.speech.document import TranscriptionDocument, TranscriptionResult

_SETTINGS = get_settings()

Sources = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=4096)]], Field(min_length=1, max_length=10_000)
]


class TranscriptionOptions(BaseModel):
    """How each recording is transcribed: the parameters of the flow `transcribe`."""

    model_config = ConfigDict(extra="forbid")

    language: Language = _SETTINGS.default_language
    language_out: Language | None = None
    remove_noise: bool = _SETTINGS.default_remove_noise
    convert_to_mono: bool = _SETTINGS.default_convert_mono
    apply_highpass_filter: bool = _SETTINGS.default_apply_highpass_filter
    set_sample_rate_16k: bool = _SETTINGS.default_sample_rate_16k
    isolate_vocals: bool = _SETTINGS.default_isolate_vocals
    model: Model | None = None
    word_timestamps: bool = True
    formats: Formats = ["srt", "vtt", "txt", "json"]
    initial_prompt: Hint | None = None
    hotwords: Hint | None = None


class BatchEntry(BaseModel):
    """What became of one recording."""

    source: str
    title: str
    status: Literal["completed", "failed"]
    job_id: str | None
    language: str | None = None
    duration: float | None = None
    """Seconds."""
    transcription_file: str | None = None
    error: str | None = None


class BatchResult(BaseModel):
    """What became of a batch."""

    total: int
    completed: int
    failed: int
    skipped: int
    """Recordings that earlier runs have dealt with."""
    items: tuple[BatchEntry, ...]


class BatchOutcome(BaseModel):
    """The fields that a batch adds to its job document."""

    result: BatchResult


@job_flow(operation="transcribe-batch", stages=("listing", "transcription"), time_limit=None)
async def transcribe_batch(
    sources: Sources,
    options: TranscriptionOptions = TranscriptionOptions(),  # noqa: B008 - Prefect shows the default in its form
    name: Annotated[str, Field(min_length=1, max_length=100)] = "default",
    only_new: bool = False,
    max_items: Annotated[int, Field(ge=1, le=10_000)] = 500,
    max_concurrent: Annotated[int, Field(ge=1, le=16)] = 2,
) -> BatchOutcome:
    """Transcribe a playlist, a channel, a folder, a bucket prefix or a list of recordings on one warm model.

    Args:
        sources: URLs of recordings, playlists, channels; keys, or prefixes/ of the media store; folder:PATH.
        options: How each recording is transcribed.
        name: Name of the batch. Runs of the same name share the memory of what is done.
        only_new: Leave out what earlier runs of this name have dealt with; for schedules.
        max_items: At most so many recordings.
        max_concurrent: Recordings worked on at a time. One is recognised while others are fetched.
    """
    settings = get_settings()
    # Two runs of one batch at once would do the same work twice and forget half of it.
    async with work_lock(f"batch-{name}", settings.home, settings.redis_url):
        ledger = await read_ledger(name)
        job = current_job()
        with job.stage("listing") as stage:
            found, bad = await list_items(sources, max_items, stage.progress)
            items = [item for item in found if not (only_new and ledger.knows(item.identity))]
        unlisted = [
            BatchEntry(source=source.source, title="", status="failed", job_id=None, error=str(source.error))
            for source in bad
        ]
        with job.stage("transcription") as stage:
            places = asyncio.Semaphore(max_concurrent)
            # One write after the other: the last one must be the one that knows most.
            writing = asyncio.Lock()
            ended = 0

            async def work(item: BatchItem) -> BatchEntry:
                nonlocal ended
                async with places:
                    entry = await _transcribe(item, options, ledger)
                    async with writing:
                        await write_ledger(name, ledger)
                ended += 1
                stage.progress(ended / len(items))
                return entry

            done = await asyncio.gather(*(work(item) for item in items))
    entries = [*unlisted, *done]
    result = BatchResult(
        total=len(entries),
        completed=sum(entry.status == "completed" for entry in entries),
        failed=sum(entry.status == "failed" for entry in entries),
        skipped=len(found) - len(items),
        items=tuple(entries),
    )
    await write_table("recordings", [_row(entry) for entry in entries], "One line for each recording")
    if result.failed and not result.completed:
        raise EngineError(
            f"None of the {result.failed} recordings could be transcribed. The first: {entries[0].error}",
            hint="The table of the batch names the reason for each.",
        )
    return BatchOutcome(result=result)


async def _transcribe(item: BatchItem, options: TranscriptionOptions, ledger: Ledger) -> BatchEntry:
    """One recording as a job of its own; its failure is an entry, never an exception."""
    run: Any = transcribe  # Prefect's annotations know `return_state` only for flows that are not awaited.
    try:
        state: State[Any] = await run(youtube_url=item.source, **options.model_dump(), return_state=True)
        job_id = str(state.state_details.flow_run_id)
        outcome = await state.aresult(raise_on_failure=False)
    except OF_ONE as error:
        # Not even a job that fails: the server takes no run of it, or cannot tell how it ended.
        get_run_logger().warning("%s: %s", item.title, error)
        return BatchEntry(
            source=item.shown,
            title=item.title,
            status="failed",
            job_id=None,
            error=f"The recording could not be made a job ({type(error).__name__}): {error}"[:1000],
        )
    if isinstance(outcome, TranscriptionDocument):
        ledger.record(item.identity, job_id, None)
        result = TranscriptionResult.model_validate(outcome.result)
        return BatchEntry(
            source=item.shown,
            title=item.title,
            status="completed",
            job_id=job_id,
            language=result.language,
            duration=result.duration,
            transcription_file=outcome.transcription_file,
        )
    code = outcome.code if isinstance(outcome, ContrapontoError) else "internal"
    ledger.record(item.identity, job_id, code)
    get_run_logger().warning("%s: %s", item.title, state.message)
    return BatchEntry(
        source=item.shown, title=item.title, status="failed", job_id=job_id, error=state.message or UNSAID
    )


def _row(entry: BatchEntry) -> dict[str, str]:
    return {
        "recording": entry.title or entry.source,
        "status": entry.status,
        "language": entry.language or "",
        "transcript": entry.transcription_file or "",
        "error": (entry.error or UNSAID) if entry.status == "failed" else "",
        "job": entry.job_id or "",
    }
