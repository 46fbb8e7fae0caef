"""Normalises the sound of a stored recording."""

from collections.abc import Iterable
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from blocks.from_settings import media_store, remote_stage
from blocks.scratch import scratch_directory
from blocks.settings import get_settings
from tasks.audio.normalise import FilterReport, NormalisationOptions, SoundReport
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

_SECONDS_PER_SECOND = 0.5
"""Time allowed for each second of audio when that is more than the setting says (vocal isolation on a small CPU)."""


class NormaliseRequest(StepRequest):
    """Sound to normalise."""

    version: ClassVar[int] = 2

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

    key: str
    duration: float
    """Seconds."""
    filters: tuple[FilterReport, ...] = ()
    before: SoundReport | None = None
    after: SoundReport | None = None

    def store_keys(self) -> Iterable[str]:
        """The files that must be there for the result to be used again; see `StepResult`."""
        return (self.key,)


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
    """Writes the normalised sound as FLAC into the media store. Raises as `tasks.audio.normalise.normalise`."""
    settings = get_settings()
    store = media_store(settings)
    key = f"audio/{request.cache_key()}.flac"
    deadline = max(settings.normalisation_timeout, request.duration * _SECONDS_PER_SECOND)
    with (
        scratch_directory(settings.home, "normalise") as folder,
        store.open_local(request.media_key) as source,
    ):
        target = folder / "audio.flac"
        if service := remote_stage(settings, "normalization"):
            options = request.options.model_dump(include=set(NormalizationRequest.model_fields))
            finished = service.run(
                NormalizationRequest(**options),
                file=source,
                idempotency_key=request.cache_key() or folder.name,
                deadline=deadline,
                progress=part_of(progress, 0.0, 0.9),
                submitted=current_stage().done_by,
            )
            fetched = service.fetch(
                finished,
                target,
                max_bytes=settings.max_download_mb * 1024 * 1024,
                deadline=deadline,
                progress=part_of(progress, 0.9, 1.0),
            )
            info = probe(fetched.path)
            require_audio(info)
            store.put_file(fetched.path, key)
            return NormalisedAudio(key=key, duration=info.duration)
        work = Normalisation(
            source=source.absolute(),
            target=target.absolute(),
            options=request.options,
            models_dir=settings.models_dir,
            threads=settings.whisper_threads or usable_threads(),
            deadline=deadline,
        )
        host = chosen_socket(settings.model_host, settings.home) if work.models else None
        report = perform(work, progress, host=host)
        store.put_file(target, key)
    return NormalisedAudio(
        key=key,
        duration=report.result.duration,
        filters=report.filters,
        before=report.source,
        after=report.result,
    )
