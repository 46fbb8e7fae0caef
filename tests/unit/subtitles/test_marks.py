"""Marks and numbers with spaces in them, as French and others write: nothing of them is torn."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.subtitles.cues import plan_cues
from tasks.subtitles.layout import CueLayout
from tasks.subtitles.parts import parts
from tasks.subtitles.quantities import bound_quantities
from tasks.subtitles.rules import violations

from .test_cues import segment, transcript

SPACES = st.sampled_from([" ", "\u00a0", "\u202f", "\u2009"])
NUMBERS = {
    "fr": [
        "1 250 000",
        "250 000 €",
        "06 12 34 56 78",
        "20 h 30",
        "10 %",
        "3 millions d'euros",
        "20 heures 15",
    ],
    "de": ["10 000 Menschen", "20 Uhr 30", "0170 123 45 67", "1 250 000 Euro"],
    "pt": ["0800 123 4567", "(11) 91234-5678", "R$ 250 000", "10 – 20 metros", "1 m 80"],
    "en": ["1 250 000 people", "555 0199", "+44 20 7946 0958", "5 ft 10"],
}
SAYINGS = {
    "fr": [
        "vrai ?",
        "oui !",
        "« Bonjour »",
        "il dit :",
        "« Ah ! » dit-il ;",
        "( rires )",
        "bon …",
        "puis « non »",
    ],
    "de": ["das Haus", "( lacht )", "ja !", "und dann"],
    "pt": ["sim – mas", '" claro " disse', "será ? Não", "a casa"],
    "en": ["well – no", '" yes " and', "( laughs )", "the house …"],
}
BEGINS_NO_LINE = re.compile(r"[?!:;»)…%–]")
ENDS_NO_LINE = re.compile(r"[«(]$")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "C'est|vrai ?|Oui :|« Bonjour|à|tous ! »|dit-il ;|et|10 %|de|plus …"),
        ("fr", "Il|dit|« … oui »|et|« encore ?! »"),
        ("pt", "Sim –|disse|ela –|talvez"),
        ("pt", "– Sim.|– Não. »|— Talvez"),
        ("en", 'He|said|" yes|indeed "|and|" no "'),
        ("en", "‘ a ’|“ b ”|( c )|[ d ]|' e '"),
        ("es", "¿ Qué ?|¡ Sí !|Así"),
        ("en", "♪ la|la ♪|then"),
        ("hi", "यह घर है ।|वह".replace(" ", "|", 2)),
        ("ar", "نعم ؟|لا ،|ثم"),
        ("en", "black & white".replace(" ", "|")),
        ("en", "... and|then ..."),
        ("fr", "fin «"),
        ("en", "…"),
        ("en", ""),
    ],
)
def test_marks_belong_to_a_word(language: str, text: str) -> None:
    assert [part.text for part in parts(text.replace("|", " "), language)] == [
        part for part in text.split("|") if part
    ]


@given(st.text(alphabet="ab?!:;,.«»\"'()–-%♪ \u00a0\u202f", max_size=60))
def test_parts_are_the_text(text: str) -> None:
    found = parts(text, "fr")
    assert " ".join(part.text for part in found) == " ".join(text.split())
    assert [(part.written or part.text).split() for part in found] == [part.text.split() for part in found]
    assert len(found) <= 1 or all(re.search(r"\w", part.text) for part in found)


@st.composite
def spoken(draw: st.DrawFn, language: str) -> tuple[str, list[tuple[str, float, float]] | None]:
    """A text and, mostly, its words, which an engine cuts at some of the spaces."""
    sayings = st.sampled_from(SAYINGS[language] + NUMBERS[language])
    tokens = " ".join(draw(st.lists(sayings, min_size=1, max_size=25))).split()
    words: list[tuple[str, float, float]] = []
    text, now = "", 0.0
    for number, token in enumerate(tokens):
        space = draw(SPACES) if number else ""
        text += space + token
        length = 0.06 * (len(token) + 1)
        if words and draw(st.integers(0, 3)) == 0:
            before, start, _ = words.pop()
            words.append((before + space + token, start, now + length))
        else:
            words.append((draw(st.sampled_from(["", " "])) + token, now, now + length))
        now += length
    return text, words if draw(st.booleans()) else None


@pytest.mark.parametrize("language", SAYINGS)
@settings(deadline=None, max_examples=40)
@given(data=st.data(), width=st.sampled_from([24, 32, 42]))
def test_no_line_begins_or_ends_with_the_wrong_mark(language: str, width: int, data: st.DataObject) -> None:
    text, words = data.draw(spoken(language))
    layout = CueLayout(line_width=width)
    cues = plan_cues(transcript([segment(text, 0, max(1.0, 0.06 * len(text)), words)], language), layout)
    lines = [line for cue in cues for line in cue.lines]
    assert " ".join(" ".join(lines).split()) == " ".join(text.split())
    assert all(line in text.replace("\u2009", " ") for line in lines), "spaces at which no line ends are kept"
    assert not any(BEGINS_NO_LINE.match(line) for line in lines)
    assert not any(ENDS_NO_LINE.search(line) for line in lines)
    hard = {"lines", "line_width", "split", "dangling", "abbreviation"}
    assert [v for v in violations(cues, language, layout) if v.rule in hard] == []


@pytest.mark.parametrize(
    ("language", "number"), [(code, number) for code in NUMBERS for number in NUMBERS[code]]
)
@settings(deadline=None, max_examples=15)
@given(data=st.data(), width=st.sampled_from([20, 32, 42]))
def test_numbers_with_spaces_are_whole(language: str, number: str, width: int, data: st.DataObject) -> None:
    fillers = st.lists(st.sampled_from(["bla", "blabla", "blablabla"]), max_size=12)
    tokens = [*data.draw(fillers), *number.split(), *data.draw(fillers)]
    text = data.draw(SPACES).join(tokens)
    timed = (
        [(token, i * 0.3, i * 0.3 + 0.3) for i, token in enumerate(tokens)]
        if data.draw(st.booleans())
        else None
    )
    cues = plan_cues(
        transcript([segment(text, 0, 0.3 * len(tokens), timed)], language), CueLayout(line_width=width)
    )
    assert any(number in " ".join(line.split()) for cue in cues for line in cue.lines)


def test_spaces_at_which_no_line_ends_stay_what_they_are() -> None:
    text = "«\u00a0Oui\u00a0», dit M.\u00a0Dupont, «\u00a0c'est 10\u202f000\u00a0€\u202f; vrai\u202f?\u00a0»"
    for width in (20, 42):
        cues = plan_cues(transcript([segment(text, 0, 6)], "fr"), CueLayout(line_width=width))
        lines = [line for cue in cues for line in cue.lines]
        assert " ".join(lines) == text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "2020|50 people"),
        ("en", "1|2|3|4"),
        ("fr", "2012|2013"),
        ("pt", "10 –|mas|20"),
        ("en", "12:30|250 m"),
    ],
)
def test_numbers_that_only_follow_each_other_are_not_one(language: str, text: str) -> None:
    texts = [part.text for part in parts(text.replace("|", " "), language)]
    found = texts[0]
    for word, bond in zip(texts[1:], bound_quantities(texts, language), strict=True):
        found += f" {word}" if bond == 2 else f"|{word}"
    assert found == text
