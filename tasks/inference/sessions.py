"""Loading of ONNX models that run on the processor."""

from typing import TYPE_CHECKING

from tasks.errors import MissingEngineError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def load_session(model: bytes | str, threads: int) -> "InferenceSession":
    """A CPU session for a model (its bytes or its path) whose operators use `threads` threads each.

    Raises MissingEngineError if ONNX Runtime is not installed.
    """
    try:
        import onnxruntime  # noqa: PLC0415 - an optional engine
    except ImportError as error:
        raise MissingEngineError(
            "ONNX Runtime, which runs the smaller models, is not installed.",
            hint="Run: pip install onnxruntime",
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Idle threads that spin take the processor from the decoder and the encoder.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
