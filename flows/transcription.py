"""Recording → transcript: download → normalisation → transcription, one recording at a time.

`flows/batch.py` does the same for many.
"""

import asyncio
from typing import Annotated, Literal

from pydantic import BaseModel, Field, JsonValue

from blocks.from_settings import media_store
from blocks.media_store import MediaStore
from blocks.settings import get_settings
from tasks.audio.normalise import FilterReport, NormalisationOptions, SoundReport
from tasks.audio.steps import NormalisedAudio, NormaliseRequest, check_normalisation, normalise_audio
from tasks.fetching.steps import FetchedMedia, fetch_media, fetch_request
from tasks.jobs.document import TranscriptionDocument
from tasks.jobs.step import current_job, job_flow, run_step, write_markdown, write_table
from tasks.jobs.tracker import StageTracker
from tasks.speech.languages import normalise_language
from tasks.speech.steps import (
    RecogniseRequest,
    StoredTranscript,
    TranslateRequest,
    recognise,
    recognition_engine,
    translate,
)
from tasks.speech.transcript import Quality, Segment, Transcript
from tasks.speech.translation import plan_translation
from tasks.subtitles.files import write_subtitles
from tasks.subtitles.formats import SubtitleFormat
from tasks.webhooks.notify import check_receiver

_SETTINGS = get_settings()

Source = Annotated[
    str, Field(pattern=r"^(https?://[^\s]+|[^\s/:][^:\\]*)$", max_length=4096, title="URL or store key")
]
Language = Annotated[str, Field(min_length=2, max_length=40)]
Formats = Annotated[list[SubtitleFormat], Field(max_length=6)]
Model = Annotated[str, Field(min_length=1, max_length=500)]
Hint = Annotated[str, Field(max_length=2000)]
WebhookUrl = Annotated[
    str, Field(pattern=r"^(https?://[^\s]+|webhook-notification/[a-z0-9-]+)$", max_length=4096)
]
Priority = Literal["high", "default", "low"]


class Translation(BaseModel):
    """What became of `language_out`."""

    language_out: str
    status: Literal["done", "not_needed", "unavailable"]
    engine: str | None = None
    note: str = ""
    original_text: str | None = None
    """What was said, in the language it was said in."""
    original_files: dict[SubtitleFormat, str] = {}


class TranscriptionResult(BaseModel):
    """What a transcription yields beside the text itself."""

    title: str
    source: str
    media_file: str
    language: str
    language_probability: float
    duration: float
    """Seconds."""
    files: dict[SubtitleFormat, str]
    """Store keys."""
    links: dict[SubtitleFormat, str]
    """Where the files can be fetched: for a bucket links that are good for a day."""
    translation: Translation | None
    quality: Quality
    normalisation: tuple[FilterReport, ...]
    loudness_before: SoundReport | None
    loudness_after: SoundReport | None
    model: str
    device: str
    compute_type: str


class TranscriptionOutcome(BaseModel):
    """The fields that a transcription adds to its job document."""

    result: TranscriptionResult
    transcription_text: str
    transcription_segments: tuple[Segment, ...]
    transcription_file: str | None
    audio_file: str


@job_flow(
    operation="transcribe",
    stages=("download", "normalization", "transcription"),
    document=TranscriptionDocument,
)
async def transcribe(
    youtube_url: Source,
    language: Language = _SETTINGS.default_language,
    language_out: Language | None = None,
    remove_noise: bool = _SETTINGS.default_remove_noise,
    convert_to_mono: bool = _SETTINGS.default_convert_mono,
    apply_highpass_filter: bool = _SETTINGS.default_apply_highpass_filter,
    set_sample_rate_16k: bool = _SETTINGS.default_sample_rate_16k,
    isolate_vocals: bool = _SETTINGS.default_isolate_vocals,
    model: Model | None = None,
    word_timestamps: bool = True,
    formats: Formats = ["srt", "vtt", "txt", "json"],  # noqa: B006 - Prefect shows the default in its form
    initial_prompt: Hint | None = None,
    hotwords: Hint | None = None,
    priority: Priority = "default",  # noqa: ARG001 - decides the queue when the job is submitted
    webhook_url: WebhookUrl | None = None,
    id_roteiro: str | None = None,  # noqa: ARG001 - echoed by the job's document
    metadata: dict[str, JsonValue] | None = None,  # noqa: ARG001 - echoed by the job's document
) -> TranscriptionOutcome:
    """Transcribe one recording: text, segments, words and subtitle files.

    Args:
        youtube_url: Address of the recording (a video page or a file), or the key of a file in the media store.
        language: Language that is spoken, as a code (pt, en, es) or a name; auto detects it.
        language_out: Language to translate to; empty for none.
        remove_noise: Remove background noise first.
        convert_to_mono: Mix the channels into one.
        apply_highpass_filter: Cut rumble below 80 Hz.
        set_sample_rate_16k: Resample to 16 kHz, which is what speech models hear.
        isolate_vocals: Separate the voice from music. Slower.
        model: Speech model (tiny, base, small, medium, large-v3, large-v3-turbo); empty for the configured one.
        word_timestamps: Time every word, not only every segment.
        formats: Files to write.
        initial_prompt: Text in the style of the recording; helps with names and spelling.
        hotwords: Words to listen for.
        priority: Which queue the job waits in. Takes effect with contraponto submit; over REST name the work queue.
        webhook_url: Address that is told when the job has ended.
        id_roteiro: Your own identifier; echoed.
        metadata: Anything of yours; echoed.
    """
    # What is wrong with a job is said before anything is fetched.
    spoken = normalise_language(language)
    wanted = normalise_language(language_out) if language_out else None
    speech_model = model or _SETTINGS.whisper_model
    options = NormalisationOptions(
        remove_noise=remove_noise,
        isolate_vocals=isolate_vocals,
        apply_highpass_filter=apply_highpass_filter,
        convert_to_mono=convert_to_mono,
        set_sample_rate_16k=set_sample_rate_16k,
    )
    engine = recognition_engine(speech_model)
    check_normalisation(options)
    if webhook_url:
        await check_receiver(webhook_url)

    job = current_job()
    store = media_store(get_settings())

    with job.stage("download") as stage:
        media = await run_step(fetch_media, await fetch_request(youtube_url), stage, store, FetchedMedia)

    with job.stage("normalization") as stage:
        audio = await _normalise(media, options, stage, store)

    with job.stage("transcription") as stage:
        settings = get_settings()
        request = RecogniseRequest(
            store=settings.store,
            audio_key=audio.key,
            duration=audio.duration,
            model=speech_model,
            language=spoken,
            word_timestamps=word_timestamps,
            initial_prompt=initial_prompt,
            hotwords=hotwords,
            device=settings.whisper_device,
            compute_type=settings.whisper_compute_type,
            engine=engine,
        )
        stored = await run_step(recognise, request, stage, store, StoredTranscript)
        original = await asyncio.to_thread(stored.read, store)
        transcript, translation = original, None
        if wanted:
            transcript, translation = await _translate(original, stored, request, wanted, stage, store)
        folder = f"jobs/{job.document.job_id}"
        files = await write_subtitles(transcript, formats, folder, media.title, store)
        if translation and transcript is not original:
            translation.original_files = await write_subtitles(
                original, formats, f"{folder}/{original.language}", media.title, store
            )

    links = {kind: store.url(key) for kind, key in files.items()}
    await _show(transcript, media.title, files, links)
    return TranscriptionOutcome(
        result=TranscriptionResult(
            title=media.title,
            source=media.source,
            media_file=media.key,
            language=transcript.language,
            language_probability=transcript.language_probability,
            duration=media.duration,
            files=files,
            links=links,
            translation=translation,
            quality=original.quality,
            normalisation=audio.filters,
            loudness_before=audio.before,
            loudness_after=audio.after,
            model=transcript.model,
            device=transcript.device,
            compute_type=transcript.compute_type,
        ),
        transcription_text=transcript.text,
        transcription_segments=transcript.segments,
        transcription_file=files.get("txt") or next(iter(files.values()), None),
        audio_file=audio.key,
    )


async def _normalise(
    media: FetchedMedia, options: NormalisationOptions, stage: StageTracker, store: MediaStore
) -> NormalisedAudio:
    settings = get_settings()
    asked = options.model_dump(
        include={
            "remove_noise",
            "isolate_vocals",
            "apply_highpass_filter",
            "convert_to_mono",
            "set_sample_rate_16k",
        }
    )
    if not any(asked.values()):
        stage.skip()
        return NormalisedAudio(key=media.key, duration=media.duration)
    request = NormaliseRequest(
        store=settings.store,
        media_key=media.key,
        media_sha256=media.sha256,
        duration=media.duration,
        options=options,
        service=settings.audio_normalization_url,
    )
    return await run_step(normalise_audio, request, stage, store, NormalisedAudio)


async def _translate(
    original: Transcript,
    stored: StoredTranscript,
    recognised: RecogniseRequest,
    wanted: str,
    stage: StageTracker,
    store: MediaStore,
) -> tuple[Transcript, Translation]:
    """The transcript in the wanted language, or the original where nobody can translate it."""
    settings = get_settings()
    has_text_model = settings.text_model is not None
    plan = plan_translation(original.language, wanted, has_text_model, model=recognised.model)
    if plan == "whisper" and settings.audio_transcriber_url:
        plan = "text_model" if has_text_model else "unavailable"
    if plan == "none" or not original.segments:
        return original, Translation(language_out=wanted, status="not_needed")
    if plan == "unavailable":
        note = f"Nothing on this machine translates from {original.language} to {wanted}; the text is the original."
        hint = "Configure a text model: CONTRAPONTO_TEXT_MODEL and CONTRAPONTO_TEXT_MODEL_BASE_URL."
        return original, Translation(language_out=wanted, status="unavailable", note=f"{note} {hint}")
    if plan == "whisper":
        engine = f"whisper-{recognised.model}"
        again = recognised.model_copy(update={"task": "translate", "language": original.language})
        translated = await run_step(recognise, again, stage, store, StoredTranscript)
    else:
        engine = settings.text_model or ""
        request = TranslateRequest(
            store=settings.store, transcript_key=stored.key, target_language=wanted, text_model=engine
        )
        translated = await run_step(translate, request, stage, store, StoredTranscript)
    transcript = await asyncio.to_thread(translated.read, store)
    return transcript, Translation(
        language_out=wanted, status="done", engine=engine, original_text=original.text
    )


async def _show(
    transcript: Transcript, title: str, files: dict[SubtitleFormat, str], links: dict[SubtitleFormat, str]
) -> None:
    """Artifacts for people: the transcript as a page, the files as a table."""
    lines = [f"`{_clock(segment.start)}` {segment.text}" for segment in transcript.segments]
    warnings = [f"> {warning}" for warning in transcript.quality.warnings]
    page = "\n\n".join([f"# {title}", *warnings, *(lines or ["*No speech was found in this recording.*"])])
    await write_markdown("transcript", page, "What is said in the recording")
    rows = [{"format": kind, "file": key, "link": links[kind]} for kind, key in files.items()]
    await write_table("files", rows, "Files of the transcript")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}"
