"""Which language is spoken in some seconds of audio, by the recognition model's own judgement."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.speech.activity import SAMPLE_RATE
from tasks.speech.engine import call
from tasks.speech.transcript import Span

LOOK_SECONDS = 8.0
"""The longest piece that is looked at. A model is made for blocks of 30 s, but the language of a phrase it knows as
well without the silence that would fill the block up, at a tenth of the cost: of 17 sentences in five languages all
were named right with blocks of 8 s, and 16 with blocks of 30 s."""

Look = Callable[[Span], Mapping[str, float]]
"""Looks at a stretch of the audio, at most `LOOK_SECONDS` of it: language code -> probability."""


def look_at(model: Any, audio: NDArray[np.float32], span: Span) -> dict[str, float]:
    """The probability of every language that the model knows.

    `audio` is mono at 16 kHz, `span` in seconds from its beginning. Raises EngineError.
    """
    begin = round(span.start * SAMPLE_RATE)
    end = round(min(span.end, span.start + LOOK_SECONDS) * SAMPLE_RATE)
    frames = round(LOOK_SECONDS * model.frames_per_second)
    features = model.feature_extractor(audio[begin:end])[..., :frames]
    silence = frames - features.shape[-1]
    if silence > 0:
        features = np.pad(features, ((0, 0), (0, silence)))
    (found,) = call(partial(_detect, model, features))
    return {token.strip("<|>"): float(probability) for token, probability in found}


def _detect(model: Any, features: NDArray[np.float32]) -> Any:
    return model.model.detect_language(model.encode(features))
