"""English: Hibari, a small network that comes inside its own package."""

from functools import cache
from pathlib import Path

import numpy as np

from tasks.errors import MissingEngineError
from tasks.voice.engine import Samples


class HibariVoice:
    """The voice that is in the package; its others would be fetched behind the user's back."""

    name = "hibari"
    voices = ("heart",)
    speeds = (0.5, 2.0)

    def __init__(self) -> None:
        try:
            from hibari import SAMPLE_RATE, Hibari  # noqa: PLC0415 - an extra
        except ModuleNotFoundError as error:
            raise MissingEngineError(
                "The English voice (hibari-tts) is not installed.",
                hint="Install it with: pip install 'contraponto[voice]'",
            ) from error
        self.sample_rate = int(SAMPLE_RATE)
        self._hibari = Hibari(voice="heart")

    def say(self, text: str, *, voice: str, speed: float) -> Samples:
        """See `VoiceEngine`; the same text always gives the same samples."""
        del voice
        return np.asarray(self._hibari(text, speed=speed, seed=0), np.float32)


@cache
def load_hibari(language: str, models_dir: Path) -> HibariVoice:
    """The warm engine of this process. Raises MissingEngineError."""
    del language, models_dir
    return HibariVoice()
