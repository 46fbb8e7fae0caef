"""Which models of the sound filters a process keeps."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

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
