"""What can go wrong when published weights are made into networks."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.errors import EngineError, MissingEngineError

MODEL_NAME = "speakers"
"""Its name in the manifest of models."""


@contextmanager
def converting(checkpoint_dir: Path) -> Iterator[None]:
    """Raises MissingEngineError if the `onnx` package is not installed, EngineError if the weights are other ones."""
    try:
        import onnx  # noqa: F401, PLC0415 - only needed once, when the model is installed
    except ImportError as error:
        raise MissingEngineError(
            "The onnx package, which installs the speaker model, is missing.",
            hint='Run: pip install "contraponto[speakers]"',
        ) from error
    try:
        yield
    except (KeyError, ValueError, IndexError) as error:
        raise EngineError(
            f"The speaker model in {checkpoint_dir} is damaged.",
            hint=f"Delete the directory and run: contraponto models get {MODEL_NAME}",
        ) from error
