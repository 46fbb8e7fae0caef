"""Phonemes belong to words, whatever the voice's reading joins, parts or leaves out."""

import string

from hypothesis import given
from hypothesis import strategies as st

from tasks.voice.word_sounds import word_places

WORDS = st.lists(st.text(string.ascii_lowercase, min_size=1, max_size=8), min_size=1, max_size=12)
MARKS = st.sampled_from(["", "", "", ",", ".", "!", ";"])


def _read(words: list[str], phonemes: str) -> list[str]:
    places = word_places(words, phonemes, lambda word: "".join(filter(str.isalpha, word)))
    return [phonemes[first:last] for first, last in places]


@given(words=WORDS, data=st.data())
def test_words_that_are_read_one_by_one_are_theirs_without_marks(
    words: list[str], data: st.DataObject
) -> None:
    marks = [data.draw(MARKS) for _ in words]
    text = [word + mark for word, mark in zip(words, marks, strict=True)]
    assert _read(text, " ".join(text)) == words


@given(words=WORDS, data=st.data())
def test_words_that_are_joined_come_apart_again(words: list[str], data: st.DataObject) -> None:
    blanks = [data.draw(st.sampled_from([" ", " ", ""])) for _ in words]
    phonemes = "".join(word + blank for word, blank in zip(words, blanks, strict=True)).strip()
    if len(phonemes.split(" ")) == len(words):
        return
    # What stands on a joint may go to either side; no word is further off than a snap.
    now = 0
    for word, (first, last) in zip(words, word_places(words, phonemes, str), strict=True):
        true = phonemes.index(word, now)
        now = true + len(word)
        assert abs(first - true) <= 2
        assert abs(last - now) <= 2


@given(words=st.lists(st.text(max_size=6), max_size=10), phonemes=st.text("abɐ̃ˈˌː ,.!—", max_size=40))
def test_anything_has_places_in_order(words: list[str], phonemes: str) -> None:
    places = word_places(words, phonemes, str)
    assert len(places) == len(words)
    behind = 0
    for first, last in places:
        assert behind <= first <= last <= len(phonemes)
        behind = last


def test_a_name_in_two_parts_is_one_word() -> None:
    words = ["peça", "pelo", "WhatsApp", "e", "receba"]
    alone = {"peça": "pˈɛsæ", "pelo": "pˈelʊ", "WhatsApp": "wˈats ˈapy", "e": "i", "receba": "xesˈebæ"}
    phonemes = "pˈɛsæ pˈelʊ wˈatz ˈap i xˌesˈebæ"
    found = [phonemes[a:b] for a, b in word_places(words, phonemes, lambda word: alone[word])]
    assert found == ["pˈɛsæ", "pˈelʊ", "wˈatz ˈap", "i", "xˌesˈebæ"]


def test_a_dash_makes_no_sound() -> None:
    assert _read(["sim", "—", "não."], "sim — naʊ.") == ["sim", "", "naʊ"]
