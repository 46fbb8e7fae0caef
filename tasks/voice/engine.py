"""What a voice engine is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""One channel, -1.0 to 1.0."""
Samples16 = NDArray[np.int16]
"""One channel as files have it."""
Interval = tuple[float, float]
"""Where something begins and ends, in seconds."""


@dataclass(frozen=True)
class Utterance:
    """A text that was spoken."""

    samples: Samples
    words: tuple[Interval, ...] | None
    """When each word of the text (what stands between blanks) is heard, in their order; one that makes no sound is as
    long as nothing. None: the engine does not know."""


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
        """Slowest and fastest speed at which it speaks well, 1.0 being the voice's own pace."""

    def say(self, text: str, *, voice: str, speed: float) -> Utterance:
        """Speak at most a few sentences. Empty when there is nothing in the text that can be spoken."""


@dataclass(frozen=True)
class Offer:
    """An engine that could be loaded for a language: what is known of it beforehand."""

    engine: str
    version: str
    """Changes when the same text would sound different."""
    voices: tuple[str, ...]
    """For the language; the first is the default."""
    load: Callable[[], VoiceEngine]
    warnings: tuple[str, ...] = ()
    """What is not as good as it could be."""
