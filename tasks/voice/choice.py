"""Which of the installed engines speaks a language with a voice."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tasks.errors import InvalidInputError, MissingEngineError, UnknownLanguageError
from tasks.voice.engine import Offer
from tasks.voice.espeak import offer_espeak
from tasks.voice.hibari import offer_hibari
from tasks.voice.kokoro import offer_kokoro

log = logging.getLogger(__name__)

_OFFERS: dict[str, Callable[[str, Path], Offer]] = {"en": offer_hibari, "pt": offer_kokoro}


@dataclass(frozen=True)
class ChosenVoice:
    """An engine and its voice; nothing is loaded yet."""

    offer: Offer
    voice: str
    warnings: tuple[str, ...]
    """What is not as it was meant: another engine, an accent."""


def language_code(language: str) -> str:
    """`pt` for pt-BR and pt_PT: engines are chosen by it."""
    return language.replace("_", "-").partition("-")[0].lower()


def choose_voice(language: str, models_dir: Path, voice: str | None = None) -> ChosenVoice:
    """The best engine that is installed for a language and has the voice (None: its default).

    Raises InvalidInputError (no such voice), UnknownLanguageError, MissingEngineError.
    """
    code = language_code(language)
    offers = [_OFFERS[code]] if code in _OFFERS else []
    there: list[Offer] = []
    missing: list[MissingEngineError] = []
    for offer_of in (*offers, offer_espeak):
        try:
            offer = offer_of(code, models_dir)
        except MissingEngineError as error:
            missing.append(error)
            continue
        if voice is None or voice in offer.voices:
            warnings = list(offer.warnings if voice is None else ())
            if missing:
                warnings.append(f"{missing[0].message} Using {offer.engine} instead. {missing[0].hint}")
            for warning in warnings:
                log.warning("%s", warning)
            return ChosenVoice(offer, voice or offer.voices[0], tuple(warnings))
        there.append(offer)
    if there:
        known = ", ".join(f"{name} ({offer.engine})" for offer in there for name in offer.voices)
        raise InvalidInputError(
            f"There is no voice {voice!r} for {code!r}.", hint=f"The voices are: {known}."
        )
    if code in _OFFERS:
        raise missing[0]
    raise UnknownLanguageError(
        f"No installed voice speaks {code!r}.",
        hint=f"The languages are: {', '.join(_OFFERS)}; the program espeak-ng adds many others.",
    ) from missing[0]
