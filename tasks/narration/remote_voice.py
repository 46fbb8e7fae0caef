"""Sentences spoken by a speech endpoint: fetched, checked to be speech, and brought to one form."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tasks.errors import DamagedMediaError, EngineError, NoAudioError, NotMediaError
from tasks.media.pcm import decode
from tasks.media.probe import probe, require_audio
from tasks.progress import Progress
from tasks.voice.engine import Samples, Utterance
from tasks.voice.saying import trimmed
from tasks.voice.sentences import SpokenFile, write_samples
from tasks.voice.speech import as_16_bit

if TYPE_CHECKING:
    from blocks.voice_endpoint import VoiceEndpoint

RATE = 24_000
"""Hz of what is kept, as the embedded voices have."""
_QUIETEST = 10 ** (-50 / 20)
"""Of full scale: a sentence without a louder moment is silence."""
_FASTEST = 0.02
"""Seconds that a letter takes at speed 1 at the very least; people and voices need 0.05 to 0.08."""
_WHOLE = 0.9
"""Share of what a file's header says that must be there."""
_STREAMED = 3600.0
"""Seconds beyond which a header means nothing: who streams WAV writes the largest number there is."""


def speak_remotely(
    endpoint: "VoiceEndpoint",
    texts: Sequence[str],
    targets: Sequence[Path],
    *,
    voice: str,
    speed: float,
    deadline: float,
    progress: Progress,
) -> tuple[SpokenFile, ...]:
    """Has each text spoken into the WAV file of the same place in `targets`, without silence around it.

    Raises as `VoiceEndpoint.speak`, and EngineError for what is no speech: silence, a broken or far too short sound.
    """
    spoken: list[SpokenFile] = []
    for number, (text, target) in enumerate(zip(texts, targets, strict=True)):
        progress(number / len(texts))
        received = target.with_suffix(".received")
        endpoint.speak(text, received, voice=voice, speed=speed)
        samples = _checked(_decoded(received, deadline), text, speed)
        received.unlink()
        kept = trimmed(Utterance(samples, None), RATE).samples
        write_samples(target, as_16_bit(kept), RATE)
        spoken.append(SpokenFile(frames=len(kept), sample_rate=RATE, words=None))
    progress(1.0)
    return tuple(spoken)


def _decoded(received: Path, deadline: float) -> Samples:
    try:
        info = probe(received)
        require_audio(info)
        with decode(received, sample_rate=RATE, channels=1, deadline=deadline) as reader:
            blocks = [block[:, 0] for block in reader]
    except (NotMediaError, DamagedMediaError, NoAudioError) as error:
        raise EngineError("The speech endpoint sent a sound that cannot be played.") from error
    samples = np.concatenate([np.zeros(0, np.float32), *blocks])
    if info.duration < _STREAMED and len(samples) / RATE < _WHOLE * info.duration:
        raise EngineError(
            f"The speech endpoint sent {len(samples) / RATE:.1f} of {info.duration:.1f} s of a sentence."
        )
    return samples


def _checked(samples: Samples, text: str, speed: float) -> Samples:
    if not len(samples) or float(np.abs(samples).max()) < _QUIETEST:
        raise EngineError(f'The speech endpoint sent silence for "{text[:60]}".')
    letters = sum(letter.isalnum() for letter in text)
    if len(samples) / RATE < _FASTEST * letters / speed:
        raise EngineError(
            f'The speech endpoint sent {len(samples) / RATE:.1f} s for "{text[:60]}", too little to be all of it.'
        )
    return samples
