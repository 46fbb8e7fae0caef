"""Which clause paragraphs stand in: by records, by numbers, and by what the document calls itself."""

from pathlib import Path

import pytest

from tasks.documents.change import ClauseName
from tasks.documents.clause_places import ClausePlaces
from tasks.documents.clauses import Clause
from tasks.documents.comparison import Wanted, compare
from tasks.documents.engine import ComparisonEngine
from tasks.documents.package import package_of
from tasks.documents.revisions import Lines, read_lines
from tests.unit.documents.docx import body, paragraph, part, save, whole


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def lines(folder: Path, *texts: str) -> Lines:
    made = save(folder / "contract.docx", body(*(paragraph(text) for text in texts)))
    return read_lines(package_of(made.read_bytes()))


def places(folder: Path, texts: list[str], clauses: list[Clause] | None = None) -> list[ClauseName | None]:
    found = ClausePlaces(lines(folder, *texts), clauses or [])
    return [found.of_old(place) for place in range(len(texts))]


def ids(folder: Path, texts: list[str], clauses: list[Clause]) -> list[str | int | None]:
    return [name.id if name else None for name in places(folder, texts, clauses)]


PRICE = Clause(id=41, numero="7", nome="Do preço", conteudo="7.1. O preço é fixo.")


def test_a_list_does_not_displace_its_clause(folder: Path) -> None:
    texts = ["CLÁUSULA SÉTIMA – DO PREÇO", "1) cadeiras;", "2) mesas.", "3) Sofás", "Parágrafo único. Fica."]
    assert {str(name) for name in places(folder, texts)} == {"7 – DO PREÇO"}
    assert set(ids(folder, texts, [PRICE, Clause(id=2, numero="2")])) == {41}


def test_a_table_of_contents_is_in_no_clause(folder: Path) -> None:
    texts = [
        "CLÁUSULA PRIMEIRA – DO OBJETO\t3",
        "DO FORO\t9",
        "Fulano, brasileiro",
        "CLÁUSULA PRIMEIRA – DO OBJETO",
    ]
    assert [str(name) if name else "" for name in places(folder, texts)] == ["", "", "", "1 – DO OBJETO"]


def test_an_annex_is_a_place_of_its_own(folder: Path) -> None:
    texts = ["CLÁUSULA PRIMEIRA – DO FORO", "São Paulo.", "ANEXO I – ESPECIFICAÇÕES", "1. Cadeiras."]
    assert [str(name) for name in places(folder, texts)] == ["1 – DO FORO"] * 2 + [
        "Anexo 1 – ESPECIFICAÇÕES"
    ] * 2
    annex = Clause(id="a", numero="ANEXO I", nome="Especificações")
    assert ids(folder, texts, [annex]) == [None, None, "a", "a"]


@pytest.mark.parametrize(
    "texts",
    [
        ["CLÁUSULA SÉTIMA – DO PREÇO", "7.1. O preço é outro."],
        ["CLÁUSULA SÉTIMA", "DO PREÇO", "7.1. O preço é outro."],
        ["CLÁUSULA SÉTIMA", "DO PREÇO", "7.1. O preço é fixo."],
        ["CLÁUSULA SÉTIMA", "O preço é outro."],
        ["7. O CONTRATANTE pagará."],
        ["7. O CONTRATANTE pagará", "Parágrafo único. Fica."],
        ["CLÁUSULA SÉTIMA – DO VALOR E DA FORMA DE PAGAMENTO", "7.1. O preço é outro."],
        ["7.1. O preço é outro.", "7.2. E mais."],
        ["CLÁUSULA OITAVA – DO PREÇO", "8.1. O preço é outro."],
        ["CLÁUSULA OITAVA", "7.1. O preço é fixo."],
    ],
)
def test_the_record_of_a_number_is_found_whatever_the_heading_looks_like(
    folder: Path, texts: list[str]
) -> None:
    other = Clause(id=5, numero="5", nome="Do foro", conteudo="Fica eleito o foro.")
    assert set(ids(folder, texts, [other, PRICE])) == {41}


def test_numbers_shift_when_a_clause_has_come_in(folder: Path) -> None:
    clauses = [
        Clause(id="o", numero="1", nome="Do objeto"),
        Clause(id="p", numero="2", nome="Do preço"),
        Clause(id="f", numero="3", nome="Do foro"),
    ]
    texts = ["1. DO OBJETO", "2. DO SIGILO", "2.1. Tudo é secreto.", "3. DO PREÇO", "4. DO FORO"]
    assert ids(folder, texts, clauses) == ["o", None, None, "p", "f"]
    assert str(places(folder, texts, clauses)[1]) == "2 – DO SIGILO"


def test_items_shift_too(folder: Path) -> None:
    said = "O contratante pagará ao contratado a quantia combinada até o quinto dia útil de cada mês"
    clauses = [Clause(id="a", numero="7.1", conteudo=f"7.1. {said}.")]
    texts = [
        "7. DO PREÇO",
        "7.1. A multa é de dez por cento do valor total, sem prejuízo de perdas.",
        f"7.2. {said}, ok.",
    ]
    assert ids(folder, texts, clauses) == [None, None, "a"]


def test_an_item_without_a_record_is_of_its_clause(folder: Path) -> None:
    clauses = [Clause(id="c", numero="7", nome="Do preço"), Clause(id="i", numero="7.1", conteudo="7.1. Um.")]
    assert ids(folder, ["7. DO PREÇO", "7.1. Um.", "7.2. Dois.", "7.2.1. Três."], clauses) == [
        "c",
        "i",
        "c",
        "c",
    ]


def test_clauses_of_an_annex_are_not_those_of_the_contract(folder: Path) -> None:
    clauses = [Clause(id="o", numero="1", nome="Do objeto")]
    texts = [
        "CLÁUSULA PRIMEIRA – DO OBJETO",
        "ANEXO I – DADOS",
        "CLÁUSULA PRIMEIRA – DOS DADOS",
        "1.1. Os dados.",
    ]
    assert ids(folder, texts, clauses) == ["o", None, None, None]


def test_clauses_with_one_number_are_told_with_their_annexes(folder: Path) -> None:
    texts = [
        "CLÁUSULA PRIMEIRA – DO OBJETO",
        "ANEXO I – DADOS",
        "CLÁUSULA PRIMEIRA – DO OBJETO",
        "1.1. Os dados.",
        "ANEXO II – SIGILO",
        "CLÁUSULA PRIMEIRA – DO OBJETO",
    ]
    assert [str(name) for name in places(folder, texts)] == [
        "1 – DO OBJETO",
        "Anexo 1 – DADOS",
        "Anexo 1, cláusula 1 – DO OBJETO",
        "Anexo 1, cláusula 1.1",
        "Anexo 2 – SIGILO",
        "Anexo 2, cláusula 1 – DO OBJETO",
    ]
    clauses = [Clause(id="o", numero="1", nome="Do objeto")]
    assert ids(folder, texts, clauses) == ["o", None, None, None, None, None]


def test_records_are_found_by_numbers_in_every_spelling(folder: Path) -> None:
    texts = ["CLÁUSULA SÉTIMA", "Texto."]
    for number in ("7", "7.", "7ª", "SÉTIMA.", "n.º 7", "Cláusula 7", "TAG-7"):
        assert ids(folder, texts, [Clause(id=1, numero=number)]) == [1, 1]


def test_a_note_is_of_the_clause_that_refers_to_it(engine: ComparisonEngine, tmp_path: Path) -> None:
    def version(name: str, note: str, last: str) -> Path:
        reference = '<w:r><w:footnoteReference w:id="{}"/></w:r>'.format
        blocks = [
            paragraph("CLÁUSULA PRIMEIRA – DO OBJETO"),
            paragraph("O imóvel da Rua A.", reference(2)),
            paragraph("CLÁUSULA SEGUNDA – DO FORO"),
            paragraph("O de São Paulo.", *([reference(3)] if last else [])),
        ]
        notes = [(2, note), *([(3, last)] if last else [])]
        made = (f'<w:footnote w:id="{number}">{paragraph(text)}</w:footnote>' for number, text in notes)
        return whole(tmp_path / name, body(*blocks), {"footnotes": part("footnotes", *made)})

    old = version("v1.docx", "Matrícula 1.234.", "")
    new = version("v2.docx", "Matrícula 4.321.", "Comarca da capital.")
    found = compare(Wanted(old, new, "v1", "v2"), engine).findings
    assert [(each.clausula_numero, each.alteracao) for each in found.alteracoes] == [
        ("1", "4.321"),
        ("2", "Comarca da capital."),
    ]
