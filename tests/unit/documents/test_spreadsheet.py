"""Spreadsheets of contracts: read as people write them, and every fault named with its sheet and row."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.documents.errors import DocumentTooLargeError, UnusableDocumentError
from tasks.documents.spreadsheet import read_book
from tests.unit.documents.docx import body, paragraph, save
from tests.unit.documents.xlsx import Sheet, save_book, save_open_book, with_rows

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


def test_another_document_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnusableDocumentError, match="não é uma planilha"):
        read_book(save(tmp_path / "book.xlsx", body(paragraph("Contrato"))))


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


def refusal(path: Path, sheets: dict[str, Sheet]) -> str:
    with pytest.raises(UnusableDocumentError) as refused:
        read_book(save_book(path / "book.xlsx", sheets))
    return str(refused.value)


@pytest.mark.parametrize("again", ["7.1", "7.1.", "Cláusula 7.1", "item 7.1", "TAG-7.1"])
def test_a_clause_that_is_there_twice_is_told_however_its_number_is_written(
    tmp_path: Path, again: str
) -> None:
    told = refusal(tmp_path, {"modelos": MODELS, "clausulas": [*CLAUSES, ["Locação", again, "Outra", ""]]})
    assert f'Aba clausulas, linha 4: "{again}" de "Locação" já está na linha 3.' in told


def test_clauses_with_a_letter_are_others(tmp_path: Path) -> None:
    clauses = [*CLAUSES, ["Locação", "7a", "", ""], ["Locação", "7.1.b", "", ""]]
    book = read_book(save_book(tmp_path / "book.xlsx", {"modelos": MODELS, "clausulas": clauses}))
    assert len(book["clausulas"]) == 4


def test_models_and_contracts_that_are_there_twice_are_told(tmp_path: Path) -> None:
    contracts: Sheet = [["numero", "modelo"], [12, "Locação"], ["12", "Locação"]]
    told = refusal(tmp_path, {"modelos": [*MODELS, ["Locação", 3, "b.docx"]], "contratos": contracts})
    assert 'Aba modelos, linha 3: "Locação" já está na linha 2.' in told
    assert 'Aba contratos, linha 3: "12" já está na linha 2.' in told


def test_sheets_and_columns_that_are_there_twice_are_told(tmp_path: Path) -> None:
    models: Sheet = [["nome", "Nome ", "arquivo com tags"], ["a", "b", "c"]]
    told = refusal(tmp_path, {"modelos": models, "Cláusulas": CLAUSES, "clausulas ": CLAUSES})
    assert 'Aba clausulas: há duas abas com esse nome, "Cláusulas" e "clausulas ".' in told
    assert 'Aba modelos: há duas colunas "nome".' in told


def test_a_number_with_decimals_is_not_the_number_of_a_clause(tmp_path: Path) -> None:
    references: Sheet = [["modelo", "clausula"], ["Locação", 7.1]]
    told = refusal(
        tmp_path,
        {"modelos": MODELS, "clausulas": [*CLAUSES, ["Locação", 7.10, "", ""]], "referencias": references},
    )
    assert 'Aba clausulas, linha 4: "numero" (7.1)' in told
    assert 'Aba referencias, linha 2: "clausula" (7.1)' in told
    assert "como texto" in told


def test_a_reference_names_its_clause_as_that_is_written(tmp_path: Path) -> None:
    references: Sheet = [
        ["modelo", "clausula"],
        ["Locação", "7."],
        ["Locação", "Cláusula 7.1"],
        ["Locação", "sétima"],
    ]
    sheets = {"modelos": MODELS, "clausulas": CLAUSES, "referencias": references}
    book = read_book(save_book(tmp_path / "book.xlsx", sheets))
    assert [row["clausula"] for row in book["referencias"]] == ["7", "7.1", "7"]


FAR = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


@pytest.mark.parametrize(
    "rows",
    [
        FAR,
        FAR.replace("<v>1</v>", "<is><t></t></is>").replace("<c ", '<c t="inlineStr" '),
        '<row r="1048576"><c r="XFC1048576" s="1"/><c><v>1</v></c></row>',
    ],
)
@pytest.mark.parametrize("sheet", ["modelos", "Plan2"])
def test_a_stray_cell_far_away_is_told_before_room_is_made_for_all(
    tmp_path: Path, rows: str, sheet: str
) -> None:
    path = save_book(tmp_path / "book.xlsx", {"modelos": MODELS, "Plan2": [["x"]]})
    with pytest.raises(DocumentTooLargeError, match=f"Aba {sheet}: até a célula XFD1048576") as refused:
        read_book(with_rows(path, 1 if sheet == "modelos" else 2, rows))
    assert refused.value.code == "limit_exceeded"


def test_a_cell_far_away_that_only_looks_some_way_stops_nothing(tmp_path: Path) -> None:
    path = save_book(tmp_path / "book.xlsx", {"modelos": MODELS, "Plan2": [["x"]]})
    far = FAR.replace("<v>1</v>", "")
    assert len(read_book(with_rows(path, 2, far))["modelos"]) == 1
    rows = "".join(
        f"<row>{''.join(f'<c t={chr(34)}inlineStr{chr(34)}><is><t>{cell}</t></is></c>' for cell in row)}</row>"
        for row in MODELS
    )
    assert len(read_book(with_rows(path, 1, rows + far))["modelos"]) == 1


CELL = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
OPEN_ROWS = "".join(
    f"<table:table-row>{''.join(CELL.format(cell) for cell in row)}</table:table-row>" for row in MODELS
)
EMPTY_ROWS = (
    '<table:table-row table:number-rows-repeated="{}"><table:table-cell table:number-columns-repeated="16384"/>'
    "</table:table-row>"
)


def test_open_documents_have_the_same_bounds(tmp_path: Path) -> None:
    path = tmp_path / "book.ods"
    rest = EMPTY_ROWS.format(1048574)
    assert len(read_book(save_open_book(path, "modelos", OPEN_ROWS + rest))["modelos"]) == 1
    repeated = CELL.format("x").replace("-cell ", '-cell table:number-columns-repeated="16384" ', 1)
    last = f"<table:table-row>{repeated}</table:table-row>"
    with pytest.raises(DocumentTooLargeError, match="Aba modelos: até a célula XFD2001"):
        read_book(save_open_book(path, "modelos", OPEN_ROWS + EMPTY_ROWS.format(1998) + last))
