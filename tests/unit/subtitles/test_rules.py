"""Cues against the rules of subtitling, as `tasks.subtitles.rules` reads them."""

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.subtitles.cues import Cue, plan_cues
from tasks.subtitles.layout import Preset, SubtitleOptions
from tasks.subtitles.rules import violations

from .test_cues import segment, transcript

ALWAYS = {"lines", "line_width", "too_long", "overlap", "gap", "split", "dangling", "abbreviation"}
"""Rules that no speech excuses breaking."""

PHRASES = {
    "en": "the house|in the U.S. are|at 2 a.m. and|Mr. Smith|New York|Maria de Souza|May 12|3.5 kg|10 %|it is not|"
    "and then|Bank of England|12 million dollars|because|yes.|slowly,|Why?|e.g. apples|No. 5|etc.",
    "pt": "a casa|o Sr. Silva|a Exma. Sra. Ana|Maria da Silva|São Paulo|R$ 1.299,90|12 mil reais|12 de maio|10 %|não é|"
    "e depois|art. 5º|pág. 12|nº 7|porque|sim.|devagar,|Por quê?|2 milhões de reais|etc.",
    "es": "la casa|los EE. UU. son|Ud. sabe|el Sr. Gómez|Nueva York|12 de mayo|3,5 kg|no es|y luego|pero|sí.|¿Qué?",
    "fr": "la maison|M. Dupont|Mme Durand|le 12 mai|10 €|ce n'est pas|et puis|de Gaulle|Charles de Gaulle|oui.|etc.",
    "de": "das Haus|z. B. Brot|Herr Dr. Müller|am 3. Mai|Ludwig van Beethoven|bzw. mit|3,5 kg|und dann|ja.|usw.",
    "it": "la casa|il sig. Rossi|Leonardo da Vinci|12 mila euro|il 12 maggio|non è|e poi|perché|sì.|ecc.",
}


@st.composite
def speech(
    draw: st.DrawFn, language: str, *, calm: bool = False
) -> tuple[str, list[tuple[str, float, float]]]:
    """Words of a language with their times: at any pace, with pauses. Calm speakers pause after names, too."""
    timed: list[tuple[str, float, float]] = []
    now = draw(st.floats(0, 3))
    for phrase in draw(st.lists(st.sampled_from(PHRASES[language].split("|")), min_size=1, max_size=40)):
        pace = draw(st.sampled_from([0.06, 0.09] if calm else [0.02, 0.06, 0.09]))
        if calm and phrase[-1].isalnum() and phrase.split()[-1][0].isupper():
            phrase += ","  # noqa: PLW2901
        for word in phrase.split():
            length = pace * (len(word) + 1)
            timed.append((word, now, now + length))
            now += length + draw(st.sampled_from([0.0, 0.0, 0.0, 0.02]))
        now += draw(st.sampled_from([0.0, 0.0, 0.0, 0.1, 0.4, 0.9, 4.0]))
    return " ".join(word for word, _, _ in timed), timed


@pytest.mark.parametrize("language", PHRASES)
@settings(deadline=None, max_examples=25)
@given(data=st.data(), preset=st.sampled_from(get_args(Preset)))
def test_no_speech_makes_cues_that_break_a_rule(language: str, preset: Preset, data: st.DataObject) -> None:
    text, timed = data.draw(speech(language))
    layout = SubtitleOptions(preset=preset).layout(language)
    cues = plan_cues(transcript([segment(text, timed[0][1], timed[-1][2], timed)], language), layout)
    assert " ".join(line for cue in cues for line in cue.lines) == text
    assert [cue.start for cue in cues] == sorted(cue.start for cue in cues)
    assert [v for v in violations(cues, language, layout) if v.rule in ALWAYS] == []


@pytest.mark.parametrize("language", PHRASES)
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_calm_speech_can_be_read(language: str, data: st.DataObject) -> None:
    text, timed = data.draw(speech(language, calm=True))
    cues = plan_cues(transcript([segment(text, timed[0][1], timed[-1][2], timed)], language))
    assert violations(cues, language) == []


def test_words_that_may_have_been_too_long_for_one_subtitle_were_not_torn_apart() -> None:
    cues = [Cue(0, 0.5, ("art. 5º",)), Cue(1.06, 2.62, ("art. 5º Por quê?",), said=(1.06, 2.62))]
    layout = SubtitleOptions(preset="vertical").layout("pt")
    assert layout.longest == 2.5
    assert not [found for found in violations(cues, "pt", layout) if found.rule == "dangling"]
    soon = [Cue(0, 0.5, ("art. 5º",)), Cue(0.5, 2.06, ("art. 5º Por quê?",))]
    assert [found.what for found in violations(soon, "pt", layout) if found.rule == "dangling"] == [
        "5º | art."
    ]
