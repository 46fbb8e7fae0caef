"""Captions into the media store, and what is known of somebody's own recording of a script."""

import hashlib
from collections.abc import Sequence

from blocks.from_settings import media_store
from blocks.media_store import MediaStore
from blocks.settings import Settings
from tasks.inference.client import perform
from tasks.inference.sockets import chosen_socket
from tasks.narration.captions import caption_cues, caption_file, caption_words
from tasks.narration.options import CaptionFormat
from tasks.narration.script import clean_script, script_pieces
from tasks.narration.work import ScriptAlignment
from tasks.progress import Progress
from tasks.promotion.materials import CaptionTrack, Language, Narration, StoredFile
from tasks.speech.steps import model_directory
from tasks.subtitles.layout import SubtitleOptions


def write_captions(
    narration: Narration,
    formats: Sequence[CaptionFormat],
    options: SubtitleOptions,
    name: str,
    store: MediaStore,
) -> CaptionTrack:
    """The captions of a narration, each format in a file `name` with its ending.

    Raises InvalidInputError where the options contradict each other.
    """
    cues = caption_cues(narration, options)
    files: dict[str, StoredFile] = {}
    for kind in formats:
        text = caption_file(narration, cues, kind, tall=options.preset == "vertical")
        key = f"{name}.{kind}"
        store.put_text(text, key)
        files[kind] = StoredFile(key=key, sha256=hashlib.sha256(text.encode()).hexdigest())
    return CaptionTrack(
        language=narration.language,
        cues=cues,
        words=caption_words(narration),
        files=files,
        warnings=narration.warnings,
    )


def recorded_narration(
    recording: StoredFile, script: str, language: Language, settings: Settings, progress: Progress
) -> Narration:
    """A stored recording as a narration: when the words of the script are heard in it.

    Without a script, or if it says something else, its words are what the recogniser understands; `warnings` tell.
    Raises MissingEngineError (no speech model) and as `tasks.speech.recognition.Recogniser.transcribe`.
    """
    pieces = script_pieces(clean_script(script), language)
    with media_store(settings).open_local(recording.key) as audio:
        work = ScriptAlignment(
            audio=audio.absolute(),
            model_dir=model_directory(settings.whisper_model, settings),
            device=settings.whisper_device,
            compute_type=settings.whisper_compute_type,
            threads=settings.whisper_threads or None,
            sentences=tuple(piece.text for piece in pieces),
            language=language,
            deadline=settings.transcription_timeout,
        )
        aligned = perform(work, progress, host=chosen_socket(settings.model_host, settings.home))
    return Narration(
        file=recording,
        duration=aligned.duration,
        language=language,
        sentences=aligned.sentences,
        engine="recording",
        voice="recording",
        warnings=aligned.warnings,
    )
