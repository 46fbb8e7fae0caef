"""The languages of a recording, window by window; what the model would say is given."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace

import numpy as np
import pytest

from tasks.progress import ignore_progress
from tasks.speech import spoken
from tasks.speech.activity import SAMPLE_RATE
from tasks.speech.spoken import SpokenLanguages
from tasks.speech.transcript import Span
from tasks.speech.watch import Watch
from tasks.speech.windows import Window

Languages = Callable[..., SpokenLanguages]

ANYTHING = SimpleNamespace(model=SimpleNamespace(is_multilingual=True))
ENGLISH_ONLY = SimpleNamespace(model=SimpleNamespace(is_multilingual=False))


def window(*speech: tuple[float, float], seconds: float = 60.0, start: float = 0.0) -> Window:
    return Window(
        start=start,
        audio=np.zeros(int(seconds * SAMPLE_RATE), np.float32),
        speech=tuple(Span(start=begin, end=end) for begin, end in speech),
    )


@pytest.fixture
def languages(monkeypatch: pytest.MonkeyPatch) -> Languages:
    """Languages of recordings in which Portuguese is heard in the first 30 s of a window, and English after them."""

    def look_at(model: object, audio: object, span: Span, *, sure: float = 0.99) -> Mapping[str, float]:
        return {"pt": sure, "en": 0.001} if span.start < 30 else {"en": sure, "pt": 0.001}

    def of(model: object = ANYTHING, named: str | None = None, *, sure: float = 0.99) -> SpokenLanguages:
        monkeypatch.setattr(spoken, "look_at", lambda *given: look_at(*given, sure=sure))
        return SpokenLanguages(model, named, Watch(ignore_progress, None, "talk.wav"))

    return of


def test_each_phrase_has_its_own_language_and_the_spans_hold_the_whole_window(languages: Languages) -> None:
    heard = languages()
    spans = heard.of(window((2, 9), (10, 17), (18, 25), (33, 40), (41, 48)))
    assert [(span.language, span.start, span.end) for span in spans] == [("pt", 0, 29), ("en", 29, 60)]
    assert [(one.language, one.seconds) for one in heard.heard] == [("pt", 21), ("en", 14)]
    assert heard.main
    assert heard.main.language == "pt"
    assert heard.main.probability == pytest.approx(0.99)
    assert list(heard.warnings()) == []


def test_a_recording_of_one_sample_has_no_language(languages: Languages) -> None:
    heard = languages()
    heard.of(window(seconds=1 / SAMPLE_RATE))
    assert heard.main is None
    assert list(heard.warnings()) == []


def test_a_guess_is_called_one(languages: Languages) -> None:
    heard = languages(sure=0.31)
    heard.of(window((2, 9), (10, 17)))
    assert list(heard.warnings()) == [
        "The language is a guess: Portuguese, with probability 0.31. If it is another one, name it."
    ]


def test_a_language_that_was_named_is_kept_and_what_contradicts_it_is_said(languages: Languages) -> None:
    heard = languages(named="en")
    (span,) = heard.of(window((2, 9), (10, 17)))
    assert (span.language, span.start, span.end) == ("en", 0, 60)
    assert heard.main
    assert (heard.main.language, heard.main.probability) == ("en", 1.0)
    assert [(one.language, one.seconds) for one in heard.heard] == [("en", 14)]
    assert list(heard.warnings()) == [
        "About 14 s sound like Portuguese, not like English, which was asked for: their text may be a translation. "
        'With the language "auto" each is written in its own.'
    ]


def test_a_language_that_was_named_is_looked_at_less(
    languages: Languages, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = window(*((second, second + 2.5) for second in range(0, 30, 3)))
    looks = []
    for named in (None, "pt"):
        heard = languages(named=named)
        seen: list[Span] = []
        monkeypatch.setattr(
            spoken, "look_at", lambda *given, seen=seen: seen.append(given[2]) or {"pt": 0.99}
        )
        heard.of(talk)
        looks.append(len(seen))
    assert looks[1] < looks[0]


def test_a_word_in_another_language_contradicts_nothing(languages: Languages) -> None:
    heard = languages(named="en")
    heard.of(window((2, 5), (33, 40), (41, 48)))
    assert list(heard.warnings()) == []


def test_an_english_model_is_not_asked(languages: Languages) -> None:
    heard = languages(ENGLISH_ONLY, "en")
    assert [span.language for span in heard.of(window((2, 9)))] == ["en"]
    assert list(heard.warnings()) == []


def test_a_window_in_which_no_speech_was_found_is_looked_at_nevertheless(languages: Languages) -> None:
    (span,) = languages().of(window(seconds=20))
    assert (span.language, span.start, span.end) == ("pt", 0, 20)


def test_a_part_of_a_window_lies_where_it_was() -> None:
    part = window((2, 9), (33, 40), start=100).part(Span(start=30, end=60))
    assert (part.start, part.duration) == (130, 30)
    assert part.speech == (Span(start=3, end=10),)
