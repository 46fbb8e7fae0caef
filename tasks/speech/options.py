"""What the caller of a recognition can choose."""

from dataclasses import dataclass
from typing import Literal

from tasks.speech.languages import AUTO
from tasks.speech.transcript import Task
from tasks.speech.windows import WINDOW_SECONDS


@dataclass(frozen=True, slots=True)
class RecognitionOptions:
    """What a recognition should do."""

    language: str = AUTO
    """A language in any usual form ("pt", "pt-BR", "Portuguese"), or "auto" to have it detected."""
    task: Task = "transcribe"
    """"translate" yields English text, whatever is spoken."""
    word_timestamps: bool = True
    initial_prompt: str | None = None
    """Text in the style of what is said: names, spelling, punctuation."""
    hotwords: str | None = None
    """Words to listen for."""
    beam_size: int = 5
    vad: bool = True
    """Leave out long stretches without speech. Without it the engine hears everything, and may invent text."""
    batch: Literal["auto", "on", "off"] = "auto"
    """Recognise several blocks at once, checked for lost speech; "auto" does so on a GPU only."""
    window_seconds: float = WINDOW_SECONDS
    """How much audio is held in memory at once."""
