"""Reads reports as their readers' programs do, and makes them in all formats."""

import io
import json
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docx
from docx.document import Document
from lxml import html

from tasks.progress import ignore_progress
from tasks.reports.building import Collected, Wanted
from tasks.reports.making import FORMATS, Fonts, Format, Made, make_report
from tests.unit.reports.pdf_text import pdf_text

DATE = datetime(2026, 11, 29, 18, 30, 0, 123456, tzinfo=UTC)


def wanted(**others: object) -> Wanted:
    """A report in Portuguese."""
    usual = {
        "language": "pt-BR",
        "title": "Relatório de teste",
        "date": DATE,
        "correlation_id": "cliente-42",
        "introduction": "",
        "color": "#0f766e",
    }
    return Wanted(**{**usual, **others})  # type: ignore[arg-type]


def made_of(
    collected: Sequence[Collected],
    cache: Path,
    formats: Sequence[Format] = FORMATS,
    folders: tuple[Path, ...] = (),
    **others: object,
) -> Made:
    """The report of these."""
    fonts = Fonts(folders, cache)
    return make_report(collected, wanted(**others), formats, fonts, ignore_progress)


def parsed(page: bytes) -> Any:
    """The elements of a page. What XPath finds has too many types to be told apart."""
    return html.fromstring(page.decode())


def text_of_page(page: bytes) -> str:
    """What a browser shows of a page."""
    return str(parsed(page).text_content())


def document_of(file: bytes) -> Document:
    """The Word document."""
    return docx.Document(io.BytesIO(file))


def text_of_document(file: bytes) -> str:
    """All text of a Word document, links and headers included."""
    body = document_of(file).element.body
    return "\n".join(str(part.xpath("string(.)")) for part in body.iter("{*}p"))


def texts_of(made: Made) -> dict[Format, str]:
    """The text of every format, of the JSON all its texts; without spaces and what permits a line break."""
    found: dict[Format, str] = {
        "html": text_of_page(made.files["html"]),
        "pdf": pdf_text(made.files["pdf"]),
        "docx": text_of_document(made.files["docx"]),
        "json": "\n".join(_strings(json.loads(made.files["json"]))),
    }
    return {kind: squeezed(text) for kind, text in found.items()}


def squeezed(text: str) -> str:
    """The text without spaces and invisible characters, which lines may break at."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(c for c in composed if not c.isspace() and unicodedata.category(c) != "Cf")


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for each in value for text in _strings(each)]
    if isinstance(value, dict):
        return [text for each in value.values() for text in _strings(each)]
    return []
