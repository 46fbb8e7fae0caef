"""Words as engines write them, and the text that they belong to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.subtitles.pieces import Piece, pieces

from .test_cues import segment, transcript


def timed(text: str, words: list[str], language: str = "es") -> list[Piece]:
    """The pieces of a text whose words are said for half a second each, with half a second after each."""
    spoken = [(word, float(i), i + 0.5) for i, word in enumerate(words)]
    return pieces(transcript([segment(text, 0, len(words), spoken)], language))


def starts(found: list[Piece]) -> list[tuple[str, float]]:
    return [(piece.text, round(piece.start, 3)) for piece in found]


WHITE = st.sampled_from(["", " ", "\u00a0", "\u202f", "\u3000", "\t"])
PLAIN = ["Hello", "1250", "people", "well-known", "don't", "a", "10", "yes"]


@given(st.data(), st.lists(st.sampled_from(PLAIN), min_size=1, max_size=20))
def test_white_space_of_words_makes_no_difference(data: st.DataObject, words: list[str]) -> None:
    def spaced(word: str) -> str:
        inside = data.draw(st.integers(0, len(word)))
        return data.draw(WHITE) + word[:inside] + data.draw(WHITE) + word[inside:] + data.draw(WHITE)

    text = " ".join(words)
    assert timed(text, [spaced(word) for word in words], "en") == timed(text, words, "en")


def test_a_word_of_two_parts_shares_its_time_with_both() -> None:
    found = timed("Hello 1\u202f250 people", [" Hello", " 1\u202f250", " people"], "en")
    assert starts(found) == [("Hello", 0.0), ("1", 1.0), ("250", 1.125), ("people", 2.0)]
    assert [piece.end for piece in found] == [0.5, 1.125, 1.5, 2.5]


MARKED = ["Hola", "todos.", "¿Qué", "tal?", "«Bien»,", "(dijo)", "¡Sí!", "que", "—no—", "l'eau…"]


@given(st.lists(st.sampled_from(MARKED), min_size=1, max_size=20))
def test_words_without_marks_leave_them_where_they_are(words: list[str]) -> None:
    bare = [word.strip("¿?«»,()¡!—….").lower() for word in words]
    assert timed(" ".join(words), bare) == timed(" ".join(words), words)


def test_an_opening_mark_stays_with_the_word_after_it() -> None:
    found = timed("Hola y bienvenidos. ¿Qué tal…", ["Hola", "y", "bienvenidos", "Qué", "tal"])
    assert starts(found) == [("Hola", 0), ("y", 1), ("bienvenidos.", 2), ("¿Qué", 3), ("tal…", 4)]


@given(st.data())
def test_a_word_that_is_not_found_costs_no_other_its_time(data: st.DataObject) -> None:
    words = [f"palavra{number}x" for number in range(data.draw(st.integers(4, 12)))]
    lost = data.draw(st.integers(0, len(words) - 1))
    found = timed(" ".join(words), [word if number != lost else "ñandú" for number, word in enumerate(words)])
    assert [(p.start, p.end) for n, p in enumerate(found) if n != lost] == [
        (n, n + 0.5) for n in range(len(words)) if n != lost
    ]
    before = found[lost - 1].end if lost else 0.0
    after = found[lost + 1].start if lost + 1 < len(found) else len(words)
    assert before <= found[lost].start <= found[lost].end <= after


def test_a_number_that_is_said_in_words_has_their_time() -> None:
    found = timed("custa 250 reais hoje", ["custa", "duzentos", "e", "cinquenta", "reais", "hoje"], "pt")
    assert starts(found) == [("custa", 0), ("250", 0.5), ("reais", 4), ("hoje", 5)]


@pytest.mark.parametrize(
    ("text", "words"),
    [("o texto traduzido", ["something", "else"]), ("Não é isso", ["a", "b", "c", "d", "e"])],
)
def test_words_of_another_text_are_not_used(text: str, words: list[str]) -> None:
    found = timed(text, words, "pt")
    assert found[0].start == 0
    assert found[-1].end == len(words)
    assert all(piece.end > piece.start for piece in found)


def test_a_mark_that_is_drawn_out_says_nothing() -> None:
    spoken = [(" Vrai", 0.0, 0.5), (" ?", 0.5, 4.0), (" Oui", 4.0, 4.5)]
    found = pieces(transcript([segment("Vrai ? Oui", 0, 5, spoken)], "fr"))
    assert [(piece.text, piece.start, piece.end) for piece in found] == [
        ("Vrai ?", 0.0, 0.5),
        ("Oui", 4.0, 4.5),
    ]
