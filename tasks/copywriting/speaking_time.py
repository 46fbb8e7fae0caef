"""How long a script takes when it is spoken."""

from tasks.copywriting.wording import sentences
from tasks.narration.spoken_form import spoken_form
from tasks.promotion.materials import Language

_LETTERS_A_SECOND: dict[Language, float] = {"pt-BR": 14.0, "en": 14.5}
"""Of the spoken form, at speed 1."""
_PAUSE = 0.4
"""Seconds behind a sentence."""


def seconds_of(script: str, language: Language, speed: float = 1.0) -> float:
    """Seconds that the script takes, by the letters of its spoken form."""
    spoken = spoken_form(script, language).text
    pauses = _PAUSE * max(len(sentences(script)) - 1, 0)
    return (len(spoken) / _LETTERS_A_SECOND[language] + pauses) / speed
