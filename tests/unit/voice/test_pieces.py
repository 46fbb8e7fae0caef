"""Cutting text into pieces to speak."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.voice.pieces import CLAUSE_PAUSE, LONGEST, PARAGRAPH_PAUSE, SENTENCE_PAUSE, cut

prose = st.text(alphabet='abçÉÃ .!?…,;:—\n\t"”)1', max_size=2000)


@given(st.one_of(st.text(max_size=1000), prose))
def test_nothing_but_white_space_is_lost(text: str) -> None:
    assert "".join("".join(piece.text.split()) for piece in cut(text)) == "".join(text.split())


@given(prose)
def test_no_piece_is_too_long_or_empty(text: str) -> None:
    assert all(0 < len(piece.text) <= LONGEST for piece in cut(text))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("O Dr. Silva chegou. A Sra. Lima não.", ["O Dr. Silva chegou.", "A Sra. Lima não."]),
        ("J. K. Rowling wrote it. Yes.", ["J. K. Rowling wrote it.", "Yes."]),
        ("It costs 3.50 dollars. Fine.", ["It costs 3.50 dollars.", "Fine."]),
        ("Wait... what? Ok.", ["Wait... what?", "Ok."]),
        ("“Stop!” she said. “Now.” He left.", ["“Stop!” she said.", "“Now.”", "He left."]),
        ("First line\nsame sentence. Next.", ["First line same sentence.", "Next."]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert [piece.text for piece in cut(text)] == sentences


@pytest.mark.parametrize(
    ("language", "text", "sentences"),
    [
        (
            "pt",
            "Veja a pág. 12 e o art. 5. A Exma. Juíza leu.",
            ["Veja a pág. 12 e o art. 5.", "A Exma. Juíza leu."],
        ),
        ("en", "Can you come? No. Then see fig. 3.", ["Can you come?", "No.", "Then see fig. 3."]),
        ("de", "Das ist z.B. Brot. Ja.", ["Das ist z.B. Brot.", "Ja."]),
        (
            "en",
            "We sell bread, milk, etc. The shop is open.",
            ["We sell bread, milk, etc.", "The shop is open."],
        ),
        (
            "it",
            "Vedi l'art. 3 del contratto. Due anni fa. Poi.",
            ["Vedi l'art. 3 del contratto.", "Due anni fa.", "Poi."],
        ),
        ("de", "Die Hauptstr. 5 und Fa. Müller. Gut.", ["Die Hauptstr. 5 und Fa. Müller.", "Gut."]),
        ("nl", "Dr. Jansen is er. Ja.", ["Dr. Jansen is er.", "Ja."]),
    ],
)
def test_abbreviations_are_those_of_the_language(language: str, text: str, sentences: list[str]) -> None:
    assert [piece.text for piece in cut(text, language)] == sentences


def test_pauses_follow_the_structure() -> None:
    long = "a palavra, " * 40 + "fim."
    pauses = [piece.pause for piece in cut(f"Um. Dois.\n\n{long}")]
    assert pauses[:2] == [SENTENCE_PAUSE, PARAGRAPH_PAUSE]
    assert set(pauses[2:-1]) == {CLAUSE_PAUSE}
    assert pauses[-1] == PARAGRAPH_PAUSE


def test_long_sentences_break_at_clauses() -> None:
    pieces = [piece.text for piece in cut("uma oração qualquer, " * 40)]
    assert all(piece.endswith(",") for piece in pieces)
