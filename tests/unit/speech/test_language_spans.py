"""The course of languages over a recording, from looks at some of its phrases."""

from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.speech.activity import overlap
from tasks.speech.identification import LOOK_SECONDS
from tasks.speech.language_spans import LanguageSpan, language_spans
from tasks.speech.transcript import Span

PAUSE = 0.6


class Talk:
    """Phrases with pauses between, each in a language, looked at by somebody who is never wrong."""

    def __init__(self, *phrases: tuple[str, float], sure: float = 0.98) -> None:
        self.speech: list[Span] = []
        self.languages = [language for language, _ in phrases]
        self.looks = 0
        self._sure = sure
        at = 0.0
        for _, seconds in phrases:
            self.speech.append(Span(start=at, end=at + seconds))
            at += seconds + PAUSE

    def look(self, span: Span) -> Mapping[str, float]:
        self.looks += 1
        assert 0 < span.length <= LOOK_SECONDS + 0.01
        (language,) = {
            language
            for language, phrase in zip(self.languages, self.speech, strict=True)
            if overlap(span, [phrase]) > 0
        }
        others = {"en", "pt", "xx"} - {language}
        return {language: self._sure} | dict.fromkeys(others, (1 - self._sure) / 100)

    def spans(self, before: str | None = None) -> list[LanguageSpan]:
        return language_spans(self.speech, self.look, before)

    def found(self, before: str | None = None) -> list[str]:
        """The language that was found at the middle of each phrase."""
        spans = self.spans(before)
        return [
            next(s.language for s in spans if s.start <= (phrase.start + phrase.end) / 2 <= s.end)
            for phrase in self.speech
        ]


def test_a_recording_in_one_language_is_one_span_and_costs_a_look_in_ten_seconds() -> None:
    talk = Talk(*[("pt", 4.0)] * 60)
    (span,) = talk.spans()
    assert (span.language, span.start, span.end) == ("pt", 0.0, talk.speech[-1].end)
    assert span.probability == pytest.approx(0.98)
    assert talk.looks <= 4 * 60 / 10 + 2


def test_fewer_looks_suffice_for_a_warning() -> None:
    talk = Talk(*[("pt", 4.0)] * 60)
    assert [span.language for span in language_spans(talk.speech, talk.look, every=60.0)] == ["pt"]
    assert talk.looks <= 4 * 60 / 60 + 2


def test_a_change_is_found_at_its_phrase() -> None:
    talk = Talk(*[("pt", 5.0)] * 4, *[("en", 4.0)] * 5, *[("pt", 3.0)] * 6)
    assert talk.found() == talk.languages


def test_one_sentence_in_another_language_between_others() -> None:
    talk = Talk(("pt", 6.0), ("pt", 7.0), ("en", 7.5), ("pt", 6.0), sure=0.998)
    assert talk.found() == talk.languages


def test_one_doubtful_look_changes_nothing() -> None:
    talk = Talk(*[("pt", 5.0)] * 10)

    def look(span: Span) -> Mapping[str, float]:
        return {"gl": 0.7, "pt": 0.02} if span.start == talk.speech[3].start else talk.look(span)

    assert [span.language for span in language_spans(talk.speech, look)] == ["pt"]


def test_music_names_no_language() -> None:
    noise = {"nn": 0.3, "cy": 0.2, "en": 0.01}
    talk = Talk(*[("en", 5.0)] * 8)
    music = talk.speech[-2:]

    def look(span: Span) -> Mapping[str, float]:
        return noise if overlap(span, music) > 0 else talk.look(span)

    assert [span.language for span in language_spans(talk.speech, look)] == ["en"]


def test_a_recording_goes_on_in_the_language_that_it_had() -> None:
    unsure = {"es": 0.5, "pt": 0.4}
    speech = [Span(start=0.0, end=2.0)]
    assert language_spans(speech, lambda _: unsure)[0].language == "es"
    assert language_spans(speech, lambda _: unsure, before="pt")[0].language == "pt"


def test_without_speech_there_is_no_language() -> None:
    assert language_spans([], lambda _: {"en": 1.0}) == []


phrases = st.lists(
    st.tuples(st.sampled_from(["pt", "en", "fr"]), st.floats(min_value=0.5, max_value=40.0)),
    min_size=1,
    max_size=25,
)


@given(phrases, st.sampled_from([None, "pt", "de"]))
def test_the_spans_hold_all_the_speech_and_meet(spoken: list[tuple[str, float]], before: str | None) -> None:
    talk = Talk(*spoken)
    spans = talk.spans(before)
    assert (spans[0].start, spans[-1].end) == (talk.speech[0].start, talk.speech[-1].end)
    for one, other in pairwise(spans):
        assert one.end == other.start
        assert one.language != other.language
    assert {span.language for span in spans} <= {*talk.languages, before}


@given(
    st.lists(
        st.tuples(st.sampled_from(["pt", "en", "fr"]), st.integers(min_value=2, max_value=6)), min_size=1
    )
)
def test_whoever_speaks_for_twenty_seconds_is_heard_in_his_language(spoken: list[tuple[str, int]]) -> None:
    talk = Talk(*[(language, 10.0) for language, phrases in spoken for _ in range(phrases)])
    assert talk.found() == talk.languages
