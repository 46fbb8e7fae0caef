"""Loading of ONNX models for the sound filters."""

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeVar

from tasks.errors import MissingEngineError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Model = TypeVar("Model")

_kept: dict[Hashable, Any] | None = None


def keep_models() -> None:
    """From now on this process keeps the models that it loads.

    By default they go with the filter that uses them: a job needs their memory for its next stage.
    """
    global _kept  # noqa: PLW0603 - what a process keeps loaded is a fact about the process
    if _kept is None:
        _kept = {}


def loaded(key: Hashable, load: Callable[[], Model]) -> Model:
    """What `load` gives, or gave earlier for the same key where models are kept."""
    if _kept is None:
        return load()
    if key not in _kept:
        _kept[key] = load()
    model: Model = _kept[key]
    return model


def load_session(model: bytes | str, threads: int) -> "InferenceSession":
    """A CPU session for a model (its bytes or its path) whose operators use `threads` threads each."""
    try:
        import onnxruntime  # noqa: PLC0415 - an optional engine
    except ImportError as error:
        raise MissingEngineError(
            "ONNX Runtime, which runs the sound models, is not installed.",
            hint="Run: pip install onnxruntime",
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Idle threads that spin take the processor from the decoder and the encoder.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
