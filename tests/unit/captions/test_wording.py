"""Replacements in text and in words that have times."""

import unicodedata
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.captions.fonts import find_typeface
from tasks.captions.look import Canvas
from tasks.captions.reading import SpokenWord, Subtitle
from tasks.captions.segments import SegmentLook, segment_script
from tasks.captions.styling import STYLING
from tasks.captions.wording import Replacement, replaced, replaced_words


def spoken(text: str) -> list[SpokenWord]:
    return [SpokenWord(word=word, start=i, end=i + 0.9) for i, word in enumerate(text.split())]


@pytest.mark.parametrize(
    ("text", "find", "by", "shown"),
    [
        ("heart and art.", "art", "craft", "heart and craft."),
        ("Contra-ponto, mal", "Contra-ponto", "Contraponto", "Contraponto, mal"),
        ("in New\nYork", "New York", "NYC", "in NYC"),
        ("ação e coração", "ação", "cena", "cena e coração"),
        ("R$ 5, US$ 5", "$", "€", "R€ 5, US€ 5"),
        ("a.b", ".", "\\1", "a\\1b"),
    ],
)
def test_whole_words_are_replaced(text: str, find: str, by: str, shown: str) -> None:
    assert replaced(text, [Replacement(find=find, replace=by)]) == shown


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("हम", "हमें"),
        ("cafe", "cafe\u0301"),
        ("كتب", "كتبَ"),
        ("ที", "ที่"),
        ("שלום", "שלום\u05b8"),
        ("می", "می\u200cخواهم"),
        ("का", "कां"),
    ],
)
def test_a_word_with_signs_or_accents_after_it_is_another_word(word: str, other: str) -> None:
    assert replaced(f"{word} {other}, {word}", [Replacement(find=word, replace="X")]) == f"X {other}, X"
    assert replaced(f"{word} {other}", [Replacement(find=other, replace="X")]) == f"{word} X"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("other", ["NFC", "NFD"])
def test_an_accent_is_the_same_however_it_is_stored(
    form: Literal["NFC", "NFD"], other: Literal["NFC", "NFD"]
) -> None:
    text, find = unicodedata.normalize(form, "café, Ação"), unicodedata.normalize(other, "Ação")
    assert replaced(text, [Replacement(find=find, replace="X")]).endswith(", X")


LETTERS = st.text(st.characters(codec="utf-8", categories=["L", "M"]), min_size=1, max_size=5)


@given(LETTERS, LETTERS)
@example("\u212b", "a")
def test_a_word_is_found_alone_and_never_at_the_beginning_of_another(word: str, more: str) -> None:
    replacement = Replacement(find=word, replace="-")
    assert replaced(f"1 {word} 1", [replacement]) == "1 - 1"
    if word not in more:
        assert replaced(f"1 {word}{more} 1", [replacement]) == f"1 {word}{more} 1"


def test_parts_of_words_are_replaced_where_that_is_asked_for() -> None:
    assert replaced("heart", [Replacement(find="art", replace="ed", part_of_words=True)]) == "heed"


def test_several_words_are_replaced_in_words_with_times() -> None:
    (first, middle, last) = replaced_words(
        spoken("in New York, now"), [Replacement(find="New York", replace="NYC")]
    )
    assert (middle.word, middle.start, middle.end) == ("NYC,", 1.0, 2.9)
    assert (first.word, last.word) == ("in", "now")


def test_as_many_words_instead_keep_their_times() -> None:
    words = replaced_words(
        spoken("contra ponto now"), [Replacement(find="contra ponto", replace="Contra Ponto")]
    )
    assert words == [
        SpokenWord(word="Contra", start=0, end=0.9),
        SpokenWord(word="Ponto", start=1, end=1.9),
        SpokenWord(word="now", start=2, end=2.9),
    ]


@pytest.mark.timeout(30)
def test_a_word_that_is_everywhere_in_a_long_text_takes_no_time() -> None:
    words = replaced_words(spoken("a b " * 50_000), [Replacement(find="a", replace="c d")])
    assert [word.word for word in words[:4]] == ["c d", "b", "c d", "b"]
    assert len(words) == 100_000


WORDS = st.lists(st.sampled_from(["a", "b", "ab", "a,", "ba.", "é"]), min_size=1, max_size=12).map(" ".join)


@given(WORDS, WORDS, st.sampled_from(["", "x", "x y", "a"]), st.booleans())
def test_words_read_as_the_text_does(text: str, find: str, by: str, parts: bool) -> None:
    replacement = Replacement(find=find, replace=by, part_of_words=parts)
    words = replaced_words(spoken(text), [replacement])
    assert " ".join(word.word for word in words).split() == replaced(text, [replacement]).split()
    assert all(one.start <= other.start for one, other in pairwise(words))


ITALIC, UPRIGHT = (next(mark for mark in STYLING if STYLING[mark] == f"{{\\i{n}}}") for n in (1, 0))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("He left. She stayed.", 2),
        ("Ask Dr. Silva. He knows.", 2),
        ("Fruit, e.g. apples, and Sra. Lima.", 1),
        ("Really?! Yes. No.", 3),
        ("The U.S. Army came.", 1),
        ("- Hi, how are you\n- Fine", 2),
        ("– Hi, how are you?\n– Fine. Thanks.", 3),
        ("-Hi, how\nare you\n-Fine", 2),
        ("It is well\nknown.", 1),
        ("It is\n-5 degrees.", 1),
        (f"{ITALIC}He left.{UPRIGHT} She stayed.", 2),
        (f"{ITALIC}He left. {UPRIGHT}She stayed.", 2),
        (f"He left. {ITALIC}She{UPRIGHT} stayed.", 2),
        (f"{ITALIC}He left.{UPRIGHT} {ITALIC}She stayed. {UPRIGHT}", 2),
        (f"{ITALIC}- Hi there{UPRIGHT}\n{ITALIC}- Fine{UPRIGHT}", 2),
        (f"Ask {ITALIC}Dr.{UPRIGHT} Silva.", 1),
    ],
)
def test_sentences_begin_new_lines_and_abbreviations_do_not(text: str, lines: int) -> None:
    look = SegmentLook(break_sentences=True)
    canvas = Canvas(width=1920, height=1080)
    script, _ = segment_script([Subtitle(0, 1, text)], look, canvas, find_typeface("Arial", bold=True))
    assert script[0].text.count("\\N") + 1 == lines
