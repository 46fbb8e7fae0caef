"""Speaking a text into a WAV file."""

import os
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasks.errors import InvalidInputError
from tasks.progress import Progress, ignore_progress
from tasks.voice.choice import choose_voice, language_code
from tasks.voice.engine import Samples, Samples16
from tasks.voice.pieces import cut
from tasks.voice.saying import check_speed, say


@dataclass(frozen=True)
class Speech:
    """A spoken text."""

    path: Path
    duration: float
    """Seconds."""
    sample_rate: int
    engine: str
    voice: str


def speak(
    text: str,
    *,
    language: str,
    target: Path,
    models_dir: Path,
    voice: str | None = None,
    speed: float = 1.0,
    progress: Progress = ignore_progress,
) -> Speech:
    """Speak `text` into the WAV file `target` (mono, 16 bit), sentence by sentence, in bounded memory.

    `language` is a code such as `en`, `pt` or `pt-BR`. `speed` is relative to the voice's own pace. The
    engine stays loaded for the next call in this process. Where the language's own engine is not installed
    espeak-ng speaks, if there is one; the result says which it was.

    Raises InvalidInputError (no words in the text, unknown voice, speed out of range), UnknownLanguageError,
    MissingEngineError.
    """
    if not any(character.isalnum() for character in text):
        raise InvalidInputError("There is no text to speak.", hint="Give at least one word.")
    check_speed(speed)
    chosen = choose_voice(language, models_dir, voice)
    engine = chosen.offer.load()
    pieces = [
        piece
        for piece in cut(text, language_code(language))
        if any(character.isalnum() for character in piece.text)
    ]
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    os.close(handle)
    temporary = Path(name)
    try:
        frames = 0
        with wave.open(name, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(engine.sample_rate)
            for number, piece in enumerate(pieces):
                progress(number / len(pieces))
                samples = say(engine, piece.text, voice=chosen.voice, speed=speed).samples
                silence = 0 if number + 1 == len(pieces) else round(piece.pause / speed * engine.sample_rate)
                file.writeframes(as_16_bit(samples).astype("<i2").tobytes() + bytes(2 * silence))
                frames += len(samples) + silence
        if frames == 0:
            raise InvalidInputError(
                "The voice found nothing to speak in the text.", hint="Give at least one word."
            )
        temporary.chmod(0o644)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    progress(1.0)
    return Speech(target, frames / engine.sample_rate, engine.sample_rate, engine.name, chosen.voice)


def as_16_bit(samples: Samples) -> Samples16:
    """Samples as files have them; a piece that is too loud is turned down as a whole rather than clipped."""
    peak = float(np.abs(samples).max(initial=0.0))
    return (samples / max(peak, 1.0) * 32767).astype(np.int16)
