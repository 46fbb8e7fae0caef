"""The page of a contract model's tags."""

from pathlib import Path

from tasks.documents.findings import read_model
from tasks.documents.lint_report import lint_page
from tests.unit.documents.docx import body, paragraph, save


def test_what_stands_in_the_document_is_text_in_the_page(tmp_path: Path) -> None:
    path = save(tmp_path / "a.docx", body(paragraph("<script>alert(1)</script> {{7.1}} {{8}}<b>x</b>{{/8}}")))
    page = lint_page(read_model(path), "<i>modelo</i>.docx")
    assert "<script>" not in page
    assert "<b>" not in page
    assert "&lt;i&gt;modelo" in page
    assert "Feche com {{/7.1}}" in page
    assert "1 marca boa" in page
