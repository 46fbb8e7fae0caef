"""What is told of changes that have no words: blanks, and the marks at the ends of paragraphs."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from tasks.documents.changes import read_changes
from tasks.documents.comparison import Wanted, compare
from tasks.documents.engine import ComparisonEngine
from tasks.documents.package import open_package
from tasks.documents.plain_diff import compared_by_words
from tasks.documents.revisions import GONE, NEW, Kind, Line, Lines, Piece, read_lines
from tests.unit.documents.docx import body, paragraph, save, section

Told = tuple[str, str, str]


def told(*pieces: tuple[str, Kind], mark: Kind = "equal", properties: str = "", move: str = "") -> list[Told]:
    """What is told of a paragraph between two others."""
    element = etree.fromstring(body(f"<w:p>{properties}</w:p>").encode())[0][0]
    made = [Piece(text, kind, move=move if kind != "equal" else "") for text, kind in pieces]
    lines = [
        Line("d", 1, "", [Piece("Antes")], "equal", element),
        Line("d", 2, "", made, mark, element),
        Line("d", 3, "", [Piece("Depois")], "equal", element),
    ]
    changes = read_changes(Lines(tuple(lines), (), (len(lines),)))
    return [(each.category, each.before, each.after) for each in changes]


@pytest.mark.parametrize(
    ("pieces", "found"),
    [
        ([("a", "equal"), (" ", "deleted"), (" b", "equal")], ("formatacao", "[espaço]", "retirado")),
        ([("a ", "equal"), ("\u00a0", "inserted"), ("b", "equal")], ("formatacao", "[espaço]", "incluído")),
        (
            [("a", "equal"), (" ", "deleted"), ("\u00a0", "inserted"), ("b", "equal")],
            ("formatacao", "[espaço]", "alterado"),
        ),
        (
            [("a", "equal"), (" ", "deleted"), ("\t", "inserted"), ("b", "equal")],
            ("formatacao", "[espaço]", "[tabulação]"),
        ),
        (
            [("a", "equal"), (" ", "deleted"), ("\n", "inserted"), ("b", "equal")],
            ("formatacao", "[espaço]", "[quebra de linha]"),
        ),
        ([("\t", "inserted"), ("a", "equal")], ("formatacao", "[tabulação]", "incluída")),
        ([("a", "equal"), (" ", "deleted")], ("formatacao", "[espaço]", "retirado")),
        ([("a b", "deleted"), ("a\u00a0b", "inserted")], ("formatacao", "a\u00a0b", "espaços alterados")),
        # These look the same.
        (
            [("execução", "deleted"), ("execuc\u0327a\u0303o", "inserted")],
            ("formatacao", "execuc\u0327a\u0303o", "mesmo texto, com outros caracteres"),
        ),
        (
            [("Curi", "equal"), ("\u00ad", "inserted"), ("tiba", "equal")],
            ("formatacao", "\u00ad", "mesmo texto, com outros caracteres"),
        ),
        (
            [("R$\u200b 10", "deleted"), ("R$ 10", "inserted")],
            ("formatacao", "R$ 10", "mesmo texto, com outros caracteres"),
        ),
        # These make other words.
        ([("10", "deleted"), ("1\u200b 0", "inserted")], ("modificacao", "10", "1\u200b 0")),
        ([("10", "deleted"), ("1\u200b00", "inserted")], ("modificacao", "10", "1\u200b00")),
        ([("a", "equal"), (" ", "inserted"), ("b", "equal")], ("inclusao", "", "[espaço]")),
        ([("a", "equal"), ("\n", "deleted"), ("b", "equal")], ("remocao", "[quebra de linha]", "")),
        ([("10", "deleted"), ("1 0", "inserted")], ("modificacao", "10", "1 0")),
        (
            [("a", "equal"), (" ", "deleted"), (" e ", "inserted"), ("b", "equal")],
            ("modificacao", " ", " e "),
        ),
        ([("a b", "deleted"), ("a b ", "inserted"), ("c", "equal")], ("modificacao", "a b", "a b ")),
    ],
)
def test_changed_blanks(pieces: Sequence[tuple[str, Kind]], found: Told) -> None:
    assert told(*pieces) == [found]
    # However the section ends at the paragraph.
    assert told(*pieces, properties=f"<w:pPr>{section()}</w:pPr>") == [found]


@pytest.mark.parametrize(
    ("pieces", "mark", "section_ends", "found"),
    [
        ([("a", "equal")], "inserted", False, ("inclusao", "", "[quebra de parágrafo]")),
        ([("a", "equal")], "deleted", False, ("remocao", "[quebra de parágrafo]", "")),
        ([("a", "equal"), (" ", "deleted")], "inserted", False, ("inclusao", "", "[quebra de parágrafo]")),
        ([], "inserted", False, ("formatacao", "[linha em branco]", "incluída")),
        ([(" ", "deleted")], "deleted", False, ("formatacao", "[linha em branco]", "retirada")),
        ([], "inserted", True, ("inclusao", "", "[nova seção]")),
        ([("novo", "inserted")], "inserted", False, ("inclusao", "", "novo")),
    ],
)
def test_changed_marks(
    pieces: Sequence[tuple[str, Kind]], mark: Kind, section_ends: bool, found: Told
) -> None:
    properties = f"<w:pPr>{section()}</w:pPr>" if section_ends else ""
    assert told(*pieces, mark=mark, properties=properties) == [found]


BLANKS = st.sampled_from([" ", "  ", "\u00a0", "\t", "\n", " \u00a0"])


def version(words: Sequence[str], blanks: Sequence[str]) -> str:
    signs = {"\t": "<w:r><w:tab/></w:r>", "\n": "<w:r><w:br/></w:r>"}
    runs = [word for pair in zip(words, blanks, strict=True) for word in pair]
    return body(
        paragraph("Antes"), paragraph(*(signs.get(each, each) for each in runs), "fim"), paragraph("Depois")
    )


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["preço", "de", "10"]), BLANKS, BLANKS), min_size=1, max_size=5))
def test_other_blanks_are_never_another_text(tmp_path: Path, held: list[tuple[str, str, str]]) -> None:
    words, *sides = zip(*held, strict=True)
    made: list[Lines] = []
    for number, blanks in enumerate(sides):
        with open_package(save(tmp_path / f"{number}.docx", version(words, blanks))) as package:
            made.append(read_lines(package))
    changes = read_changes(compared_by_words(*made))
    assert {change.category for change in changes} <= {"formatacao"}
    assert bool(changes) == (sides[0] != sides[1])
    assert not any("parágrafo" in change.before + change.after for change in changes)


def test_the_engine_s_blanks_are_told_so(engine: ComparisonEngine, tmp_path: Path) -> None:
    old, new = (
        save(tmp_path / f"{number}.docx", version(["O preço", "é de", "dez"], blanks))
        for number, blanks in enumerate(([" ", "  ", " "], ["\t", " ", "\u00a0"]))
    )
    findings = compare(Wanted(old, new, "v1", "v2"), engine).findings
    assert findings.verificado
    assert findings.alteracoes
    assert {change.categoria for change in findings.alteracoes} == {"formatacao"}


def test_a_moved_paragraph_with_a_blank_line_is_the_same_text_at_both_ends() -> None:
    element = etree.fromstring(body("<w:p/>").encode())[0][0]

    def moved(kind: Kind) -> list[Line]:
        return [
            Line("d", 1, "", [Piece(text, kind, move="m")], kind, element)
            for text in ("Um texto.", " ", "Outro.")
        ]

    lines = [*moved("moved_from"), Line("d", 1, "", [Piece("Fica.")], "equal", element), *moved("moved_to")]
    [change] = read_changes(Lines(tuple(lines), (), (len(lines),)))
    assert change.moved
    assert change.before == change.after == "Um texto.\n \nOutro."


def test_what_has_no_characters_is_no_change() -> None:
    assert told(("a", "equal"), ("", "deleted"), ("b", "equal")) == []


def test_half_a_move_is_a_removal() -> None:
    assert told(("a", "equal"), ("foi", "moved_from"), move="m") == [("remocao", "foi", "")]


def test_a_line_of_an_empty_header_changes_nothing() -> None:
    elements = [etree.fromstring(body("<w:p/>").encode())[0][0] for _ in range(2)]
    lines = (
        Line("d", 1, "", [Piece("Texto")], "equal", elements[0]),
        Line("h", 1, "", [], "inserted", elements[1]),
    )
    made = Lines(lines, (), (1, 1))
    assert read_changes(made) == []
    assert made.text(NEW) == made.text(GONE) == "Texto\n"
