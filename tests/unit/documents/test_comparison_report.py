"""The page of a comparison, and the changes that it numbers."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tasks.documents.change import Reference
from tasks.documents.clauses import Clause
from tasks.documents.comparison import Comparison, Wanted, compare
from tasks.documents.comparison_report import comparison_page
from tasks.documents.engine import ComparisonEngine
from tests.unit.documents.docx import body, paragraph, save

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\" ' </div>"
OLD = body(
    paragraph("CLÁUSULA SEGUNDA – DO PREÇO"),
    paragraph("O preço é de R$ 12.500,00 (doze mil e quinhentos reais) por mês."),
    paragraph("Fim do contrato que as partes assinam."),
)
NEW = body(
    paragraph("CLÁUSULA SEGUNDA – DO PREÇO"),
    paragraph("O preço é de R$ 14.800,00 (quatorze mil e oitocentos reais) por mês."),
    paragraph(HOSTILE),
    paragraph("Fim do contrato que as partes assinam."),
)


class Page(HTMLParser):
    """The elements of a page; it fails where one is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "input"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def of(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.elements if name == tag)


@pytest.fixture(scope="module")
def compared(engine: ComparisonEngine, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    folder = tmp_path_factory.mktemp("versions")
    wanted = Wanted(
        save(folder / "v1.docx", OLD),
        save(folder / "v2.docx", NEW),
        "v1.docx",
        f"{HOSTILE}.docx",
        clauses=[Clause(id=1, numero="2", nome="Do preço")],
        references=[Reference(clausula=1, orientacao_retorno=HOSTILE, descricao="Ver com o financeiro.")],
    )
    return compare(wanted, engine)


def test_what_documents_and_records_say_is_text(compared: Comparison) -> None:
    text = comparison_page(compared)
    page = Page(text)
    assert len(list(page.of("script"))) == 1
    assert list(page.of("img")) == []
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert text.count("&lt;script&gt;") >= 4


def test_nothing_comes_from_elsewhere(compared: Comparison) -> None:
    page = Page(comparison_page(compared))
    assert list(page.of("link")) == []
    for _, attributes in page.elements:
        assert "src" not in attributes
        assert re.fullmatch(r"#b\d+", attributes.get("href") or "#b1")
    assert "url(" not in comparison_page(compared)


def test_links_lead_to_blocks_that_are_there(compared: Comparison) -> None:
    page = Page(comparison_page(compared))
    targets = {f"#{attributes['id']}" for attributes in page.of("article")}
    links = {str(attributes["href"]) for attributes in page.of("a")}
    assert links <= targets
    assert len(targets) == len(compared.blocks)


def test_figures_come_first_and_a_changed_figure_is_one_change(compared: Comparison) -> None:
    text = comparison_page(compared)
    assert text.index("R$ 14.800,00 (quatorze mil e oitocentos reais)") < text.index("Resumo por cláusula")
    [first, second] = compared.findings.alteracoes
    assert (first.conteudo, first.alteracao) == (
        "12.500,00 (doze mil e quinhentos",
        "14.800,00 (quatorze mil e oitocentos",
    )
    assert (second.categoria, second.alteracao) == ("inclusao", HOSTILE)
    assert "Ver com o financeiro." in text


def test_a_redline_that_fails_is_told(compared: Comparison) -> None:
    assert "Verificado." in comparison_page(compared)
    findings = compared.findings.model_copy(
        update={"verificado": False, "falhas_de_verificacao": ("Recusadas todas …",)}
    )
    page = comparison_page(Comparison(findings, compared.redline, compared.blocks))
    assert "Não verificado." in page
    assert "Recusadas todas …" in page


def test_versions_that_are_the_same(engine: ComparisonEngine, tmp_path: Path) -> None:
    path = save(tmp_path / "a.docx", OLD)
    page = comparison_page(compare(Wanted(path, path, "a.docx", "a.docx"), engine))
    assert "As duas versões dizem o mesmo." in page
    assert list(Page(page).of("article")) == []


def test_nothing_turns_or_hides_what_the_page_says(engine: ComparisonEngine, tmp_path: Path) -> None:
    old = save(
        tmp_path / "v1.docx",
        body(paragraph("A multa é de 10% e o credor é Beta, sem mais."), paragraph("a\u202eb")),
    )
    new = save(
        tmp_path / "v2.docx",
        body(
            paragraph("A multa é de \u202e%001\u202c e o credor é \u0412eta, sem\u200b mais nada."),
            paragraph("a\u202eb"),
        ),
    )
    page = comparison_page(compare(Wanted(old, new, "v1\u202excod.docx", "v2.docx"), engine))
    assert not any(sign in page for sign in ("\u202e", "\u202c", "\u200b"))
    for said in ("[U+202E]%001[U+202C]", "\u0412[U+0412]eta", "v1[U+202E]xcod.docx"):
        assert said in page
