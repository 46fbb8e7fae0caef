"""Speech recognition with models that stay loaded: the way into this package.

recogniser = load_recogniser(models_dir / "whisper-base")
transcript = recogniser.transcribe(Path("talk.wav"), RecognitionOptions(language="pt"))
"""

import logging
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.errors import EngineError, InvalidInputError, MissingEngineError
from tasks.inference.devices import Device, DeviceName, probe_device
from tasks.progress import Progress, ignore_progress
from tasks.speech.engine import load_engine
from tasks.speech.known_text import align_text, count_tokens
from tasks.speech.languages import AUTO, language_name, normalise_language
from tasks.speech.options import RecognitionOptions
from tasks.speech.run import Run
from tasks.speech.transcript import Transcript, Word
from tasks.speech.translation import can_translate
from tasks.speech.watch import Watch, turn

logger = logging.getLogger(__name__)

_MAX_HINT_TOKENS = 200
"""The model's memory holds 448 tokens, the transcript of a block among them."""
_KEPT_MODELS = 2


class Recogniser:
    """A loaded model. Safe to share between threads; it works on one audio at a time."""

    def __init__(self, model: Any, name: str, device: Device) -> None:
        self._model = model
        self._busy = threading.Lock()
        self.name = name
        self.device = device
        self.multilingual: bool = bool(model.model.is_multilingual)

    def transcribe(
        self,
        audio: Path,
        options: RecognitionOptions | None = None,
        progress: Progress = ignore_progress,
        deadline: float | None = None,
    ) -> Transcript:
        """The transcript of a media file.

        `deadline` is the number of seconds that the work may take, without waiting for a busy model. Audio
        without speech gives an empty transcript whose quality says so.
        Raises UnknownLanguageError, MissingEngineError (an English-only model and another language),
        InvalidInputError, NotMediaError, NoAudioError, DamagedMediaError, EngineError, StageTimeoutError,
        and whatever `progress` raises.
        """
        options = options or RecognitionOptions()
        language = self._check(options)
        end = None if deadline is None else time.monotonic() + deadline
        run = Run(self._model, self.device, options, language, Watch(progress, end, audio.name))
        with turn(self._busy, run.watch):
            return run.transcribe(audio, self.name)

    def align(self, audio: NDArray[np.float32], text: str, language: str) -> tuple[Word, ...]:
        """Where a known text is heard; see `tasks.speech.known_text.align_text`. Raises EngineError."""
        with self._busy:
            return align_text(self._model, audio, text, language)

    def tokens(self, text: str) -> int:
        """How many of the engine's tokens a text has; `align` takes some 400."""
        return count_tokens(self._model, text)

    def _check(self, options: RecognitionOptions) -> str | None:
        """The language to assume; None = detect it."""
        language = normalise_language(options.language)
        if not self.multilingual and language not in (AUTO, "en"):
            raise MissingEngineError(
                f"The model {self.name} knows English only, and the language is {language_name(language)}.",
                hint='Choose a multilingual model such as "base" or "large-v3".',
            )
        if not self.multilingual:
            language = "en"
        if options.task == "translate" and self.multilingual and not can_translate(self.name):
            raise MissingEngineError(
                f"The model {self.name} cannot translate.",
                hint='Choose a model that can: "base", "small", "medium" or "large-v3".',
            )
        known = self._model.supported_languages
        if language not in (AUTO, *known):
            raise MissingEngineError(
                f"The model {self.name} does not know {language_name(language)}.", hint='Choose "large-v3".'
            )
        hints = [hint for hint in (options.initial_prompt, options.hotwords) if hint]
        tokens = sum(len(self._model.hf_tokenizer.encode(hint).ids) for hint in hints)
        if tokens > _MAX_HINT_TOKENS:
            raise InvalidInputError(
                f"The initial prompt and the hotwords are too long together ({tokens} tokens).",
                hint=f"Shorten them to {_MAX_HINT_TOKENS} tokens, about {_MAX_HINT_TOKENS * 3 // 4} words.",
            )
        if options.beam_size < 1:
            raise InvalidInputError("The beam size must be 1 or more.", hint="5 is a good choice.")
        return None if language == AUTO else language


_loaded: OrderedDict[tuple[object, ...], Recogniser] = OrderedDict()
_loading = threading.Lock()


def load_recogniser(
    model_dir: Path,
    *,
    device: DeviceName = "auto",
    compute_type: str = "auto",
    threads: int | None = None,
) -> Recogniser:
    """The recogniser for the model in a directory; the process keeps the two used last.

    Device, compute type and threads are probed unless given. With "auto", a GPU that fails on this model
    gives way to the CPU (the log says why, the transcript says where it ran).
    Raises MissingEngineError or EngineError.
    """
    with _loading:
        key = (model_dir.resolve(), _stamp(model_dir), device, compute_type, threads)
        if key in _loaded:
            _loaded.move_to_end(key)
            return _loaded[key]
        while len(_loaded) >= _KEPT_MODELS:
            _loaded.popitem(last=False)
        chosen = probe_device(device, compute_type=compute_type, threads=threads)
        started = time.monotonic()
        try:
            model = load_engine(model_dir, chosen)
        except EngineError as error:
            if device != "auto" or chosen.name == "cpu":
                raise
            logger.warning("using the CPU: %s", error)
            chosen = probe_device("cpu", threads=threads)
            model = load_engine(model_dir, chosen)
        logger.info("loaded %s on %s in %.1f s", model_dir.name, chosen, time.monotonic() - started)
        _loaded[key] = Recogniser(model, model_dir.name, chosen)
        return _loaded[key]


def unload_recognisers() -> None:
    """Forgets all loaded models; their memory is free once nobody uses them."""
    with _loading:
        _loaded.clear()


def _stamp(model_dir: Path) -> tuple[int, int] | None:
    """Changes when the model is replaced on disk."""
    weights = model_dir / "model.bin"
    if not weights.is_file():
        return None
    status = weights.stat()
    return status.st_mtime_ns, status.st_size


__all__ = ["Recogniser", "RecognitionOptions", "load_recogniser", "unload_recognisers"]
