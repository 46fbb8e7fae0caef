"""Makes steps of narrations: their captions."""

from typing import Annotated, ClassVar

from pydantic import Field

from blocks.from_settings import media_store
from blocks.settings import get_settings
from tasks.errors import InvalidInputError
from tasks.jobs.requests import StepRequest
from tasks.jobs.step import step
from tasks.narration.captioning import recorded_narration, write_captions
from tasks.narration.options import CaptionFormat, CaptionsConfig
from tasks.progress import Progress, part_of
from tasks.promotion.materials import CaptionTrack, Language, Narration, StoredFile
from tasks.speech.steps import recogniser_name
from tasks.subtitles.layout import SubtitleOptions

_HEARD = 0.95
"""Share of the progress; the rest is cutting and writing."""


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
