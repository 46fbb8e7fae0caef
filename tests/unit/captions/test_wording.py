"""Replacements in text and in words that have times."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.captions.fonts import find_typeface
from tasks.captions.look import Canvas
from tasks.captions.reading import SpokenWord, Subtitle
from tasks.captions.segments import SegmentLook, segment_script
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


WORDS = st.lists(st.sampled_from(["a", "b", "ab", "a,", "ba.", "é"]), min_size=1, max_size=12).map(" ".join)


@given(WORDS, WORDS, st.sampled_from(["", "x", "x y", "a"]), st.booleans())
def test_words_read_as_the_text_does(text: str, find: str, by: str, parts: bool) -> None:
    replacement = Replacement(find=find, replace=by, part_of_words=parts)
    words = replaced_words(spoken(text), [replacement])
    assert " ".join(word.word for word in words).split() == replaced(text, [replacement]).split()
    assert all(one.start <= other.start for one, other in pairwise(words))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("He left. She stayed.", 2),
        ("Ask Dr. Silva. He knows.", 2),
        ("Fruit, e.g. apples, and Sra. Lima.", 1),
        ("Really?! Yes. No.", 3),
        ("The U.S. Army came.", 1),
    ],
)
def test_sentences_begin_new_lines_and_abbreviations_do_not(text: str, lines: int) -> None:
    look = SegmentLook(break_sentences=True)
    canvas = Canvas(width=1920, height=1080)
    script, _ = segment_script([Subtitle(0, 1, text)], look, canvas, find_typeface("Arial", bold=True))
    assert script[0].text.count("\\N") + 1 == lines
