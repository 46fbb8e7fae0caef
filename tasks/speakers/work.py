"""Diarization as work for loaded models, in this process or in the model host."""

from pathlib import Path
from typing import ClassVar

from pydantic import TypeAdapter
from typing_extensions import override

from tasks.inference.work import Work
from tasks.progress import Progress, ignore_progress
from tasks.speakers.diarization import Diarizer, load_diarizer
from tasks.speakers.networks import EMBEDDING_FILE
from tasks.speakers.options import DiarizationOptions
from tasks.speakers.turns import Turn

_TURNS = TypeAdapter(tuple[Turn, ...])

_MB = 250
"""Libraries, both networks and what they hold while they work; 190 were measured with ten minutes of sound."""


class Diarization(Work[tuple[Turn, ...]]):
    """A recording whose speakers are to be told apart."""

    kind: ClassVar[str] = "diarization"
    audio: Path
    model_dir: Path
    options: DiarizationOptions
    threads: int

    @property
    @override
    def model(self) -> str:
        weights = self.model_dir / EMBEDDING_FILE
        # A model that was replaced on disk is another one.
        changed = weights.stat().st_mtime_ns if weights.is_file() else 0
        return f"{self.model_dir.resolve()} of {changed}, {self.threads} threads"

    @property
    @override
    def expected_mb(self) -> int:
        return _MB

    @property
    @override
    def busy_threads(self) -> int:
        return self.threads

    @property
    @override
    def result(self) -> TypeAdapter[tuple[Turn, ...]]:
        return _TURNS

    @override
    def load(self) -> None:
        self._diarizer()

    @override
    def run(self, progress: Progress = ignore_progress) -> tuple[Turn, ...]:
        """Raises as `load_diarizer` and `Diarizer.turns`."""
        return self._diarizer().turns(self.audio, self.options, progress, self.deadline)

    def _diarizer(self) -> Diarizer:
        return load_diarizer(self.model_dir, self.threads)
