"""What a piece of work for a loaded model is."""

from abc import abstractmethod
from typing import ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter

from tasks.progress import Progress, ignore_progress

Result = TypeVar("Result")

ALL_THREADS = 1 << 16
"""More than any machine has."""


class Work(BaseModel, Generic[Result]):
    """One thing to be done by a model: all that is needed for it, with files as absolute paths."""

    model_config = ConfigDict(frozen=True)

    kind: ClassVar[str]
    """Its name in `tasks.inference.kinds`."""
    deadline: float
    """Seconds that it may take once it has begun."""

    @property
    @abstractmethod
    def model(self) -> str:
        """The loaded model that does it, with whatever makes it another one (folder, version, device).

        Work with the same name here is done by the same loaded model.
        """

    @property
    @abstractmethod
    def expected_mb(self) -> int:
        """Memory that a process with the model is likely to hold, before anybody has measured it."""

    @property
    def busy_threads(self) -> int:
        """Processors that it keeps busy.

        A host with more of them may load the model several times; with `ALL_THREADS` it never does.
        """
        return ALL_THREADS

    @property
    @abstractmethod
    def result(self) -> TypeAdapter[Result]:
        """The form of what `run` returns."""

    def load(self) -> None:
        """Loads the model into this process, where it stays for later calls of `run`."""

    @abstractmethod
    def run(self, progress: Progress = ignore_progress) -> Result:
        """Does it here, loading the model if it is not loaded."""
