"""Turns stored speech into stored transcripts, and transcripts into other languages."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from blocks.from_settings import media_store, remote_stage, text_model
from blocks.media_store import MediaStore
from blocks.settings import Settings, get_settings
from tasks.errors import InvalidInputError, InvalidSettingError, MissingEngineError
from tasks.inference.client import perform
from tasks.inference.sockets import chosen_socket
from tasks.jobs.requests import StepRequest
from tasks.jobs.step import step
from tasks.jobs.tracker import current_stage
from tasks.models.install import find_model
from tasks.progress import Progress
from tasks.remote.protocol import RemoteTranscript, RemoteWord, TranscriptionRequest
from tasks.speech.languages import AUTO
from tasks.speech.options import RecognitionOptions
from tasks.speech.transcript import Segment, Transcript, Word
from tasks.speech.translation import translate_segments
from tasks.speech.work import Recognition


class RecogniseRequest(StepRequest):
    """Speech to write down."""

    version: ClassVar[int] = 8

    audio_key: str
    heard_key: Annotated[str | None, Field(exclude=True)] = None
    """Where a recogniser on this machine reads the same sound as it was recorded; None: at `audio_key`."""
    duration: float
    """Seconds."""
    model: str
    """Name of the speech model ("base", "large-v3"), or a folder that holds one."""
    options: RecognitionOptions
    device: str
    compute_type: str
    engine: str
    """Remote service, or library and model with their versions."""

    def for_translation(self, sources: Sequence[str]) -> "RecogniseRequest":
        """The same speech, which is in the languages `sources`, to be written down in English."""
        language = sources[0] if len(sources) == 1 else AUTO
        return self.model_copy(update={"options": replace(self.options, task="translate", language=language)})


class TranslateRequest(StepRequest):
    """A transcript to translate with the text model."""

    transcript_key: str
    target_language: str
    text_model: str


class StoredTranscript(BaseModel):
    """A transcript in the media store, as JSON."""

    model_config = ConfigDict(frozen=True)

    key: str

    def store_keys(self) -> Iterable[str]:
        """The files that must be there for the result to be used again; see `StepResult`."""
        return (self.key,)

    def read(self, store: MediaStore) -> Transcript:
        """The transcript itself."""
        return Transcript.model_validate_json(store.read_bytes(self.key))


def model_directory(model: str, settings: Settings) -> Path:
    """Where a speech model lies: a size is one of ours, anything with a slash is a folder.

    Callers may name only folders that jobs may read: those of models, and the import folders.
    Raises MissingEngineError with the command that gets the model, and InvalidInputError for another folder.
    """
    if "/" in model:
        folder = Path(model).expanduser()
        _check_open(folder, settings)
        if not (folder / "model.bin").is_file():
            raise MissingEngineError(
                f"There is no speech model in the folder {folder}.",
                hint="It should hold model.bin, config.json and tokenizer.json.",
            )
        return folder
    return find_model(f"whisper-{model}", settings.models_dir)


def _check_open(folder: Path, settings: Settings) -> None:
    if str(folder) == str(Path(settings.whisper_model).expanduser()):
        return
    place = folder.resolve()
    if not any(
        place.is_relative_to(each.resolve()) for each in (settings.models_dir, *settings.import_folders)
    ):
        raise InvalidInputError(
            f"The folder {folder} is not one that speech models may be taken from.",
            hint=f"Put it into {settings.models_dir}, or have its folder added to CONTRAPONTO_IMPORT_FOLDERS.",
        )


def check_recognition(model: str) -> None:
    """Fails before any work if the speech model is not here. Raises MissingEngineError."""
    _engine(model, get_settings())


def recognise_request(
    audio_key: str, duration: float, model: str, options: RecognitionOptions, heard_key: str | None = None
) -> RecogniseRequest:
    """Asks for the stored speech (`duration` in seconds) to be written down as the settings say.

    `heard_key` is where the same sound lies as it was recorded: levelling alone moves sentence marks.
    Raises MissingEngineError if the speech model is not here.
    """
    settings = get_settings()
    return RecogniseRequest(
        audio_key=audio_key,
        heard_key=heard_key,
        duration=duration,
        model=model,
        options=options,
        device=settings.whisper_device,
        compute_type=settings.whisper_compute_type,
        engine=_engine(model, settings),
    )


def _engine(model: str, settings: Settings) -> str:
    return settings.audio_transcriber_url or recogniser_name(model, settings)


def recogniser_name(model: str, settings: Settings) -> str:
    """The recogniser of this machine with its version, for cache keys. Raises MissingEngineError without the model."""
    weights = (model_directory(model, settings) / "model.bin").stat().st_size
    return f"faster-whisper {version('faster-whisper')}, {model} of {weights} bytes"


@step("recognise")
def recognise(request: RecogniseRequest, progress: Progress) -> StoredTranscript:
    """Writes down what is said. Raises as `tasks.speech.recognition.Recogniser.transcribe`."""
    settings = get_settings()
    store = media_store(settings)
    # A machine that needs as long as the recording lasts is slow but not stuck.
    deadline = max(settings.transcription_timeout, request.duration)
    key = request.audio_key if settings.audio_transcriber_url else request.heard_key or request.audio_key
    with store.open_local(key) as audio:
        if settings.audio_transcriber_url:
            transcript = _recognise_remotely(request, audio, settings, progress, deadline)
        else:
            work = Recognition(
                audio=audio.absolute(),
                model_dir=model_directory(request.model, settings),
                device=settings.whisper_device,
                compute_type=settings.whisper_compute_type,
                threads=settings.whisper_threads or None,
                options=request.options,
                deadline=deadline,
            )
            transcript = perform(work, progress, host=chosen_socket(settings.model_host, settings.home))
    return _store(transcript, request, store)


def _recognise_remotely(
    request: RecogniseRequest, audio: Path, settings: Settings, progress: Progress, deadline: float
) -> Transcript:
    service = remote_stage(settings, "transcription")
    assert service is not None, "the caller has looked at the setting"  # noqa: S101
    if request.options.task == "translate":
        raise InvalidSettingError(
            "The remote transcription service does not translate.",
            hint="Leave language_out empty, or configure a text model (CONTRAPONTO_TEXT_MODEL).",
        )
    finished = service.run(
        TranscriptionRequest(
            language=request.options.language,
            model=request.model,
            word_timestamps=request.options.word_timestamps,
            initial_prompt=request.options.initial_prompt,
        ),
        file=audio,
        idempotency_key=request.cache_key() or audio.name,
        deadline=deadline,
        progress=progress,
        submitted=current_stage().done_by,
    )
    return _from_service(finished.read(RemoteTranscript), request)


def _from_service(said: RemoteTranscript, request: RecogniseRequest) -> Transcript:
    segments = tuple(
        Segment(
            text=segment.text.strip(),
            start=segment.start,
            end=segment.end,
            words=tuple(_words(segment.words)),
            # The service does not say how sure it was.
            avg_logprob=0.0,
            no_speech_prob=0.0,
            compression_ratio=1.0,
        )
        for segment in said.segments
    )
    return Transcript(
        text=said.text,
        language=said.language,
        language_probability=said.language_probability,
        duration=said.duration or request.duration,
        segments=segments,
        source_language=said.language,
        model=said.model or request.model,
        device="remote",
        compute_type="unknown",
        threads=0,
    )


def _words(said: Iterable[RemoteWord]) -> Iterator[Word]:
    """As `Word` has them: services may send those of Whisper as it writes them, with the space before each."""
    for word in said:
        if text := word.word.strip():
            yield Word(word=text, start=word.start, end=word.end, probability=word.probability)


@step("translate")
def translate(request: TranslateRequest, progress: Progress) -> StoredTranscript:
    """Translates a transcript with the text model that is configured. Raises as `TextModel.translate`."""
    settings = get_settings()
    store = media_store(settings)
    model = text_model(settings)
    assert model is not None, "planned only where a text model is configured"  # noqa: S101
    original = StoredTranscript(key=request.transcript_key).read(store)
    total = max(len(original.segments), 1)
    done = 0

    def translate_batch(texts: Sequence[str], source: str, target: str) -> list[str]:
        nonlocal done
        progress(done / total)
        done += len(texts)
        return model.translate(texts, source, target)

    return _store(translate_segments(original, translate_batch, request.target_language), request, store)


def _store(transcript: Transcript, request: StepRequest, store: MediaStore) -> StoredTranscript:
    key = f"transcripts/{request.cache_key()}.json"
    store.put_text(transcript.model_dump_json(indent=1), key)
    return StoredTranscript(key=key)
