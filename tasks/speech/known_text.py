"""Where a text that is known is heard in a short recording: the engine's alignment without its recognition."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.speech.engine import call
from tasks.speech.transcript import Word

LONGEST = 30.0
"""Seconds that the engine hears at once."""
MOST_TOKENS = 400
"""Of a text, of the 448 that the engine holds."""
_RATE = 16_000
_FRAMES = 3000
"""Of a spectrum of 30 seconds."""


def align_text(model: Any, audio: NDArray[np.float32], text: str, language: str) -> tuple[Word, ...]:
    """The parts that the engine cuts a text into (words, marks by themselves), each when it is heard in the audio.

    They spell the text with its blanks: `" " + text`. Times are the engine's, which are early by a nearly constant
    amount (see `tasks.speech.word_starts`). A text that is not said is laid over the audio all the same, with low
    probabilities.

    Args:
        model: A `faster_whisper.WhisperModel`.
        audio: Mono, 16 kHz, at most `LONGEST` seconds.
        text: What is said; at most `MOST_TOKENS` tokens.
        language: Its code.

    Raises:
        EngineError: the engine failed.
    """
    from faster_whisper.audio import pad_or_trim  # noqa: PLC0415 - an optional engine
    from faster_whisper.tokenizer import Tokenizer  # noqa: PLC0415 - an optional engine

    tokenizer = Tokenizer(
        model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language
    )
    tokens = tokenizer.encode(f" {text}")
    spectrum = model.feature_extractor(audio[: int(LONGEST * _RATE)])
    frames = min(int(audio.size / _RATE * model.frames_per_second), _FRAMES)
    encoded = call(lambda: model.encode(pad_or_trim(spectrum, _FRAMES)))
    found = call(lambda: model.find_alignment(tokenizer, [tokens], encoded, frames))[0]
    return tuple(
        Word(word=each["word"], start=each["start"], end=each["end"], probability=each["probability"])
        for each in found
        if each["word"]
    )


def count_tokens(model: Any, text: str) -> int:
    """How many of the engine's tokens a text has."""
    return len(model.hf_tokenizer.encode(f" {text}", add_special_tokens=False).ids)
