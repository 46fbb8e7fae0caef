"""Speaking a text into a WAV file."""

import logging
import os
import tempfile
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasks.errors import InvalidInputError, MissingEngineError, UnknownLanguageError
from tasks.progress import Progress, ignore_progress
from tasks.voice.engine import Samples, VoiceEngine
from tasks.voice.espeak import load_espeak
from tasks.voice.hibari import load_hibari
from tasks.voice.kokoro import load_kokoro
from tasks.voice.pieces import cut

log = logging.getLogger(__name__)

SPEEDS = (0.25, 4.0)
"""What may be asked for; an engine may allow less."""

_LOADERS: dict[str, Callable[[str, Path], VoiceEngine]] = {"en": load_hibari, "pt": load_kokoro}


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
    code = language.replace("_", "-").partition("-")[0].lower()
    engine = _engine(code, models_dir, voice)
    _check_speed(engine, speed)
    chosen = voice or engine.voices[0]
    pieces = [piece for piece in cut(text, code) if any(character.isalnum() for character in piece.text)]
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
                samples = engine.say(piece.text, voice=chosen, speed=speed)
                silence = 0 if number + 1 == len(pieces) else round(piece.pause / speed * engine.sample_rate)
                file.writeframes(_pcm(samples) + bytes(2 * silence))
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
    return Speech(target, frames / engine.sample_rate, engine.sample_rate, engine.name, chosen)


def _engine(code: str, models_dir: Path, voice: str | None) -> VoiceEngine:
    """The best engine that is installed for a language and has the voice."""
    loaders = [_LOADERS[code]] if code in _LOADERS else []
    loaders.append(load_espeak)
    there: list[VoiceEngine] = []
    missing: list[MissingEngineError] = []
    for load in loaders:
        try:
            engine = load(code, models_dir)
        except MissingEngineError as error:
            missing.append(error)
            continue
        if voice is None or voice in engine.voices:
            if missing:
                log.warning("%s Using %s instead. %s", missing[0].message, engine.name, missing[0].hint)
            return engine
        there.append(engine)
    if there:
        known = ", ".join(f"{name} ({engine.name})" for engine in there for name in engine.voices)
        raise InvalidInputError(
            f"There is no voice {voice!r} for {code!r}.", hint=f"The voices are: {known}."
        )
    if code in _LOADERS:
        raise missing[0]
    raise UnknownLanguageError(
        f"No installed voice speaks {code!r}.",
        hint=f"The languages are: {', '.join(_LOADERS)}; the program espeak-ng adds many others.",
    ) from missing[0]


def _check_speed(engine: VoiceEngine, speed: float) -> None:
    slowest, fastest = max(SPEEDS[0], engine.speeds[0]), min(SPEEDS[1], engine.speeds[1])
    if not slowest <= speed <= fastest:
        raise InvalidInputError(
            f"The voice engine {engine.name} cannot speak at speed {speed:g}.",
            hint=f"Choose a speed from {slowest:g} to {fastest:g}.",
        )


def _pcm(samples: Samples) -> bytes:
    """16-bit samples; a piece that is too loud is turned down as a whole rather than clipped."""
    peak = float(np.abs(samples).max(initial=0.0))
    return bytes((samples / max(peak, 1.0) * 32767).astype("<i2").tobytes())
