"""Recognition as work for a loaded model, in this process or in the model host."""

from pathlib import Path
from typing import ClassVar

from pydantic import TypeAdapter
from typing_extensions import override

from tasks.inference.devices import DeviceName, usable_threads
from tasks.inference.work import ALL_THREADS, Work
from tasks.progress import Progress, ignore_progress
from tasks.speech.options import RecognitionOptions
from tasks.speech.recognition import Recogniser, load_recogniser
from tasks.speech.transcript import Transcript

_TRANSCRIPT = TypeAdapter(Transcript)

_MB_BESIDE_WEIGHTS = 350
"""Libraries, and the buffers of the first recognition."""


class Recognition(Work[Transcript]):
    """Speech to be written down."""

    kind: ClassVar[str] = "recognition"
    audio: Path
    model_dir: Path
    device: DeviceName
    compute_type: str
    threads: int | None
    options: RecognitionOptions

    @property
    @override
    def model(self) -> str:
        weights = self.model_dir / "model.bin"
        # A model that was replaced on disk is another one.
        changed = weights.stat().st_mtime_ns if weights.is_file() else 0
        return f"{self.model_dir.resolve()} of {changed}, {self.device} {self.compute_type}, {self.threads} threads"

    @property
    @override
    def expected_mb(self) -> int:
        weights = self.model_dir / "model.bin"
        # Weights are kept in the number format of the arithmetic, at most twice as wide as in the file.
        size = weights.stat().st_size >> 20 if weights.is_file() else 0
        return round(1.5 * size) + _MB_BESIDE_WEIGHTS

    @property
    @override
    def busy_threads(self) -> int:
        # Copies on one GPU would share its memory, which nobody counts.
        gpu = self.device == "cuda" or (self.device == "auto" and Path("/dev/nvidiactl").exists())
        return ALL_THREADS if gpu else self.threads or usable_threads()

    @property
    @override
    def result(self) -> TypeAdapter[Transcript]:
        return _TRANSCRIPT

    @override
    def load(self) -> None:
        self._recogniser()

    @override
    def run(self, progress: Progress = ignore_progress) -> Transcript:
        """Raises as `load_recogniser` and `Recogniser.transcribe`."""
        return self._recogniser().transcribe(self.audio, self.options, progress, self.deadline)

    def _recogniser(self) -> Recogniser:
        return load_recogniser(
            self.model_dir, device=self.device, compute_type=self.compute_type, threads=self.threads
        )
