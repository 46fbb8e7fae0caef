"""How long a script takes to speak, before anybody speaks it.

Calibrated on the embedded voices (Hibari in English, Kokoro in Brazilian Portuguese): the seconds of a sentence grow
with the letters of its spoken form, in English also with the marks inside it, at which that voice pauses.
"""

import re
from dataclasses import dataclass

from tasks.narration.script import clean_script, script_pieces
from tasks.narration.spoken_form import spoken_form
from tasks.promotion.materials import Language


@dataclass(frozen=True, slots=True)
class _Pace:
    """Seconds, at speed 1."""

    sentence: float
    """Of each sentence, whatever it says; below 0 where long sentences are spoken more slowly."""
    letter: float
    mark: float
    """A pause inside a sentence."""


_PACES: dict[Language, _Pace] = {
    "en": _Pace(sentence=-0.23, letter=0.0655, mark=0.50),
    "pt-BR": _Pace(sentence=0.16, letter=0.0706, mark=0.0),
}
"""Least squares over 27 sentences of shops each (prices, dates, phones among them), spoken by `heart` and `pf_dora`.
Scripts of five of them, each sentence predicted by a fit without it, come out at most 7 % (English) and 6 %
(Portuguese) wrong; scripts of other sentences were not measured."""
_PACE_OF_OTHERS = {"jm_kumo": 0.75}
"""Times as fast as the voice of the language that this is calibrated on. Of Portuguese it is the one that speaks where
no Brazilian voice is installed: its pace in 45 sentences of the templates was 0.70 (prices) to 0.85 of the other's."""
_LEAST = 0.25
"""Seconds of the shortest sentence."""
_MARKS = re.compile(r"[,;:–—…](?=\s)")


def predicted_seconds(script: str, language: Language, speed: float = 1.0) -> float:
    """Seconds that the embedded voice of the language needs for a script as people write it, its pauses with it."""
    pieces = script_pieces(clean_script(script), language)
    if not pieces:
        return 0.0
    # Behind the last sentence there is no pause.
    seconds = sum(_seconds(piece.text, language) + piece.pause for piece in pieces) - pieces[-1].pause
    return seconds / speed


def pace_of(voice: str) -> float:
    """How fast an embedded voice speaks, beside the one that lengths are predicted for: a factor of the speed."""
    return _PACE_OF_OTHERS.get(voice, 1.0)


def seconds_too_many(script: str, language: Language, duration: float, speed: float = 1.0) -> float:
    """By how many seconds a script is too long for a duration; 0 where it fits."""
    return max(0.0, predicted_seconds(script, language, speed) - duration)


def words_too_many(script: str, language: Language, duration: float, speed: float = 1.0) -> int:
    """How many of its words (as they are written) a script should lose to fit a duration, about; 0 where it fits."""
    seconds = predicted_seconds(script, language, speed)
    if seconds <= duration:
        return 0
    words = len(clean_script(script).split())
    return max(1, round(words * (1 - duration / seconds)))


def _seconds(sentence: str, language: Language) -> float:
    pace = _PACES[language]
    spoken = spoken_form(sentence, language).text
    letters = sum(letter.isalnum() for letter in spoken)
    return max(_LEAST, pace.sentence + pace.letter * letters + pace.mark * len(_MARKS.findall(spoken)))
