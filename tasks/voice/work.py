"""Speaking as work for a loaded voice, in this process or in the model host."""

from pathlib import Path
from typing import ClassVar

from pydantic import TypeAdapter
from typing_extensions import override

from tasks.inference.work import Work
from tasks.progress import Progress, ignore_progress
from tasks.voice.choice import language_code
from tasks.voice.sentences import SpokenFile, speak_sentences
from tasks.voice.speech import Speech, speak

_SPEECH = TypeAdapter(Speech)
_SENTENCES: TypeAdapter[tuple[SpokenFile, ...]] = TypeAdapter(tuple[SpokenFile, ...])

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
        return _model(self.language, self.models_dir)

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


class SpeakingSentences(Work[tuple[SpokenFile, ...]]):
    """Sentences to be spoken into WAV files of their own."""

    kind: ClassVar[str] = "sentences"
    sentences: tuple[str, ...]
    targets: tuple[Path, ...]
    """A file for each."""
    language: str
    voice: str
    models_dir: Path
    speed: float = 1.0

    @property
    @override
    def model(self) -> str:
        return _model(self.language, self.models_dir)

    @property
    @override
    def expected_mb(self) -> int:
        return _EXPECTED_MB

    @property
    @override
    def result(self) -> TypeAdapter[tuple[SpokenFile, ...]]:
        return _SENTENCES

    @override
    def run(self, progress: Progress = ignore_progress) -> tuple[SpokenFile, ...]:
        """Raises as `speak_sentences`. The voice stays loaded in any case."""
        return speak_sentences(
            self.sentences,
            self.targets,
            language=self.language,
            voice=self.voice,
            models_dir=self.models_dir,
            speed=self.speed,
            progress=progress,
        )


def _model(language: str, models_dir: Path) -> str:
    return f"voice for {language_code(language)} in {models_dir.resolve()}"
