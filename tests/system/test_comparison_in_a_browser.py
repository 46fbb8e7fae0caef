"""The page of a comparison as its reader uses it: keys, filter, search, print; also of two thousand changes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.documents.comparison import Wanted, compare
from tasks.documents.comparison_report import comparison_page
from tasks.documents.engine import ComparisonEngine
from tests.servers.browser import Page, opened
from tests.unit.documents.docx import body, paragraph, save

pytestmark = [pytest.mark.system, pytest.mark.engine, pytest.mark.timeout(600)]

_CHANGES = 2000
_SHOWN = "[...document.querySelectorAll('.block')].filter(each => !each.hidden).length"
_WHERE = "document.getElementById('where').textContent"
_FOCUSED = "document.activeElement.id"


@pytest.fixture(scope="module")
def engine() -> Iterator[ComparisonEngine]:
    with ComparisonEngine() as engine:
        yield engine


@pytest.fixture
def page(chromium: str, tmp_path: Path) -> Iterator[Page]:
    with opened(chromium, tmp_path / "browser") as page:
        yield page


def written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def short(engine: ComparisonEngine, tmp_path: Path) -> str:
    """Four paragraphs that have changed, of two kinds, and what stands between them."""
    between = paragraph("Nada muda neste parágrafo, que fica como está em ambas as versões. " * 12)
    old = body(
        paragraph("O preço é de R$ 100,00 por mês."), between,
        paragraph("A rescisão é possível a cada mês."), between, between,
        paragraph("O foro é o de São Paulo, e nenhum outro."), between,
    )  # fmt: skip
    new = body(
        paragraph("O preço é de R$ 200,00 por mês."), between,
        paragraph("A rescisão é possível a cada ano."), between,
        paragraph("Este parágrafo é inteiramente novo: trata da multa."), between,
        paragraph("O foro é o de Curitiba, e nenhum outro."), between,
    )  # fmt: skip
    wanted = Wanted(save(tmp_path / "a.docx", old), save(tmp_path / "b.docx", new), "a.docx", "b.docx")
    return written(tmp_path / "report.html", comparison_page(compare(wanted, engine)))


def test_keys_lead_from_change_to_change(page: Page, short: str) -> None:
    page.open(short)
    assert page.value(_WHERE) == "4 trechos"
    page.press("j")
    assert (page.value(_FOCUSED), page.value(_WHERE)) == ("b1", "1 de 4")
    page.press("n", "j", "j", "j")
    assert (page.value(_FOCUSED), page.value(_WHERE)) == ("b4", "4 de 4"), "it ends with the last"
    page.press("k", "p")
    assert page.value(_FOCUSED) == "b2"
    page.click("#next")
    assert page.value(_FOCUSED) == "b3"
    page.click("#previous")
    assert page.value(_FOCUSED) == "b2"


def test_what_is_searched_for_is_what_is_read_with_accents_or_without(page: Page, short: str) -> None:
    page.open(short)
    for sought, found in {
        "rescisao": 1,
        "RESCISÃO": 1,
        "sao paulo": 1,
        "curitiba, e": 1,
        "zzz": 0,
        "é": 4,
    }.items():
        page.press("/")
        assert page.value(_FOCUSED) == "find"
        page.value("document.getElementById('find').select()")
        page.press(*sought)
        assert page.value("document.getElementById('find').value") == sought, "keys are text here"
        assert page.value(_SHOWN) == found, sought
        assert page.value(_WHERE) == (f"{found} trechos" if found else "nenhum trecho")
        page.press("Escape")
    page.press("/")
    page.value("document.getElementById('find').select()")
    page.press(*"multa", "Enter", "j")
    assert page.value(_WHERE) == "1 de 1"
    assert "multa" in page.value("document.activeElement.textContent")


def test_a_kind_that_is_not_wanted_goes_and_comes_back(page: Page, short: str) -> None:
    page.open(short)
    kinds = page.value("[...document.querySelectorAll('input[name=category]')].map(each => each.value)")
    assert len(kinds) >= 2
    page.click("input[value=inclusao]")
    assert page.value(_SHOWN) == 3
    page.press("j", "j", "j", "j")
    assert page.value(_WHERE) == "3 de 3"
    page.click("input[value=inclusao]")
    assert page.value(_SHOWN) == 4


def test_it_is_read_side_by_side(page: Page, short: str) -> None:
    page.open(short)
    shown = "getComputedStyle(document.querySelector('.pair')).display"
    assert page.value(shown) == "none"
    page.click("#side")
    assert page.value(shown) != "none"


def test_two_thousand_changes_are_shown_found_and_printed(
    page: Page, engine: ComparisonEngine, tmp_path: Path
) -> None:
    def document(name: str, word: str) -> Path:
        text = "o item {0} segue as regras gerais deste contrato, e custa o que a tabela do anexo diz. " * 4
        changing = [
            f"No item {number}, {text.format(number)} Vale o {word}{number}." for number in range(_CHANGES)
        ]
        return save(tmp_path / name, body(*map(paragraph, changing)))

    wanted = Wanted(document("a.docx", "antigo"), document("b.docx", "novo"), "a.docx", "b.docx")
    comparison = compare(wanted, engine)
    assert len(comparison.findings.alteracoes) == len(comparison.blocks) == _CHANGES
    page.open(written(tmp_path / "report.html", comparison_page(comparison)))
    assert page.value(_SHOWN) == _CHANGES
    for number in (0, 1234, _CHANGES - 1):
        page.press("/")
        page.value("document.getElementById('find').select()")
        page.press(*f"novo{number}.", "Enter", "j")
        assert page.value(_WHERE) == "1 de 1"
        assert page.value(_FOCUSED) == f"b{number + 1}"
    page.press("/")
    page.value("document.getElementById('find').select()")
    page.press("Backspace", "Escape", *"jjj")
    assert page.value(_WHERE) == f"3 de {_CHANGES}"
    printed = page.printed()
    assert len(re.findall(rb"/Type /Page\b(?!s)", printed)) > 100
