"""Any other language, and the last resort for all: the espeak-ng program, robotic but understandable."""

import shutil
import tempfile
import wave
from functools import cache, partial
from pathlib import Path

import numpy as np

from tasks.errors import EngineError, MissingEngineError, UnknownLanguageError
from tasks.media.process import ChildProcess
from tasks.voice.engine import Offer, Utterance

PROGRAM = "espeak-ng"
_DEADLINE = 60.0
_WORDS_A_MINUTE = 175
"""The program's own pace, which speeds are relative to."""
_VARIANTS = {"pt": "pt-br", "en": "en-us"}
"""The accent meant when the language alone is given; the program would take the European one."""


class EspeakVoice:
    """espeak-ng, one process for each piece of text."""

    name = "espeak-ng"
    sample_rate = 22050
    # The program accepts 80 to 450 words a minute.
    speeds = (0.46, 2.57)

    def __init__(self, language: str) -> None:
        known = spoken_languages()
        voice = next((code for code in (_VARIANTS.get(language), language) if code in known), None)
        if voice is None:
            raise UnknownLanguageError(
                f"No voice speaks {language!r}.", hint=f"espeak-ng speaks: {', '.join(sorted(known))}."
            )
        self.voices = (voice,)

    def say(self, text: str, *, voice: str, speed: float) -> Utterance:
        """See `VoiceEngine`."""
        with tempfile.TemporaryDirectory(prefix="espeak-") as directory:
            target = Path(directory, "piece.wav")
            command = [PROGRAM, "-v", voice, "-s", str(round(_WORDS_A_MINUTE * speed)), "-w", str(target)]
            with ChildProcess([*command, "--stdin", "-b", "1"], deadline=_DEADLINE, feed=True) as child:
                child.stdin.write(text.encode())
                child.stdin.close()
                status = child.wait()
            if status != 0 or not target.is_file():
                raise EngineError(f"espeak-ng could not speak {text[:60]!r}.") from RuntimeError(
                    "\n".join(child.messages)
                )
            with wave.open(str(target), "rb") as spoken:
                samples = np.frombuffer(spoken.readframes(spoken.getnframes()), np.int16)
        return Utterance((samples / 32768).astype(np.float32), None)


@cache
def spoken_languages() -> frozenset[str]:
    """The language codes that the installed espeak-ng speaks. Raises MissingEngineError without one."""
    if shutil.which(PROGRAM) is None:
        raise MissingEngineError(
            "The program espeak-ng is not on the PATH.", hint="Install the package espeak-ng of your system."
        )
    with ChildProcess([PROGRAM, "--voices"], deadline=_DEADLINE, collect=True) as child:
        lines = child.stdout.read().decode(errors="replace").splitlines()[1:]
        child.wait()
    return frozenset(line.split()[1] for line in lines if len(line.split()) > 1)


@cache
def _loaded(language: str) -> EspeakVoice:
    return EspeakVoice(language)


def offer_espeak(language: str, models_dir: Path) -> Offer:
    """The engine for a language. Raises MissingEngineError and UnknownLanguageError."""
    del models_dir
    engine = _loaded(language)
    return Offer(engine.name, "1", engine.voices, partial(_loaded, language))
