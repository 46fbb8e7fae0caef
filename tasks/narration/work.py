"""Alignment as work for a loaded recogniser, in this process or in the model host."""

from pathlib import Path
from typing import ClassVar

from pydantic import TypeAdapter
from typing_extensions import override

from tasks.inference.devices import DeviceName
from tasks.inference.work import Work
from tasks.narration.alignment import AlignedScript, align_script
from tasks.progress import Progress, ignore_progress
from tasks.promotion.materials import Language
from tasks.speech.options import RecognitionOptions
from tasks.speech.recognition import load_recogniser
from tasks.speech.work import Recognition

_ALIGNED = TypeAdapter(AlignedScript)


class ScriptAlignment(Work[AlignedScript]):
    """A script to be found in a recording of it."""

    kind: ClassVar[str] = "alignment"
    audio: Path
    model_dir: Path
    device: DeviceName
    compute_type: str
    threads: int | None
    sentences: tuple[str, ...]
    """Of the script, in written form; without any the recording is written down."""
    language: Language

    @property
    @override
    def model(self) -> str:
        return self._recognition.model

    @property
    @override
    def expected_mb(self) -> int:
        return self._recognition.expected_mb

    @property
    @override
    def busy_threads(self) -> int:
        return self._recognition.busy_threads

    @property
    @override
    def result(self) -> TypeAdapter[AlignedScript]:
        return _ALIGNED

    @override
    def load(self) -> None:
        self._recognition.load()

    @override
    def run(self, progress: Progress = ignore_progress) -> AlignedScript:
        """Raises as `align_script`."""
        recogniser = load_recogniser(
            self.model_dir, device=self.device, compute_type=self.compute_type, threads=self.threads
        )
        return align_script(recogniser, self.audio, self.sentences, self.language, progress, self.deadline)

    @property
    def _recognition(self) -> Recognition:
        """The work for which the same model is loaded."""
        return Recognition(
            audio=self.audio,
            model_dir=self.model_dir,
            device=self.device,
            compute_type=self.compute_type,
            threads=self.threads,
            options=RecognitionOptions(),
            deadline=self.deadline,
        )
