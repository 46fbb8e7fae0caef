"""Normalisation as work for loaded models, in this process or in the model host."""

from pathlib import Path
from typing import ClassVar

from pydantic import TypeAdapter
from typing_extensions import override

from tasks.audio import noise, vocals
from tasks.audio.inference import keep_models
from tasks.audio.normalise import NormalisationOptions, NormalisationReport, normalise
from tasks.inference.work import Work
from tasks.progress import Progress, ignore_progress

_REPORT = TypeAdapter(NormalisationReport)

_MB_BASE = 120
_MB = {noise.MODEL_NAME: 100, vocals.MODEL_NAME: 350}
"""What each model adds while it works."""


class Normalisation(Work[NormalisationReport]):
    """Sound to be normalised into a FLAC file."""

    kind: ClassVar[str] = "normalisation"
    source: Path
    target: Path
    options: NormalisationOptions
    models_dir: Path
    threads: int

    @property
    def models(self) -> tuple[str, ...]:
        """The models that its filters need; none: nothing is gained by having it done elsewhere."""
        neural_noise = self.options.remove_noise and self.options.noise_engine == "deepfilternet"
        return (
            *([noise.MODEL_NAME] if neural_noise else []),
            *([vocals.MODEL_NAME] if self.options.isolate_vocals else []),
        )

    @property
    @override
    def model(self) -> str:
        return f"{' + '.join(self.models)} in {self.models_dir.resolve()}, {self.threads} threads"

    @property
    @override
    def expected_mb(self) -> int:
        return _MB_BASE + sum(_MB[name] for name in self.models)

    @property
    @override
    def busy_threads(self) -> int:
        return self.threads

    @property
    @override
    def result(self) -> TypeAdapter[NormalisationReport]:
        return _REPORT

    @override
    def load(self) -> None:
        # The filters hold the state of one sound and are made for each; their networks stay.
        keep_models()

    @override
    def run(self, progress: Progress = ignore_progress) -> NormalisationReport:
        """Raises as `normalise`."""
        return normalise(
            self.source,
            self.target,
            self.options,
            self.models_dir,
            progress,
            self.deadline,
            threads=self.threads,
        )
