"""Finds out who speaks when in stored speech."""

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from blocks.from_settings import media_store
from blocks.settings import Settings, get_settings
from tasks.errors import MissingEngineError
from tasks.inference.client import perform
from tasks.inference.devices import usable_threads
from tasks.inference.sockets import chosen_socket
from tasks.jobs.requests import StepRequest
from tasks.jobs.step import step
from tasks.models.install import find_model
from tasks.progress import Progress
from tasks.speakers.conversion import MODEL_NAME
from tasks.speakers.networks import EMBEDDING_FILE, SEGMENTATION_FILE
from tasks.speakers.options import DiarizationOptions
from tasks.speakers.turns import Turn
from tasks.speakers.work import Diarization


class DiarizeRequest(StepRequest):
    """Speech whose speakers are to be told apart."""

    version: ClassVar[int] = 1

    audio_key: str
    duration: float
    """Seconds."""
    options: DiarizationOptions
    model: str
    """The setting `speaker_model`."""
    engine: str
    """The weights, by their size."""


class Diarized(BaseModel):
    """Who speaks when."""

    model_config = ConfigDict(frozen=True)

    turns: tuple[Turn, ...]

    def store_keys(self) -> Iterable[str]:
        """No file belongs to it."""
        return ()


def check_diarization() -> None:
    """Fails before any work if the model is not here. Raises MissingEngineError."""
    _model_directory(get_settings())


def diarize_request(audio_key: str, duration: float, options: DiarizationOptions) -> DiarizeRequest:
    """Asks who speaks when in the stored speech (`duration` in seconds). Raises as `check_diarization`."""
    settings = get_settings()
    weights = (_model_directory(settings) / EMBEDDING_FILE).stat().st_size
    return DiarizeRequest(
        audio_key=audio_key,
        duration=duration,
        options=options,
        model=settings.speaker_model,
        engine=f"embedding of {weights} bytes",
    )


def _model_directory(settings: Settings) -> Path:
    """Where the model lies: a name is one of the manifest, anything with a slash is a folder."""
    if "/" not in settings.speaker_model:
        if settings.speaker_model != MODEL_NAME:
            raise MissingEngineError(
                f'There is no speaker model "{settings.speaker_model}".',
                hint=f"Set CONTRAPONTO_SPEAKER_MODEL to {MODEL_NAME}, or to a folder (with a slash).",
            )
        return find_model(MODEL_NAME, settings.models_dir)
    folder = Path(settings.speaker_model).expanduser()
    missing = [name for name in (SEGMENTATION_FILE, EMBEDDING_FILE) if not (folder / name).is_file()]
    if missing:
        raise MissingEngineError(
            f"There is no speaker model in the folder {folder}: {' and '.join(missing)} missing.",
            hint=f"Put the files there, or set CONTRAPONTO_SPEAKER_MODEL to {MODEL_NAME}.",
        )
    return folder


@step("diarize")
def diarize(request: DiarizeRequest, progress: Progress) -> Diarized:
    """Tells the speakers apart. Raises as `tasks.speakers.diarization.Diarizer.turns`."""
    settings = get_settings()
    with media_store(settings).open_local(request.audio_key) as audio:
        work = Diarization(
            audio=audio.absolute(),
            model_dir=_model_directory(settings),
            options=request.options,
            threads=settings.whisper_threads or usable_threads(),
            # As for the recognition: slow is not stuck.
            deadline=max(settings.transcription_timeout, request.duration),
        )
        return Diarized(turns=perform(work, progress, host=chosen_socket(settings.model_host, settings.home)))
