"""Many recordings as one job: list → transcribe each, some at a time, on one warm model."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

from prefect import State, get_run_logger
from pydantic import BaseModel, ConfigDict, Field

from blocks.settings import get_settings
from flows.job import job_flow
from flows.transcription import AudioTrack, Formats, Hint, Language, Model, SpeakerCount, transcribe
from tasks.batches.document import BatchEntry, BatchOutcome, BatchResult, summary
from tasks.batches.items import bring, list_items
from tasks.batches.listing import BatchItem, Listing
from tasks.batches.memory import Memory, memory_lock, read_ledger
from tasks.errors import ContrapontoError, EngineError, kind_of_error
from tasks.jobs.artifacts import write_table
from tasks.jobs.children import OF_ONE
from tasks.jobs.locks import work_lock
from tasks.jobs.page import UNSAID
from tasks.jobs.tracker import StageParts, current_job, current_stage
from tasks.speech.document import TranscriptionDocument, TranscriptionResult
from tasks.subtitles.layout import SubtitleOptions

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
    audio_track: AudioTrack | None = None
    subtitles: SubtitleOptions = SubtitleOptions()
    diarize: bool = False
    speakers_min: SpeakerCount | None = None
    speakers_max: SpeakerCount | None = None


@job_flow(operation="transcribe-batch", stages=("listing", "transcription"), time_limit=None, summary=summary)
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
        max_items: Work on at most so many recordings; what only_new leaves out does not count.
        max_concurrent: Recordings worked on at a time. One is recognised while others are fetched.
    """
    settings = get_settings()
    # Two runs of one batch at once would do the same work twice and forget half of it.
    async with work_lock(memory_lock(name), settings.home, settings.redis_url):
        ledger = await read_ledger(name)
        job = current_job()
        with job.stage("listing") as stage:
            listing = await list_items(sources, max_items, stage.progress, ledger, only_new=only_new)
        entries = _Entries(listing)
        try:
            with job.stage("transcription") as stage:
                await _transcribe_all(listing.items, options, max_concurrent, entries, Memory(name, ledger))
        finally:
            # However the batch ends, what became of its recordings is known.
            job.record(BatchOutcome(result=entries.result()))
    result = entries.result()
    await write_table("recordings", [_row(entry) for entry in result.items], "One line for each recording")
    if (typical := result.commonest_failure()) and not result.completed:
        kind = kind_of_error(typical.error_code) or EngineError
        raise kind(
            f"None of the {result.failed} recordings could be transcribed. {_shown(typical)}: {typical.error}",
            hint="" if len(result.items) == 1 else "(The table of the batch names the reason for each.)",
        )
    return BatchOutcome(result=result)


class _Entries:
    """What has become of the recordings so far, in the order of the listing."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._ended: dict[int, BatchEntry] = {}

    def add(self, number: int, entry: BatchEntry) -> None:
        self._ended[number] = entry

    def result(self) -> BatchResult:
        unlisted = [
            BatchEntry(
                source=bad.source,
                title="",
                status="failed",
                job_id=None,
                error=str(bad.error),
                error_code=bad.error.code,
            )
            for bad in self._listing.bad
        ]
        ended = [self._ended[number] for number in sorted(self._ended)]
        return BatchResult.of(
            [*unlisted, *ended],
            skipped=self._listing.skipped,
            left=self._listing.left + len(self._listing.items) - len(ended),
            left_out=self._listing.left_out,
        )


async def _transcribe_all(
    items: Sequence[BatchItem],
    options: TranscriptionOptions,
    max_concurrent: int,
    entries: _Entries,
    memory: Memory,
) -> None:
    """Each recording as a job of its own, some at a time."""
    places = asyncio.Semaphore(max_concurrent)
    parts = StageParts(current_stage(), max(len(items), 1))

    async def work(number: int, item: BatchItem) -> None:
        async with places:
            current_stage().say(f"{number + 1} of {len(items)} · {item.title}")
            with parts.part(number) as part:
                entry = await _transcribe(item, options)
                part.progress(1.0)
            entries.add(number, entry)
            await memory.note(item, entry)

    try:
        await asyncio.gather(*(work(number, item) for number, item in enumerate(items)))
    finally:
        await memory.keep()


async def _transcribe(item: BatchItem, options: TranscriptionOptions) -> BatchEntry:
    """One recording as a job of its own; its failure is an entry, never an exception."""
    run: Any = transcribe  # Prefect's annotations know `return_state` only for flows that are not awaited.
    failed = partial(BatchEntry, source=item.shown, title=item.title or item.shown, status="failed")
    try:
        state: State[Any] = await run(
            youtube_url=await bring(item), **options.model_dump(), title=item.called, return_state=True
        )
        outcome = await state.aresult(raise_on_failure=False)
    except ContrapontoError as error:
        get_run_logger().warning("%s: %s", item.title, error)
        return failed(job_id=None, error=str(error), error_code=error.code)
    except OF_ONE as error:
        # Not even a job that fails: the server takes no run of it, or cannot tell how it ended.
        get_run_logger().warning("%s: %s", item.title, error)
        why = f"The recording could not be made a job ({type(error).__name__}): {error}"[:1000]
        return failed(job_id=None, error=why, error_code="internal")
    job_id = str(state.state_details.flow_run_id)
    if isinstance(outcome, TranscriptionDocument):
        result = TranscriptionResult.model_validate(outcome.result)
        return BatchEntry(
            source=item.shown,
            title=item.title,
            status="completed",
            job_id=job_id,
            language=result.language,
            duration=result.duration,
            transcription_file=outcome.transcription_file,
            files=result.files,
        )
    get_run_logger().warning("%s: %s", item.title, state.message)
    if isinstance(outcome, ContrapontoError):
        return failed(job_id=job_id, error=str(outcome), error_code=outcome.code)
    why = f"An unexpected error ended its job ({type(outcome).__name__}). The log has the details."
    return failed(job_id=job_id, error=why, error_code="internal")


def _shown(entry: BatchEntry) -> str:
    return entry.title or entry.source


def _row(entry: BatchEntry) -> dict[str, str]:
    return {
        "recording": _shown(entry),
        "status": entry.status,
        "language": entry.language or "",
        "transcript": entry.transcription_file or "",
        "error": (entry.error or UNSAID) if entry.status == "failed" else "",
        "job": entry.job_id or "",
    }
