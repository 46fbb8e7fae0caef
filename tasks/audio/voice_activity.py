"""Where somebody speaks, by Silero's voice activity model: cheap enough to be asked before anything else is done."""

from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Hertz of the sound that the model hears; see `tasks.speech.activity.SAMPLE_RATE`."""

# Fine enough to cut between phrases; whoever wants longer stretches joins them.
_MIN_SILENCE_MS = 100

_FAINT = 0.2
_FAINT_END = 0.1
_FAINT_MIN_MS = 90
"""Probability from which a moment may be a faint voice, below which it ends, and how long it lasts at least. In
fourteen pieces of meetings over far microphones 62 % of the speech reach 0.2, and 52 % 0.5, which is usual; of what is
no speech 1 %; of noise, hum, chords and drums 0.3 %, for a moment of 32 ms here and there."""


def can_hear() -> bool:
    """Whether the model is here. An installation that has recordings transcribed elsewhere may lack it."""
    return find_spec("faster_whisper") is not None


def speech_stretches(audio: NDArray[np.float32], *, faint: bool = False) -> list[tuple[float, float]]:
    """Start and end in seconds of each stretch of speech in mono sound at 16 kHz, in order, without padding.

    `faint`: voices that are too soft or far away to be sure of count, too.
    The model comes with faster-whisper; without that package this raises ImportError.
    """
    from faster_whisper.vad import VadOptions, get_speech_timestamps  # noqa: PLC0415 - an optional engine

    if not audio.size:
        return []
    options = VadOptions(min_silence_duration_ms=_MIN_SILENCE_MS, speech_pad_ms=0)
    if faint:
        options.threshold, options.neg_threshold = _FAINT, _FAINT_END
        options.min_speech_duration_ms = _FAINT_MIN_MS
    return [
        (found["start"] / SAMPLE_RATE, min(found["end"], audio.size) / SAMPLE_RATE)
        for found in get_speech_timestamps(audio, options)
    ]
