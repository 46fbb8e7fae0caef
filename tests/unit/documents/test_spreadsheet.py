"""Spreadsheets of contracts: read as people write them, and every fault named with its sheet and row."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.documents.errors import UnusableDocumentError
from tasks.documents.spreadsheet import read_book
from tests.unit.documents.xlsx import Sheet, save_book

MODELS: Sheet = [["Nome", "Versão", "Arquivo com tags"], ["Locação", 2, "modelos/locacao.docx"]]
CLAUSES: Sheet = [
    ["modelo", "NUMERO", "nome", "conteúdo"],
    ["Locação", 7, "Preço", "R$ 10"],
    ["Locação", "7.1", "", ""],
]


def test_columns_are_found_whatever_their_case_accents_and_order(tmp_path: Path) -> None:
    book = read_book(save_book(tmp_path / "book.xlsx", {"Cláusulas": CLAUSES, "MODELOS": MODELS}))
    [model] = book["modelos"]
    assert (model["nome"], model["versao"], model["arquivo_com_tags"]) == (
        "Locação",
        "2",
        "modelos/locacao.docx",
    )
    assert [(row["numero"], row["nome"], row["objetivo"]) for row in book["clausulas"]] == [
        ("7", "Preço", ""),
        ("7.1", "", ""),
    ]
    assert book["contratos"] == ()


def test_every_fault_has_its_sheet_and_row(tmp_path: Path) -> None:
    clauses = [*CLAUSES, ["Aluguel", "8", "", ""], ["", "", "", ""], ["Locação", "", "x", ""]]
    references = [["modelo", "clausula"], ["Locação", "9.9"]]
    sheets = {
        "modelos": MODELS,
        "clausulas": clauses,
        "referencias": references,
        "versoes": [["contrato"], ["1"]],
    }
    with pytest.raises(UnusableDocumentError) as refused:
        read_book(save_book(tmp_path / "book.xlsx", sheets))
    told = str(refused.value)
    assert 'Aba clausulas, linha 4: não há modelo "Aluguel"' in told
    assert 'Aba clausulas, linha 6: "numero" está vazio.' in told
    assert 'Aba referencias, linha 2: o modelo não tem cláusula "9.9".' in told
    assert 'Aba versoes: falta a coluna "arquivo"' in told


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04rubbish", b"numero;nome\n1;a\n"])
def test_what_is_no_spreadsheet_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(content)
    with pytest.raises(UnusableDocumentError, match="planilha"):
        read_book(path)


def test_an_empty_book_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnusableDocumentError, match="modelos, clausulas"):
        read_book(save_book(tmp_path / "book.xlsx", {"Plan1": []}))


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1),
        min_size=1,
        unique=True,
    )
)
def test_names_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    rows = [["nome", "arquivo_com_tags"], *([name, "m.docx"] for name in names)]
    book = read_book(save_book(tmp_path_factory.mktemp("book") / "book.xlsx", {"modelos": rows}))
    assert [row["nome"] for row in book["modelos"]] == names
