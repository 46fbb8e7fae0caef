"""What a voice engine is."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""One channel, -1.0 to 1.0."""


class VoiceEngine(Protocol):
    """An engine that is loaded and ready, for one language."""

    @property
    def name(self) -> str:
        """Stable name, recorded in results."""

    @property
    def sample_rate(self) -> int:
        """Hz of what `say` gives."""

    @property
    def voices(self) -> tuple[str, ...]:
        """The voices for the language; the first is the default."""

    @property
    def speeds(self) -> tuple[float, float]:
        """Slowest and fastest speed, 1.0 being the voice's own pace."""

    def say(self, text: str, *, voice: str, speed: float) -> Samples:
        """Speak at most a few sentences. Empty when there is nothing in the text that can be spoken."""
