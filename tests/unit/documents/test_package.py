"""Files that are no Word documents, or that are meant to do harm, end in one sentence before anything reads them."""

import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.documents.errors import DocumentTooLargeError, UnusableDocumentError
from tasks.documents.package import open_package
from tasks.documents.story import read_story
from tests.unit.documents.docx import body, content_types, paragraph, relationships, save

ENTITIES = '<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><w>&b;</w>'
DEEP = body("<w:customXml>" * 300 + "</w:customXml>" * 300)


def opened(path: Path) -> str:
    with open_package(path) as package:
        return read_story(package).text


def test_a_document_opens(tmp_path: Path) -> None:
    assert opened(save(tmp_path / "a.docx", body(paragraph("Olá"), paragraph("mundo")))) == "Olá\nmundo"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "vazio"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "senha"),
        (b"%PDF-1.7", "PDF"),
        (b"{\\rtf1", "RTF"),
        (b"\x89PNG\r\n", "imagem"),
        (b"  <!doctype html><html>", "internet"),
        (b"texto", "não é um documento do Word"),
        (b"PK\x03\x04" + bytes(40), "danificado"),
    ],
)
def test_other_files_are_named(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(data)
    with pytest.raises(UnusableDocumentError, match=said):
        opened(path)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"word/document.xml": ENTITIES}, "entidades"),
        ({"word/document.xml": ENTITIES.encode("utf-16")}, "entidades"),
        ({"word/document.xml": "<w>"}, "danificado"),
        ({"word/document.xml": ""}, "danificado"),
        ({"word/document.xml": DEEP}, "danificado"),
        ({"_rels/.rels": relationships(("officeDocument", "word/other.xml"))}, "texto principal"),
        ({"[Content_Types].xml": content_types("application/vnd.ms-excel.sheet.main+xml")}, "planilha"),
        (
            {"word/_rels/document.xml.rels": relationships(("aFChunk", "afchunk.mht"))},
            "outro documento inteiro",
        ),
    ],
)
def test_odd_documents_are_refused_in_a_sentence(tmp_path: Path, parts: dict[str, str], said: str) -> None:
    path = save(tmp_path / "a.docx", body(paragraph("x")), parts)
    with pytest.raises(UnusableDocumentError, match=said):
        opened(path)


def test_a_zip_of_something_else_is_told_from_a_document(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "x")
    with pytest.raises(UnusableDocumentError, match="compactado"):
        opened(path)


def test_a_bomb_is_not_inflated(tmp_path: Path) -> None:
    path = save(tmp_path / "a.docx", body(paragraph("x")), {"word/media/a.bin": bytes(100 * 1024 * 1024)})
    assert path.stat().st_size < 200_000
    with pytest.raises(DocumentTooLargeError, match="100 MB"):
        opened(path)


def test_too_many_parts(tmp_path: Path) -> None:
    path = save(tmp_path / "a.docx", body(), {f"word/media/{number}": b"" for number in range(10_001)})
    with pytest.raises(DocumentTooLargeError, match="partes"):
        opened(path)


def test_what_lies_outside_is_listed_and_never_fetched(tmp_path: Path) -> None:
    outside = {
        "word/_rels/document.xml.rels": relationships(
            ("attachedTemplate", "http://127.0.0.1:9/a.dotm"),
            ("header", "http://127.0.0.1:9/h.xml"),
            external=True,
        )
    }
    path = save(tmp_path / "a.docx", body(paragraph("x")), outside)
    with open_package(path) as package:
        assert [each.target for each in package.external] == [
            "http://127.0.0.1:9/a.dotm",
            "http://127.0.0.1:9/h.xml",
        ]
        assert read_story(package).text == "x"


def test_macros_are_reported(tmp_path: Path) -> None:
    parts = {"word/_rels/document.xml.rels": relationships(("vbaProject", "vbaProject.bin"))}
    with open_package(save(tmp_path / "a.docm", body(), parts)) as package:
        assert package.has_macros


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2000), st.integers(0, 255), st.integers(0, 1))
def test_a_damaged_file_ends_in_a_sentence(tmp_path: Path, at: int, byte: int, cut: int) -> None:
    whole = save(tmp_path / "whole.docx", body(paragraph("{{7.1}} texto {{/7.1}}"))).read_bytes()
    at %= len(whole)
    damaged = whole[:at] if cut else whole[:at] + bytes([byte]) + whole[at + 1 :]
    path = tmp_path / "damaged.docx"
    path.write_bytes(damaged)
    # Whatever is wrong with it, there is a text or one sentence, and nothing else is raised.
    with suppress(UnusableDocumentError):
        opened(path)
