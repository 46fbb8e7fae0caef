"""The languages of one recording, learnt window by window."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tasks.speech.activity import total_length, within
from tasks.speech.identification import look_at
from tasks.speech.language_spans import EVERY_SECONDS, LanguageSpan, language_spans
from tasks.speech.languages import language_name
from tasks.speech.transcript import Span, SpokenLanguage
from tasks.speech.watch import Watch
from tasks.speech.windows import Window

_OTHER_SECONDS = 5.0
_OTHER_SURE = 0.8
"""Speech that is likely to be in another language than was assumed is believed from this length and certainty."""
_EVERY_SECONDS_NAMED = 60.0
"""One phrase of so much speech is looked at where the language is named: all that comes of it is a warning."""
_GUESSED = 0.5
"""Probability from which a detected language is no guess: it is more likely than all others together."""


@dataclass(frozen=True)
class MainLanguage:
    """The language that is spoken longest, or the one that the caller named."""

    language: str
    """Its code."""
    probability: float
    """1 when the caller named it."""


class SpokenLanguages:
    """What is spoken in the windows of a recording, which come in order."""

    def __init__(self, model: Any, named: str | None, watch: Watch) -> None:
        """`named` is the language that the caller knows to be spoken; None: each phrase has its own."""
        self._model = model
        self._named = named
        self._watch = watch
        self._last: str | None = None
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._sure_seconds: defaultdict[str, float] = defaultdict(float)

    def of(self, window: Window) -> list[LanguageSpan]:
        """Who speaks what in a window: spans that hold all of it, in order, in seconds from its beginning.

        Raises EngineError, and whatever tells the work to stop.
        """
        everything = Span(start=0.0, end=window.duration)
        speech = window.speech or (everything,)
        found = (
            language_spans(
                speech,
                partial(self._look, window),
                self._last,
                every=_EVERY_SECONDS_NAMED if self._named else EVERY_SECONDS,
            )
            if self._model.model.is_multilingual
            else []
        )
        for span in found:
            seconds = total_length(within(speech, span))
            self._seconds[span.language] += seconds
            self._sure_seconds[span.language] += seconds * span.probability
            self._last = span.language
        if self._named or not found:
            return [
                LanguageSpan(start=0.0, end=window.duration, language=self._named or "en", probability=1.0)
            ]
        found[0] = found[0].model_copy(update={"start": 0.0})
        found[-1] = found[-1].model_copy(update={"end": window.duration})
        return found

    def alone(self, window: Window, span: Span, otherwise: str) -> str:
        """The language of a stretch of a window by itself, or `otherwise` where that is not sure.

        Raises as `of`.
        """
        if self._named or not self._model.model.is_multilingual:
            return otherwise
        likeliest, probability = max(self._look(window, span).items(), key=lambda item: item[1])
        return likeliest if probability >= _OTHER_SURE else otherwise

    @property
    def main(self) -> MainLanguage | None:
        """None before anything was heard."""
        if self._named:
            return MainLanguage(self._named, 1.0)
        if not any(self._seconds.values()):
            return None
        language = max(self._seconds, key=lambda code: self._seconds[code])
        return MainLanguage(language, self._sure_seconds[language] / self._seconds[language])

    @property
    def heard(self) -> tuple[SpokenLanguage, ...]:
        """Every language with the seconds of speech in it, the one that is spoken longest first."""
        if self._named:
            return (SpokenLanguage(language=self._named, seconds=sum(self._seconds.values())),)
        longest_first = sorted(self._seconds.items(), key=lambda item: -item[1])
        return tuple(SpokenLanguage(language=code, seconds=seconds) for code, seconds in longest_first)

    def warnings(self) -> Iterator[str]:
        """What a person should know about the language of the text, a sentence each."""
        if self._named is None:
            if (main := self.main) and main.probability < _GUESSED:
                yield (
                    f"The language is a guess: {language_name(main.language)}, with probability "
                    f"{main.probability:.2f}. If it is another one, name it."
                )
            return
        for language, seconds in self._seconds.items():
            sure = self._sure_seconds[language] / seconds if seconds else 0.0
            if language != self._named and seconds >= _OTHER_SECONDS and sure >= _OTHER_SURE:
                heard, asked_for = language_name(language), language_name(self._named)
                yield (
                    f"About {seconds:.0f} s sound like {heard}, not like {asked_for}, which was asked for: their "
                    'text may be a translation. With the language "auto" each is written in its own.'
                )

    def _look(self, window: Window, span: Span) -> Mapping[str, float]:
        self._watch.at()
        return look_at(self._model, window.audio, span)
