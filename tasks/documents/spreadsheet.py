"""Contract models, clauses, references, contracts and versions out of a spreadsheet (XLSX, ODS)."""

import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from python_calamine import CalamineError, CalamineWorkbook

from tasks.documents.clauses import number_key
from tasks.documents.errors import DocumentTooLargeError, UnusableDocumentError
from tasks.documents.numerals import without_accents
from tasks.documents.spreadsheet_bounds import check_bounds

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
_KEYS: Mapping[str, tuple[str, ...]] = {
    "modelos": ("nome",),
    "clausulas": ("modelo", "numero"),
    "contratos": ("numero",),
}
"""The columns in which no two rows of a sheet say the same."""
_NO_SPREADSHEET = "O arquivo não é uma planilha .xlsx ou .ods."
_SAVE_AS = "Abra-a e salve como .xlsx, sem senha."
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)
"""What reading a damaged archive raises; RuntimeError stands for a password."""


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

    Clauses are named by their numbers, however these are written: 7. is 7.

    Raises UnusableDocumentError with every fault, its sheet and its row.
    """
    _check(path)
    faults: list[str] = []
    try:
        with CalamineWorkbook.from_path(path) as book:
            raw = {
                sheet: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                for sheet, name in _sheets(book.sheet_names, faults)
            }
    except (CalamineError, OSError, ValueError) as error:
        raise UnusableDocumentError("A planilha não pode ser lida.", hint=_SAVE_AS) from error
    book_of = Book({name: tuple(_rows(name, raw.get(name, []), faults)) for name in SHEETS})
    if not any(book_of[name] for name in SHEETS):
        faults.append(f"Não há linhas em nenhuma das abas {', '.join(SHEETS)}.")
    faults += _twice(book_of)
    faults += _unknown(book_of)
    if faults:
        more = f" E mais {len(faults) - _MAX_FAULTS}." if len(faults) > _MAX_FAULTS else ""
        raise UnusableDocumentError(
            " ".join(faults[:_MAX_FAULTS]) + more, hint="Corrija a planilha: nada foi gravado."
        )
    return _linked(book_of)


def _check(path: Path) -> None:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise DocumentTooLargeError(f"A planilha é maior do que {MAX_FILE_BYTES >> 20} MB.")
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.replace("\\", "/").lower() for name in archive.namelist()}
            if "xl/workbook.bin" in names or not names & {"xl/workbook.xml", "content.xml"}:
                raise UnusableDocumentError(_NO_SPREADSHEET, hint=_SAVE_AS)
            if sum(entry.file_size for entry in archive.infolist()) > _MAX_INFLATED_BYTES:
                raise DocumentTooLargeError("A planilha é grande demais depois de descompactada.")
            check_bounds(archive)
    except _DAMAGED as error:
        raise UnusableDocumentError(_NO_SPREADSHEET, hint=_SAVE_AS) from error


def _sheets(names: Sequence[str], faults: list[str]) -> Iterator[tuple[str, str]]:
    """The sheets that are read, as we call them and as they are called. Others are not looked at."""
    found: dict[str, str] = {}
    for name in names:
        sheet = _plain(name)
        if sheet not in SHEETS:
            continue
        if sheet in found:
            faults.append(f'Aba {sheet}: há duas abas com esse nome, "{found[sheet]}" e "{name}".')
            continue
        found[sheet] = name
        yield sheet, name


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
    if double := [column for column, count in Counter(filter(None, columns)).items() if count > 1]:
        faults.append(f'Aba {sheet}: há duas colunas "{double[0]}".')
    for number, cells in enumerate(raw[1:], 2):
        held = {column: cell for column, cell in zip(columns, cells, strict=False) if column}
        found = {column: _text(cell) for column, cell in held.items()}
        if not any(found.values()):
            continue
        row = Row(number=number, values={column: found.get(column, "") for column in (*needed, *optional)})
        faults += [
            f'Aba {sheet}, linha {number}: "{column}" está vazio.' for column in needed if not row[column]
        ]
        faults += [
            f'Aba {sheet}, linha {number}: "{column}" ({row[column]}) é um número com decimais, uma data ou uma hora; '
            "formate a célula como texto e escreva-o de novo."
            for column in needed
            if _is_ambiguous(held.get(column))
        ]
        yield row


def _twice(book: Book) -> Iterator[str]:
    """Rows that are the same record: the later one would take the place of the other."""
    for sheet, columns in _KEYS.items():
        first: dict[tuple[str, ...], int] = {}
        for row in book[sheet]:
            key = _clause(row, "numero") if sheet == "clausulas" else tuple(row[column] for column in columns)
            if all(key) and first.setdefault(key, row.number) != row.number:
                named = " de ".join(f'"{row[column]}"' for column in reversed(columns))
                yield f"Aba {sheet}, linha {row.number}: {named} já está na linha {first[key]}."


def _clause(row: Row, column: str) -> tuple[str, str]:
    """By what a row names a clause."""
    return row["modelo"], number_key(row[column])


def _linked(book: Book) -> Book:
    """The same with each reference naming its clause as that is written itself."""
    written = {_clause(row, "numero"): row["numero"] for row in book["clausulas"]}
    references = tuple(
        Row(number=row.number, values={**row.values, "clausula": written[_clause(row, "clausula")]})
        for row in book["referencias"]
    )
    return Book({**book.sheets, "referencias": references})


def _unknown(book: Book) -> Iterator[str]:
    """What rows name that no other row is."""
    models = {row["nome"] for row in book["modelos"]}
    clauses = {_clause(row, "numero") for row in book["clausulas"]}
    contracts = {row["numero"] for row in book["contratos"]}
    for sheet in ("clausulas", "referencias", "contratos"):
        for row in book[sheet]:
            if row["modelo"] and row["modelo"] not in models:
                yield f'Aba {sheet}, linha {row.number}: não há modelo "{row["modelo"]}" na aba modelos.'
    for row in book["referencias"]:
        if row["modelo"] in models and row["clausula"] and _clause(row, "clausula") not in clauses:
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


def _is_ambiguous(cell: object) -> bool:
    """Whether a cell does not hold what was written: of 7.10 it keeps 7.1, and of 7/1 the 7th of January."""
    return isinstance(cell, date | time | timedelta) or (isinstance(cell, float) and not cell.is_integer())


def _plain(name: str) -> str:
    """A name without case, accents and blanks around it, by which sheets and columns are found."""
    return "_".join(without_accents(name).split())
