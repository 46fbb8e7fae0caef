"""faster-whisper behind a door: loading a model, and turning its errors into ours."""

import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tasks.errors import EngineError, MissingEngineError, OutOfMemoryError
from tasks.inference.devices import Device

logger = logging.getLogger(__name__)

T = TypeVar("T")

_FILES = ("config.json", "model.bin", "tokenizer.json")


def load_engine(model_dir: Path, device: Device) -> Any:
    """A `faster_whisper.WhisperModel` of the model in the directory, tried once on a GPU.

    Raises MissingEngineError (not installed, files missing) or EngineError (the files cannot be loaded, the
    GPU fails).
    """
    try:
        from faster_whisper import WhisperModel  # noqa: PLC0415 - an optional engine
    except ImportError as error:
        raise MissingEngineError(
            "Speech recognition is not installed (faster-whisper).",
            hint="Install it with: pip install 'contraponto[speech]'.",
        ) from error
    # With a file missing the library would go to the network for it, without a word.
    missing = [name for name in _FILES if not (model_dir / name).is_file()]
    if missing:
        raise MissingEngineError(
            f"The speech model {model_dir.name} lacks {', '.join(missing)} in {model_dir}.",
            hint="Get the model again with: make models.",
        )
    try:
        model = WhisperModel(
            str(model_dir),
            device=device.name,
            compute_type=device.compute_type,
            cpu_threads=device.threads,
            num_workers=1,
            local_files_only=True,
        )
        bands = int(model.feature_extractor.mel_filters.shape[0])
        if bands != model.model.n_mels:
            raise MissingEngineError(
                f"The speech model {model_dir.name} lacks its preprocessor_config.json in {model_dir}.",
                hint="Get the model again with: make models.",
            )
        if device.name == "cuda":
            # Missing CUDA libraries show only when something is computed.
            model.encode(np.zeros((bands, model.feature_extractor.nb_max_frames), np.float32))
    except (RuntimeError, ValueError) as error:
        raise _failure(
            error,
            f"The speech model {model_dir.name} cannot be loaded on {device.name}",
            'Get the model again with: make models; for a GPU error choose device "cpu".',
        ) from error
    return model


def call(action: Callable[[], T]) -> T:
    """The result of one call into the engine. Raises EngineError."""
    try:
        return action()
    except (RuntimeError, ValueError) as error:
        raise _failure(error) from error


def iterate(found: Iterable[T]) -> Iterator[T]:
    """The engine's lazy results: its work happens here, item by item, and so do its errors.

    Raises:
        EngineError: the engine failed.
    """
    iterator = iter(found)
    while True:
        try:
            item = next(iterator)
        except StopIteration:
            return
        except (RuntimeError, ValueError) as error:
            raise _failure(error) from error
        yield item


def _failure(
    error: Exception,
    what: str = "The speech engine failed",
    hint: str = 'Try again; if it persists, choose device "cpu".',
) -> EngineError:
    text = _first_line(error)
    # "CUDA failed with error out of memory", "CUBLAS_STATUS_ALLOC_FAILED"
    if "out of memory" in text.lower() or "alloc" in text.lower():
        return OutOfMemoryError(f"{what}: {text}.", hint="Choose a smaller model or compute type int8.")
    return EngineError(f"{what}: {text}.", hint=hint)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")
