"""Recording → transcript: download → normalisation → transcription, one recording at a time.

`flows/batch.py` does the same for many.
"""

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from blocks.from_settings import media_store
from blocks.media_store import MediaStore
from blocks.settings import get_settings
from flows.job import job_flow
from flows.parameters import Source
from tasks.audio.normalise import NormalisationOptions
from tasks.audio.steps import NormalisedAudio, check_normalisation, normalise_audio, normalise_request
from tasks.fetching.steps import FetchedMedia, fetch_media, fetch_request
from tasks.foreign_text import one_line
from tasks.jobs import markdown
from tasks.jobs.artifacts import write_markdown, write_table
from tasks.jobs.markdown import Markdown
from tasks.jobs.step import run_step
from tasks.jobs.tracker import StageParts, current_job
from tasks.speakers.assignment import with_speakers
from tasks.speakers.options import diarization_options
from tasks.speakers.steps import check_diarization, diarize_request
from tasks.speakers.steps import diarize as diarize_speech
from tasks.speakers.turns import Turn, shares
from tasks.speech.document import (
    TranscriptionDocument,
    TranscriptionOutcome,
    TranscriptionResult,
    Translation,
    say_how_it_was_heard,
    summary,
)
from tasks.speech.languages import language_tags, normalise_language
from tasks.speech.options import RecognitionOptions
from tasks.speech.steps import (
    RecogniseRequest,
    StoredTranscript,
    TranslateRequest,
    check_recognition,
    recognise,
    recognise_request,
    translate,
)
from tasks.speech.transcript import Segment, Transcript
from tasks.speech.translation import plan_translation
from tasks.subtitles.files import write_subtitles
from tasks.subtitles.formats import SubtitleFormat, speaker_name
from tasks.subtitles.layout import SubtitleOptions

_SETTINGS = get_settings()

_PARTS = 5
"""Of a transcription with speaker labels; telling the speakers apart is about one of them."""

Language = Annotated[str, Field(min_length=2, max_length=40)]
Formats = Annotated[list[SubtitleFormat], Field(max_length=100)]
"""One that is named twice is written once."""
Model = Annotated[str, Field(min_length=1, max_length=500)]
Hint = Annotated[str, Field(max_length=2000)]
Title = Annotated[str, Field(min_length=1, max_length=1000)]
SpeakerCount = Annotated[int, Field(ge=1, le=20)]
AudioTrack = Annotated[int, Field(ge=1, le=1000)] | Annotated[str, Field(min_length=1, max_length=40)]


@job_flow(
    operation="transcribe",
    stages=("download", "normalization", "transcription"),
    document=TranscriptionDocument,
    summary=summary,
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
    title: Title | None = None,
    audio_track: AudioTrack | None = None,
    subtitles: SubtitleOptions = SubtitleOptions(),  # noqa: B008 - Prefect shows the default in its form
    diarize: bool = False,
    speakers_min: SpeakerCount | None = None,
    speakers_max: SpeakerCount | None = None,
) -> TranscriptionOutcome:
    """Transcribe one recording: text, segments, words and subtitle files.

    Args:
        youtube_url: Address of the recording (a video page or a file), or the key of a file in the media store.
        language: Language that is spoken, as a code (pt, en, es) or a name; auto detects it for every phrase.
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
        title: What the recording is called, which names its files; empty: as its source calls it.
        audio_track: Sound track to hear, by number from 1 or by language (por); empty: the first that has speech.
        subtitles: Rules for the subtitle files: a preset (standard, netflix, bbc, vertical), and single values in place
            of its own.
        diarize: Say who speaks: a speaker (S1, S2, …) for every segment and word, and in every file.
        speakers_min: At least so many speakers; empty: as many as are heard. Only with diarize.
        speakers_max: At most so many speakers; empty: as many as are heard. Only with diarize.
    """
    # What is wrong with a job is said before anything is fetched.
    wanted = normalise_language(language_out) if language_out else None
    speech_model = model or _SETTINGS.whisper_model
    sound = NormalisationOptions(
        remove_noise=remove_noise,
        isolate_vocals=isolate_vocals,
        apply_highpass_filter=apply_highpass_filter,
        convert_to_mono=convert_to_mono,
        set_sample_rate_16k=set_sample_rate_16k,
        audio_track=_track(audio_track),
    )
    speech = RecognitionOptions(
        language=normalise_language(language),
        # Where the speaker changes is known by the words.
        word_timestamps=word_timestamps or diarize,
        initial_prompt=initial_prompt,
        hotwords=hotwords,
    )
    people = diarization_options(diarize, speakers_min, speakers_max)
    subtitles.check()
    check_recognition(speech_model)
    check_normalisation(sound)
    if people:
        check_diarization()

    job = current_job()
    store = media_store(get_settings())

    with job.stage("download"):
        media = await run_step(fetch_media, await fetch_request(youtube_url))
        if title:
            media = media.model_copy(update={"title": one_line(title)})
        job.entitle(media.title)

    with job.stage("normalization") as stage:
        audio = await run_step(
            normalise_audio, normalise_request(media.key, media.sha256, media.duration, sound)
        )
        if audio.key is None:
            stage.skip()

    with job.stage("transcription") as stage:
        request = recognise_request(
            audio.key or media.key, audio.duration, speech_model, speech, audio.heard_from(media.key)
        )
        parts = StageParts(stage, _PARTS) if people else None
        with parts.part(0, _PARTS - 1) if parts else nullcontext():
            stored = await run_step(recognise, request)
        rate = audio.before.sample_rate if audio.before else None
        heard = await asyncio.to_thread(stored.read, store)
        original = say_how_it_was_heard(heard, audio.choice.tried, rate)
        text = _Text(original, original, None)
        if wanted:
            text = await _translated(original, stored, request, wanted, store)
        turns = None
        if people and parts:
            with parts.part(_PARTS - 1):
                found = await run_step(
                    diarize_speech, diarize_request(request.audio_key, audio.duration, people)
                )
            turns = found.turns
            text = text.with_speakers(turns, keep_words=word_timestamps)
        files = await _write_files(
            text, formats, subtitles, f"jobs/{job.document.job_id}", media.title, store
        )

    links = {kind: store.url(key) for kind, key in files.items()}
    await _show(text.transcript, media.title, files, links)
    outcome = _outcome(media, audio, text, files, links)
    outcome.result.speakers = shares(turns) if turns is not None else None
    return outcome


def _track(asked: int | str | None) -> int | tuple[str, ...] | None:
    if isinstance(asked, str):
        return int(asked) if asked.strip().isdecimal() else language_tags(asked)
    return asked


@dataclass(frozen=True)
class _Text:
    """What was said, what the caller gets of it, and why that is another language."""

    original: Transcript
    transcript: Transcript
    translation: Translation | None

    def with_speakers(self, turns: tuple[Turn, ...], *, keep_words: bool) -> "_Text":
        """The same with a speaker for each segment and word; without `keep_words` the words served only for that."""

        def spoken(transcript: Transcript) -> Transcript:
            known = with_speakers(transcript, turns)
            return known if keep_words else known.without_words()

        original = spoken(self.original)
        same = self.transcript is self.original
        return _Text(original, original if same else spoken(self.transcript), self.translation)


async def _translated(
    original: Transcript, stored: StoredTranscript, request: RecogniseRequest, wanted: str, store: MediaStore
) -> _Text:
    """The transcript in the wanted language, or the original where nobody can translate it."""
    settings = get_settings()
    has_text_model = settings.text_model is not None
    spoken = original.spoken_languages
    plan = plan_translation(spoken, wanted, has_text_model, model=request.model)
    if plan == "whisper" and settings.audio_transcriber_url:
        plan = "text_model" if has_text_model else "unavailable"
    if plan == "none" or not original.segments:
        return _Text(original, original, Translation(language_out=wanted, status="not_needed"))
    if plan == "unavailable":
        note = f"Nothing on this machine translates from {' and '.join(spoken)} to {wanted}; the text is the original."
        hint = "Configure a text model: CONTRAPONTO_TEXT_MODEL and CONTRAPONTO_TEXT_MODEL_BASE_URL."
        missing = Translation(language_out=wanted, status="unavailable", note=f"{note} {hint}")
        return _Text(original, original, missing)
    if plan == "whisper":
        engine = f"whisper-{request.model}"
        translated = await run_step(recognise, request.for_translation(spoken))
    else:
        engine = settings.text_model or ""
        translated = await run_step(
            translate,
            TranslateRequest(transcript_key=stored.key, target_language=wanted, text_model=engine),
        )
    transcript = await asyncio.to_thread(translated.read, store)
    done = Translation(language_out=wanted, status="done", engine=engine, original_text=original.text)
    return _Text(original, transcript, done)


async def _write_files(
    text: _Text, formats: Formats, subtitles: SubtitleOptions, folder: str, title: str, store: MediaStore
) -> dict[str, str]:
    """The files of the transcript; of a translated one also those of the original, in a folder beside them."""
    files = await write_subtitles(text.transcript, formats, subtitles, folder, title, store)
    if text.translation and text.transcript is not text.original:
        beside = f"{folder}/{text.original.language}"
        of_original = await write_subtitles(text.original, formats, subtitles, beside, title, store)
        text.translation.original_files = of_original
    return files


def _outcome(
    media: FetchedMedia,
    audio: NormalisedAudio,
    text: _Text,
    files: dict[str, str],
    links: dict[str, str],
) -> TranscriptionOutcome:
    transcript = text.transcript
    return TranscriptionOutcome(
        result=TranscriptionResult(
            title=media.title,
            source=media.source,
            media_file=media.key,
            language=transcript.language,
            language_probability=transcript.language_probability,
            languages=text.original.languages,
            duration=media.duration,
            files=files,
            links=links,
            translation=text.translation,
            quality=text.original.quality,
            normalisation=audio.filters,
            loudness_before=audio.before,
            loudness_after=audio.after,
            audio_track=audio.choice.track,
            audio_tracks=audio.choice.tracks,
            audio_mix=audio.choice.mix,
            model=transcript.model,
            device=transcript.device,
            compute_type=transcript.compute_type,
        ),
        transcription_text=transcript.text,
        transcription_segments=transcript.segments,
        transcription_file=files.get("txt") or next(iter(files.values()), None),
        audio_file=audio.key or media.key,
    )


async def _show(transcript: Transcript, title: str, files: dict[str, str], links: dict[str, str]) -> None:
    """Artifacts for people: the transcript as a page, the files as a table."""
    lines = [_line(segment) for segment in transcript.segments]
    warnings = [Markdown(f"> {markdown.text(warning)}") for warning in transcript.quality.warnings]
    nothing = Markdown("*No speech was found in this recording.*")
    shown = markdown.page(markdown.heading(title), *warnings, *(lines or [nothing]))
    await write_markdown("transcript", shown, "What is said in the recording")
    rows = [{"format": kind, "file": key, "link": markdown.link(links[kind])} for kind, key in files.items()]
    await write_table("files", rows, "Files of the transcript")


def _line(segment: Segment) -> Markdown:
    if not segment.speaker:
        return Markdown(f"`{_clock(segment.start)}` {markdown.text(segment.text)}")
    who = speaker_name(segment.speaker)
    return Markdown(f"`{_clock(segment.start)}` **{markdown.text(who)}** {markdown.text(segment.text)}")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}"
