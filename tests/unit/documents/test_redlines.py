"""Documents with tracked changes that a comparison makes: what they hold, and whether that is verified."""

from pathlib import Path

import pytest

from tasks.documents.acceptance import is_revised
from tasks.documents.comparison import Wanted, compare
from tasks.documents.engine import ComparisonEngine, Signature
from tasks.documents.package import package_of
from tasks.documents.revisions import read_lines
from tests.unit.documents.comparisons import PRICE, TITLE, Compare, told
from tests.unit.documents.docx import W, body, paragraph, part, relationships, run, save


def test_a_new_last_paragraph_can_be_taken_back_by_every_word_processor(compared: Compare) -> None:
    found = compared(body(TITLE, PRICE), body(TITLE, PRICE, paragraph("Foro de São Paulo.")))
    assert [each.mark for each in read_lines(package_of(found.redline)).lines] == [
        "equal",
        "inserted",
        "equal",
    ]
    assert told(found) == [("inclusao", "", "Foro de São Paulo.")]
    assert found.findings.verificado


def test_the_redline_bears_author_and_date_and_nothing_that_runs_or_is_fetched(
    engine: ComparisonEngine, tmp_path: Path
) -> None:
    code = relationships(("vbaProject", "vbaProject.bin"))
    far = relationships(("attachedTemplate", "https://example.org/t.dotm"), external=True)
    new = save(
        tmp_path / "v2.docm",
        body(PRICE.replace("mês", "ano")),
        {
            "word/_rels/document.xml.rels": code,
            "word/vbaProject.bin": b"\x00code",
            "word/_rels/settings.xml.rels": far,
            "word/settings.xml": part("settings", "<w:attachedTemplate/>"),
        },
    )
    wanted = Wanted(
        save(tmp_path / "v1.docx", body(PRICE)), new, "v1", "v2", signature=Signature(author="Maria & Cia")
    )
    found = compare(wanted, engine)
    package = package_of(found.redline)
    [inserted] = package.xml(package.main).iter(f"{{{W}}}ins")
    assert inserted.get(f"{{{W}}}author") == "Maria & Cia"
    assert inserted.get(f"{{{W}}}date") == "2000-01-01T00:00:00Z"
    assert not any("vba" in name for name in package.parts)
    assert not any(b"example.org" in package.read(name) for name in package.parts)
    assert len(found.findings.avisos) == 2


def test_what_the_engine_marks_wrongly_is_told_and_the_changes_are_right_all_the_same(
    engine: ComparisonEngine, compared: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "redline", lambda _old, new, _signature: new)
    found = compared(body(TITLE, PRICE), body(TITLE, PRICE.replace("mês", "ano"), paragraph("Fim.")))
    assert not found.findings.verificado
    assert "Recusadas todas as alterações" in found.findings.falhas_de_verificacao[0]
    assert told(found) == [("modificacao", "mês", "ano"), ("inclusao", "", "Fim.")]


def test_where_a_redline_fails_never_an_empty_pair_of_quotes_is_shown(
    engine: ComparisonEngine, compared: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "redline", lambda _old, new, _signature: new)
    for old, new, said in (
        ((TITLE, PRICE), (TITLE, paragraph(), PRICE), "uma quebra de parágrafo em vez de “O preço"),
        ((TITLE,), (TITLE, PRICE), "“O preço é de"),
        ((TITLE, PRICE), (TITLE,), "o fim do texto em vez de “O preço"),
        (("a b",), ("a\u00a0b",), "“[U+00A0]b” em vez de “ b”"),
    ):
        versions = (
            body(*(each if each.startswith("<") else paragraph(each) for each in it)) for it in (old, new)
        )
        [fault] = compared(*versions).findings.falhas_de_verificacao
        assert "“”" not in fault
        assert said in fault


@pytest.mark.parametrize("with_control_first", [True, False])
def test_a_content_control_at_the_end_that_came_or_went_can_be_undone(
    compared: Compare, with_control_first: bool
) -> None:
    held = (
        f'<w:sdt><w:sdtPr><w:id w:val="7"/></w:sdtPr><w:sdtContent>{paragraph("Two")}</w:sdtContent></w:sdt>'
    )
    pair = body(TITLE, PRICE, held, held.replace("Two", "One")), body(TITLE, PRICE)
    found = compared(*(pair if with_control_first else pair[::-1]))
    assert found.findings.verificado, found.findings.falhas_de_verificacao
    assert len(found.findings.alteracoes) == 2


def test_the_redline_is_asked_for_as_of_documents_without_tracked_changes(
    engine: ComparisonEngine, compared: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    redline = engine.redline

    def noted(old: bytes, new: bytes, signature: Signature, *, revised: bool = False) -> bytes:
        for document in map(package_of, (old, new)):
            asked.append(any(is_revised(document.xml(name)) for name in document.parts))
        return redline(old, new, signature, revised=revised)

    monkeypatch.setattr(engine, "redline", noted)
    inserted = f'<w:ins w:id="1" w:author="Ana">{run("novo")}</w:ins>'
    found = compared(body(TITLE, PRICE), body(TITLE, PRICE, f"<w:p>{inserted}</w:p>"))
    assert told(found) == [("inclusao", "", "novo")]
    assert asked == [False, False]
