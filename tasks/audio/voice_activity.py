"""Where somebody speaks, by Silero's voice activity model: cheap enough to be asked before anything else is done."""

from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Hertz of the sound that the model hears; see `tasks.speech.activity.SAMPLE_RATE`."""

# Fine enough to cut between phrases; whoever wants longer stretches joins them.
_MIN_SILENCE_MS = 100


def can_hear() -> bool:
    """Whether the model is here. An installation that has recordings transcribed elsewhere may lack it."""
    return find_spec("faster_whisper") is not None


def speech_stretches(audio: NDArray[np.float32]) -> list[tuple[float, float]]:
    """Start and end in seconds of each stretch of speech in mono sound at 16 kHz, in order, without padding.

    The model comes with faster-whisper; without that package this raises ImportError.
    """
    from faster_whisper.vad import VadOptions, get_speech_timestamps  # noqa: PLC0415 - an optional engine

    if not audio.size:
        return []
    options = VadOptions(min_silence_duration_ms=_MIN_SILENCE_MS, speech_pad_ms=0)
    return [
        (found["start"] / SAMPLE_RATE, min(found["end"], audio.size) / SAMPLE_RATE)
        for found in get_speech_timestamps(audio, options)
    ]
