"""Makes steps of narrations: a script is spoken, and gets captions."""

import asyncio
from typing import Annotated, ClassVar

from pydantic import Field

from blocks.from_settings import media_store
from blocks.scratch import scratch_directory
from blocks.settings import Settings, get_settings
from tasks.errors import InvalidInputError, MissingEngineError
from tasks.jobs.requests import StepRequest
from tasks.jobs.step import step
from tasks.narration.captioning import recorded_narration, write_captions
from tasks.narration.narrating import (
    Wishes,
    check_length,
    choose,
    own_narration,
    sentences_of,
    spoken_narration,
)
from tasks.narration.options import CaptionFormat, CaptionsConfig, VoiceConfig
from tasks.narration.speaking import Voice
from tasks.progress import Progress, part_of
from tasks.promotion.materials import CaptionTrack, Language, Narration, StoredFile
from tasks.speech.steps import recogniser_name
from tasks.subtitles.layout import SubtitleOptions
from tasks.voice.espeak import EspeakVoice

_HEARD = 0.95
"""Share of the progress; the rest is cutting and writing."""


class NarrationRequest(StepRequest):
    """A script to be spoken, or somebody's recording of it."""

    version: ClassVar[int] = 1

    script: str
    """As its author wrote it; empty only with a recording of which nobody knows what it says."""
    language: Language
    voice: Voice | None
    """Who speaks; None with a recording."""
    recording: StoredFile | None
    """The caller's own."""
    sentence_pause: float
    """Seconds behind a sentence, at speed 1."""
    loudness: float
    """LUFS."""
    max_seconds: float | None
    """A longer narration is refused."""
    recogniser: str
    """Which speech model finds the words, where one is needed."""
    warnings: tuple[str, ...]
    """What is known before anything is spoken."""


async def narration_request(
    script: str,
    config: VoiceConfig,
    *,
    language: Language = "pt-BR",
    recording: StoredFile | None = None,
    max_seconds: float | None = None,
) -> NarrationRequest | None:
    """Asks for a narration as `config` says; None if nobody is to speak.

    Args:
        script: What is spoken unless `config` brings its own; with a recording, what it says, empty if nobody knows.
        config: The caller's choices.
        language: Of the script, unless `config` says another.
        recording: What was fetched from `config.audio_url`: nothing is spoken then.
        max_seconds: A longer narration is refused, before anything is spoken where that can be foreseen.

    Raises:
        InvalidInputError: There are no words, or no such voice.
        LimitExceededError: The script is much too long.
        MissingEngineError: No voice of the language (or, for a recording, no speech model) is installed; it says how
            to get one.
    """
    if config.engine == "none":
        return None
    settings = get_settings()
    text, spoken = config.script_text or script, config.language or language
    voice: Voice | None = None
    warnings: tuple[str, ...] = ()
    if recording is None:
        sentences_of(text, spoken)
        # Settings may name a block that a Prefect server keeps.
        chosen, warnings = await asyncio.to_thread(choose, config, spoken, settings)
        check_length(text, chosen, max_seconds)
        voice = chosen
    return NarrationRequest(
        script=text,
        language=spoken,
        voice=voice,
        recording=recording,
        sentence_pause=config.sentence_pause,
        loudness=config.loudness,
        max_seconds=max_seconds,
        recogniser=_listener(voice, settings),
        warnings=warnings,
    )


def _listener(voice: Voice | None, settings: Settings) -> str:
    """The speech model that finds the words; empty if none is needed, or none is here and the voice does without.

    Raises MissingEngineError if a recording is to be listened to and none is here.
    """
    if voice is not None and not (voice.remote or voice.engine == EspeakVoice.name):
        return ""
    try:
        return recogniser_name(settings.whisper_model, settings)
    except MissingEngineError:
        if voice is None:
            raise
        return ""


@step("voice")
def narrate(request: NarrationRequest, progress: Progress) -> Narration:
    """Stores a narration as WAV at its loudness, with the times of its written words.

    What is spoken is spoken sentence by sentence, each once: a script with one sentence changed speaks that one.
    Raises InvalidInputError, LimitExceededError (longer than `max_seconds`), MissingEngineError, EngineError,
    TransientError (a speech endpoint that is overloaded).
    """
    settings = get_settings()
    wishes = Wishes(request.sentence_pause, request.loudness, request.max_seconds)
    with scratch_directory(settings.home, "voice") as folder:
        if request.recording is not None:
            made = own_narration(
                request.recording, request.script, request.language, wishes, settings, folder, progress
            )
        else:
            assert request.voice is not None, "somebody speaks, or a recording does"  # noqa: S101
            made = spoken_narration(
                request.script, request.language, request.voice, wishes, settings, folder, progress
            )
    return made.model_copy(update={"warnings": (*request.warnings, *made.warnings)})


class CaptionsRequest(StepRequest):
    """Captions to make, of a narration or of a recording."""

    version: ClassVar[int] = 1

    narration: Narration | None
    """Whose words have their times."""
    recording: StoredFile | None
    """Somebody's own recording, in place of a narration."""
    script: str
    """What the recording says, as its author wrote it; empty: unknown."""
    language: Language
    """Of the recording."""
    formats: tuple[CaptionFormat, ...]
    subtitles: SubtitleOptions
    engine: Annotated[str, Field(description="The recogniser, where one is needed.")]


def captions_request(
    config: CaptionsConfig,
    *,
    narration: Narration | None = None,
    recording: StoredFile | None = None,
    script: str = "",
    language: Language = "pt-BR",
) -> CaptionsRequest:
    """Asks for captions of a narration, or of a stored recording that is to be listened to.

    Raises InvalidInputError without either or where the options contradict each other; MissingEngineError if a
    recording is given and the speech model is not here.
    """
    if narration is None and recording is None:
        raise InvalidInputError(
            "There is nothing to caption: neither a narration nor a recording.",
            hint="Let the step depend on a VOICE_OVER step, or give the captions an audio_url.",
        )
    config.subtitles.check()
    return CaptionsRequest(
        narration=narration if recording is None else None,
        recording=recording,
        script=script if recording is not None else "",
        language=config.language or (narration.language if narration else language),
        formats=config.formats,
        subtitles=config.subtitles,
        engine=recogniser_name(get_settings().whisper_model, get_settings()) if recording is not None else "",
    )


@step("captions")
def make_captions(request: CaptionsRequest, progress: Progress) -> CaptionTrack:
    """Stores the captions in every format asked for. Raises as `tasks.narration.captioning.recorded_narration`."""
    settings = get_settings()
    narration = request.narration
    if request.recording is not None:
        narration = recorded_narration(
            request.recording, request.script, request.language, settings, part_of(progress, 0.0, _HEARD)
        )
    assert narration is not None, "a request has a narration or a recording"  # noqa: S101
    return write_captions(
        narration,
        request.formats,
        request.subtitles,
        f"captions/{request.cache_key()}",
        media_store(settings),
    )
