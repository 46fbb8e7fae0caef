"""Speaking as work for a loaded voice, in this process or in the model host."""

from pathlib import Path
from typing import ClassVar

from pydantic import TypeAdapter
from typing_extensions import override

from tasks.inference.work import Work
from tasks.progress import Progress, ignore_progress
from tasks.voice.speech import Speech, speak

_SPEECH = TypeAdapter(Speech)

_EXPECTED_MB = 350


class Speaking(Work[Speech]):
    """A text to be spoken into a WAV file."""

    kind: ClassVar[str] = "speech"
    text: str
    language: str
    target: Path
    models_dir: Path
    voice: str | None = None
    speed: float = 1.0

    @property
    @override
    def model(self) -> str:
        return f"voice for {self.language.replace('_', '-').partition('-')[0].lower()} in {self.models_dir.resolve()}"

    @property
    @override
    def expected_mb(self) -> int:
        return _EXPECTED_MB

    @property
    @override
    def result(self) -> TypeAdapter[Speech]:
        return _SPEECH

    @override
    def run(self, progress: Progress = ignore_progress) -> Speech:
        """Raises as `speak`. The voice stays loaded in any case."""
        return speak(
            self.text,
            language=self.language,
            target=self.target,
            models_dir=self.models_dir,
            voice=self.voice,
            speed=self.speed,
            progress=progress,
        )
