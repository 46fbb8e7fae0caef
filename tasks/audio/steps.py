"""Normalises the sound of a stored recording."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from blocks.from_settings import media_store, remote_stage
from blocks.scratch import scratch_directory
from blocks.settings import get_settings
from tasks.audio.choice import SoundChoice, SoundReader, choose_sound
from tasks.audio.normalise import FilterReport, NormalisationOptions, SoundReport, normalise
from tasks.audio.work import Normalisation
from tasks.inference.client import perform
from tasks.inference.devices import usable_threads
from tasks.inference.sockets import chosen_socket
from tasks.jobs.requests import StepRequest
from tasks.jobs.step import step
from tasks.jobs.tracker import current_stage
from tasks.media.probe import probe, require_audio
from tasks.models.install import find_model
from tasks.progress import Progress, part_of
from tasks.remote.protocol import NormalizationRequest
from tasks.remote.stage_service import StageService

_SECONDS_PER_SECOND = 0.5
"""Time allowed for each second of audio when that is more than the setting says (vocal isolation on a small CPU)."""

_UNCHANGED = NormalisationOptions(
    remove_noise=False, convert_to_mono=False, set_sample_rate_16k=False, loudness_lufs=None
)


class NormaliseRequest(StepRequest):
    """Sound to normalise."""

    version: ClassVar[int] = 5

    media_key: Annotated[str, Field(exclude=True)]
    """Where the recording lies, which does not decide how it sounds: left out of the cache key."""
    media_sha256: str
    duration: float
    """Seconds."""
    options: NormalisationOptions
    service: str | None
    """The remote service that does it; None for this machine."""


class NormalisedAudio(BaseModel):
    """Normalised sound in the media store."""

    model_config = ConfigDict(frozen=True)

    key: str | None
    """None: nothing had to be changed, the recording is used as it is."""
    duration: float
    """Seconds."""
    choice: SoundChoice
    """Which sound of the recording it is."""
    as_recorded: bool = False
    """Whether a recogniser that reads the recording itself hears the same, at its own loudness."""
    filters: tuple[FilterReport, ...] = ()
    before: SoundReport | None = None
    after: SoundReport | None = None

    def heard_from(self, media_key: str) -> str:
        """Store key of what a recogniser should read: the recording at `media_key`, or the normalised sound."""
        return self.key if self.key and not self.as_recorded else media_key

    def store_keys(self) -> Iterable[str]:
        """The files that must be there for the result to be used again; see `StepResult`."""
        return () if self.key is None else (self.key,)


def check_normalisation(options: NormalisationOptions) -> None:
    """Fails before any work if a filter that is asked for has no model here. Raises MissingEngineError."""
    settings = get_settings()
    if settings.audio_normalization_url:
        return
    if options.remove_noise and options.noise_engine == "deepfilternet":
        find_model("deepfilternet3", settings.models_dir)
    if options.isolate_vocals:
        find_model("spleeter-2stems", settings.models_dir)


def normalise_request(
    media_key: str, media_sha256: str, duration: float, options: NormalisationOptions
) -> NormaliseRequest:
    """Asks for the sound of a stored recording (`duration` in seconds) to be normalised as the settings say."""
    return NormaliseRequest(
        media_key=media_key,
        media_sha256=media_sha256,
        duration=duration,
        options=options,
        service=get_settings().audio_normalization_url,
    )


@step("normalise")
def normalise_audio(request: NormaliseRequest, progress: Progress) -> NormalisedAudio:
    """Writes the normalised sound as FLAC into the media store. Raises as `tasks.audio.normalise.normalise`.

    Where no filter is asked for, this is done only if a recogniser would not hear the chosen sound by itself.
    """
    settings = get_settings()
    store = media_store(settings)
    deadline = max(settings.normalisation_timeout, request.duration * _SECONDS_PER_SECOND)
    with (
        scratch_directory(settings.home, "normalise") as folder,
        store.open_local(request.media_key) as source,
    ):
        service = remote_stage(settings, "normalization") if request.options.changes_anything else None
        if service or not request.options.changes_anything:
            info = probe(source)
            choice = choose_sound(
                SoundReader(source, info, deadline=deadline),
                request.options.audio_track,
                part_of(progress, 0.0, 0.05),
            )
            is_plain = choice.is_plain and not info.audio_tracks[choice.track - 1].delay
            if service:
                chosen = folder / "chosen.flac"
                if not is_plain:
                    # The service would make another choice.
                    only_choice = _UNCHANGED.model_copy(update={"audio_track": choice.track})
                    normalise(source, chosen, only_choice, settings.models_dir, deadline=deadline)
                return _done_elsewhere(
                    service, request, source if is_plain else chosen, folder, choice, deadline, progress
                )
            if is_plain:
                return NormalisedAudio(key=None, duration=request.duration, choice=choice)
        work = Normalisation(
            source=source.absolute(),
            target=(folder / "audio.flac").absolute(),
            options=request.options,
            models_dir=settings.models_dir,
            threads=settings.whisper_threads or usable_threads(),
            deadline=deadline,
        )
        host = chosen_socket(settings.model_host, settings.home) if work.models else None
        report = perform(work, progress, host=host)
        store.put_file(work.target, _key(request))
    return NormalisedAudio(
        key=_key(request),
        duration=report.result.duration,
        choice=report.choice,
        as_recorded=report.as_recorded,
        filters=report.filters,
        before=report.source,
        after=report.result,
    )


def _done_elsewhere(
    service: StageService,
    request: NormaliseRequest,
    source: Path,
    folder: Path,
    choice: SoundChoice,
    deadline: float,
    progress: Progress,
) -> NormalisedAudio:
    settings = get_settings()
    finished = service.run(
        NormalizationRequest(**request.options.model_dump(include=set(NormalizationRequest.model_fields))),
        file=source,
        idempotency_key=request.cache_key() or folder.name,
        deadline=deadline,
        progress=part_of(progress, 0.0, 0.9),
        submitted=current_stage().done_by,
    )
    fetched = service.fetch(
        finished,
        folder / "audio.flac",
        max_bytes=settings.max_download_mb * 1024 * 1024,
        deadline=deadline,
        progress=part_of(progress, 0.9, 1.0),
    )
    info = probe(fetched.path)
    require_audio(info)
    media_store(settings).put_file(fetched.path, _key(request))
    return NormalisedAudio(key=_key(request), duration=info.duration, choice=choice)


def _key(request: NormaliseRequest) -> str:
    return f"audio/{request.cache_key()}.flac"
