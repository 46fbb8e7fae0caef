"""Contract models, clauses, references, contracts and versions out of a spreadsheet (XLSX, ODS)."""

import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from python_calamine import CalamineError, CalamineWorkbook

from tasks.documents.errors import DocumentTooLargeError, UnusableDocumentError

MAX_FILE_BYTES = 50 * 1024 * 1024
_MAX_INFLATED_BYTES = 500 * 1024 * 1024
_MAX_FAULTS = 50
"""Faults that one sentence names."""

SHEETS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "modelos": (("nome", "arquivo_com_tags"), ("versao", "arquivo_original")),
    "clausulas": (("modelo", "numero"), ("nome", "conteudo", "objetivo")),
    "referencias": (("modelo", "clausula"), ("orientacao_retorno", "descricao")),
    "contratos": (("numero", "modelo"), ("titulo",)),
    "versoes": (("contrato", "arquivo"), ("origem",)),
}
"""The columns of each sheet: those that every row fills, and those that may be empty. Order and case do not count."""


class Row(BaseModel):
    """A row of a sheet."""

    model_config = ConfigDict(frozen=True)

    number: int
    """As the program that shows the sheet counts."""
    values: dict[str, str]
    """By column; empty texts where nothing stands."""

    def __getitem__(self, column: str) -> str:
        return self.values[column]


@dataclass(frozen=True)
class Book:
    """The rows of each sheet; of a sheet that is not there none."""

    sheets: Mapping[str, tuple[Row, ...]]

    def __getitem__(self, sheet: str) -> tuple[Row, ...]:
        return self.sheets[sheet]


def read_book(path: Path) -> Book:
    """Reads a spreadsheet; each row that names another (`modelo`, `clausula`, `contrato`) names one that is there.

    Raises UnusableDocumentError with every fault, its sheet and its row.
    """
    _check(path)
    try:
        with CalamineWorkbook.from_path(path) as book:
            raw = {
                _plain(name): book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                for name in book.sheet_names
            }
    except (CalamineError, OSError, ValueError) as error:
        raise UnusableDocumentError(
            "A planilha não pode ser lida.", hint="Abra-a e salve como .xlsx, sem senha."
        ) from error
    faults: list[str] = []
    book_of = Book({name: tuple(_rows(name, raw.get(name, []), faults)) for name in SHEETS})
    if not any(book_of[name] for name in SHEETS):
        faults.append(f"Não há linhas em nenhuma das abas {', '.join(SHEETS)}.")
    faults += _unknown(book_of)
    if faults:
        more = f" E mais {len(faults) - _MAX_FAULTS}." if len(faults) > _MAX_FAULTS else ""
        raise UnusableDocumentError(
            " ".join(faults[:_MAX_FAULTS]) + more, hint="Corrija a planilha: nada foi gravado."
        )
    return book_of


def _check(path: Path) -> None:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise DocumentTooLargeError(f"A planilha é maior do que {MAX_FILE_BYTES >> 20} MB.")
    try:
        with zipfile.ZipFile(path) as archive:
            inflated = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile as error:
        raise UnusableDocumentError(
            "O arquivo não é uma planilha .xlsx ou .ods.", hint="Abra-o e salve como .xlsx, sem senha."
        ) from error
    if inflated > _MAX_INFLATED_BYTES:
        raise DocumentTooLargeError("A planilha é grande demais depois de descompactada.")


def _rows(sheet: str, raw: Sequence[Sequence[object]], faults: list[str]) -> Iterator[Row]:
    if not raw:
        return
    needed, optional = SHEETS[sheet]
    columns = [_plain(str(cell)) for cell in raw[0]]
    missing = [column for column in needed if column not in columns]
    if missing:
        faults.append(f'Aba {sheet}: falta a coluna "{missing[0]}" na primeira linha.')
        return
    if unknown := [column for column in columns if column and column not in (*needed, *optional)]:
        faults.append(
            f'Aba {sheet}: a coluna "{unknown[0]}" não é conhecida; há {", ".join((*needed, *optional))}.'
        )
    for number, cells in enumerate(raw[1:], 2):
        found = {column: _text(cell) for column, cell in zip(columns, cells, strict=False) if column}
        if not any(found.values()):
            continue
        row = Row(number=number, values={column: found.get(column, "") for column in (*needed, *optional)})
        faults += [
            f'Aba {sheet}, linha {number}: "{column}" está vazio.' for column in needed if not row[column]
        ]
        yield row


def _unknown(book: Book) -> Iterator[str]:
    """What rows name that no other row is."""
    models = {row["nome"] for row in book["modelos"]}
    clauses = {(row["modelo"], row["numero"]) for row in book["clausulas"]}
    contracts = {row["numero"] for row in book["contratos"]}
    for sheet in ("clausulas", "referencias", "contratos"):
        for row in book[sheet]:
            if row["modelo"] and row["modelo"] not in models:
                yield f'Aba {sheet}, linha {row.number}: não há modelo "{row["modelo"]}" na aba modelos.'
    for row in book["referencias"]:
        if row["modelo"] in models and row["clausula"] and (row["modelo"], row["clausula"]) not in clauses:
            yield f'Aba referencias, linha {row.number}: o modelo não tem cláusula "{row["clausula"]}".'
    for row in book["versoes"]:
        if row["contrato"] and row["contrato"] not in contracts:
            yield f'Aba versoes, linha {row.number}: não há contrato "{row["contrato"]}" na aba contratos.'


def _text(cell: object) -> str:
    """What stands in a cell as a person reads it: 7.0 is 7, and a day is a day."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip()


def _plain(name: str) -> str:
    """A name without case, accents and blanks, by which sheets and columns are found."""
    decomposed = unicodedata.normalize("NFD", name.strip().casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each)).replace(" ", "_")
