"""What a caller learns of a transcription."""

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel

from tasks.audio.choice import TrackReport
from tasks.audio.normalise import FilterReport, SoundReport
from tasks.jobs.document import JobDocument
from tasks.jobs.summary import entry, place
from tasks.speech.transcript import Quality, Segment, SpeakerShare, SpokenLanguage, Transcript

_LEAST_RATE = 4_000
"""Samples a second. Speech cut off at 1,900 Hz has lost half of what tells its sounds apart (French and Steinberg,
1947, "Factors governing the intelligibility of speech sounds")."""


class Translation(BaseModel):
    """What became of `language_out`."""

    language_out: str
    status: Literal["done", "not_needed", "unavailable"]
    engine: str | None = None
    note: str = ""
    original_text: str | None = None
    """What was said, in the language it was said in."""
    original_files: dict[str, str] = {}


class TranscriptionResult(BaseModel):
    """What a transcription yields beside the text itself."""

    title: str
    source: str
    media_file: str
    language: str
    language_probability: float
    languages: tuple[SpokenLanguage, ...]
    """All languages that are spoken, the one heard longest first."""
    duration: float
    """Seconds."""
    files: dict[str, str]
    """Store keys, by the format: srt, vtt, txt …"""
    links: dict[str, str]
    """Where the files can be fetched: for a bucket links that are good for a day."""
    translation: Translation | None
    quality: Quality
    normalisation: tuple[FilterReport, ...]
    loudness_before: SoundReport | None
    loudness_after: SoundReport | None
    audio_track: int
    """The sound track that was heard, by its number from 1."""
    audio_tracks: tuple[TrackReport, ...]
    """All that there are."""
    audio_mix: str
    """What was heard of its channels: their mix, or "left", "right", "difference", "channel 3"."""
    model: str
    device: str
    compute_type: str
    speakers: tuple[SpeakerShare, ...] | None = None
    """Who speaks for how long, in the order in which they are first heard; None where speakers were not asked for."""


class TranscriptionOutcome(BaseModel):
    """The fields that a transcription adds to its job document."""

    result: TranscriptionResult
    transcription_text: str
    transcription_segments: tuple[Segment, ...]
    transcription_file: str | None
    audio_file: str


class TranscriptionDocument(JobDocument):
    """The job document of `transcribe`."""

    youtube_url: str | None = None
    """What was asked for, without passwords; see `tasks.jobs.document.ASKED_FOR`."""
    transcription_text: str | None = None
    transcription_segments: tuple[Segment, ...] | None = None
    transcription_file: str | None = None
    """Store key of the transcript."""
    audio_file: str | None = None
    """Store key of the normalised audio."""


def say_how_it_was_heard(
    transcript: Transcript, tried: Sequence[str], sample_rate: int | None = None
) -> Transcript:
    """The transcript with warnings about its sound.

    Args:
        transcript: What was written.
        tried: What else was listened to; told where no speech was found.
        sample_rate: Samples a second of the recording; None: unknown.
    """
    quality = transcript.quality
    warnings = list(quality.warnings)
    if quality.no_speech and tried:
        warnings[0] = f"{warnings[0].rstrip('.')}. Tried: {', '.join(tried)}."
    if sample_rate is not None and sample_rate < _LEAST_RATE and transcript.segments:
        warnings.insert(
            0,
            f"The recording has {sample_rate:,} samples a second, too few to tell words apart: the text may be "
            "made up. Record with 16,000.",
        )
    return transcript.model_copy(update={"quality": quality.model_copy(update={"warnings": tuple(warnings)})})


def summary(document: TranscriptionDocument) -> Iterator[str]:
    """The text, and where the files are."""
    if document.transcription_text is not None:
        yield ""
        yield document.transcription_text or "(no speech was found)"
        yield ""
    links = (document.result or {}).get("links")
    for kind, link in links.items() if isinstance(links, dict) else ():
        yield entry(kind, place(str(link)))
    if document.audio_file:
        yield entry("audio", f"{document.audio_file} (key in the media store)")
