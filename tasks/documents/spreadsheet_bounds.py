"""How far the sheets of a spreadsheet reach, found out before anything makes room for their cells.

Its reader makes a rectangle of a sheet up to the last cell that holds something, and one stray cell in the last row and
column makes that 500 GB. Cells that only look some way are no part of it, and do not count here.
"""

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from lxml import etree

from tasks.documents.errors import DocumentTooLargeError, UnusableDocumentError
from tasks.documents.package import Package

MAX_CELLS = 2_000_000
"""Of a sheet, up to its last row and its last column."""
_CHUNK_BYTES = 1 << 20
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_SHEET = b"sheetData"
_BOOK = "xl/workbook.xml"


class _TooFarError(Exception):
    """A sheet reaches beyond the bounds."""

    def __init__(self, sheet: str, cell: str) -> None:
        super().__init__(cell)
        self.sheet = sheet
        """Empty where the part does not say it."""
        self.cell = cell


def check_bounds(archive: zipfile.ZipFile) -> None:
    """Raises DocumentTooLargeError with the cell by which a sheet reaches too far.

    Raises UnusableDocumentError for parts that cannot be read, and what zipfile raises for a damaged archive.
    """
    for entry in archive.infolist():
        try:
            with archive.open(entry) as stream:
                _check_part(stream, is_xml=entry.filename.lower().endswith(".xml"))
        except _TooFarError as error:
            sheet = error.sheet or _name_of_sheet(archive, entry.filename)
            most = f"{MAX_CELLS:,}".replace(",", ".")
            raise DocumentTooLargeError(
                f"Aba {sheet}: até a célula {error.cell} há mais de {most} de células, contando as vazias.",
                hint="Apague o que está nela, ou as linhas e colunas vazias antes dela.",
            ) from error
        except (etree.XMLSyntaxError, ValueError) as error:
            raise UnusableDocumentError(
                f"A planilha está danificada: {entry.filename} não pode ser lido.",
                hint="Abra-a e salve como .xlsx, sem senha.",
            ) from error


def _check_part(stream: IO[bytes], *, is_xml: bool) -> None:
    parser = etree.XMLParser(
        target=_Cells(),  # type: ignore[arg-type]  # it needs no more than it has
        resolve_entities=False,
        no_network=True,
        huge_tree=True,
    )
    before = b""
    while chunk := stream.read(_CHUNK_BYTES):
        if is_xml:
            parser.feed(chunk)
        elif _SHEET in before + chunk:
            raise ValueError("A sheet is hidden in a part that is not named as XML.")
        before = chunk[-len(_SHEET) :]
    if is_xml:
        parser.close()


def _name_of_sheet(archive: zipfile.ZipFile, part: str) -> str:
    """What a sheet is called in its book; the name of its part where the book does not say it."""
    package = Package(archive)
    if not package.has(_BOOK):
        return part
    parts = {each.identifier: each.target for each in package.relationships(_BOOK)}
    for sheet in package.xml(_BOOK).iter("{*}sheet"):
        if part in {parts.get(str(value)) for value in sheet.attrib.values()}:
            return sheet.get("name", part)
    return part


@dataclass(slots=True)
class _Sheet:
    """A sheet as far as it was read."""

    name: str = ""
    row: int = 0
    column: int = 0
    """Of the cell that was read last, from 1."""
    rows: int = 1
    columns: int = 1
    """That this cell stands for."""
    last_row: int = 0
    last_column: int = 0
    filled: int = 0

    def go_to(self, reference: str) -> None:
        """To the cell that is named so; without a name it is the next one."""
        if not reference:
            self.column += 1
            return
        match = _REFERENCE.fullmatch(reference.upper())
        if match is None:
            raise ValueError(reference)
        self.row, self.column = int(match[2]), 0
        for letter in match[1]:
            self.column = 26 * self.column + ord(letter) - ord("A") + 1

    def reach(self) -> None:
        """Says that the cell holds something."""
        self.last_row = max(self.last_row, self.row)
        self.last_column = max(self.last_column, self.column)
        if max(self.filled, self.last_row * self.last_column) > MAX_CELLS:
            raise _TooFarError(self.name, f"{_letters(self.column)}{self.row}")


class _Cells:
    """Follows the cells of a part as the parser comes to them, of either format."""

    def __init__(self) -> None:
        self._sheet = _Sheet()

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """What the parser calls for every element."""
        name, sheet = tag.rpartition("}")[2], self._sheet
        if name in ("sheetData", "table"):
            self._sheet = _Sheet(_of(attributes, "name"))
        elif name == "row":
            sheet.row, sheet.column = int(_of(attributes, "r") or sheet.row + 1), 0
        elif name == "c":
            sheet.go_to(_of(attributes, "r"))
        elif name == "table-row":
            sheet.rows = int(_of(attributes, "number-rows-repeated") or 1)
            sheet.row, sheet.column = sheet.row + sheet.rows, 0
        elif name in ("table-cell", "covered-table-cell"):
            sheet.columns = int(_of(attributes, "number-columns-repeated") or 1)
            sheet.column += sheet.columns
        # What a cell holds: a value, a text in it, paragraphs.
        if name in ("v", "is") or (name == "table-cell" and _of(attributes, "value-type")):
            sheet.filled += sheet.rows * sheet.columns
            sheet.reach()
        elif name == "p":
            sheet.reach()

    def end(self, tag: str) -> None:
        """Nothing: what matters is where cells begin."""

    def close(self) -> None:
        """Nothing is made of them."""


def _of(attributes: Mapping[str, str], name: str) -> str:
    """An attribute, in whatever namespace; empty if it is not there."""
    return next((value for key, value in attributes.items() if key.rpartition("}")[2] == name), "")


def _letters(column: int) -> str:
    written = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        written = chr(ord("A") + rest) + written
    return written
