"""Tags and the clauses that they are about."""

import time

import pytest

from tasks.documents.change import ClauseName, Reference
from tasks.documents.clause_references import ClauseReferences
from tasks.documents.clauses import Clause, link_clauses
from tasks.documents.tags import Tag, tag_key

TEXT = "O contratante pagará ao contratado a quantia de dez mil reais até o quinto dia útil de cada mês"


def tag(name: str, content: str = "") -> Tag:
    return Tag(name, tag_key(name), 0, 0, content)


def test_the_number_decides_then_the_name_then_the_text() -> None:
    clauses = [
        Clause(numero="7.1", conteudo="outro"),
        Clause(numero="9", nome="Do Preço"),
        Clause(numero="12", conteudo=TEXT),
    ]
    tags = [
        tag("7.1", TEXT),
        tag("do preço"),
        tag("pagamento", TEXT.replace("dez", "doze")),
        tag("foro", "De São Paulo"),
    ]
    assert link_clauses(tags, clauses) == [(0,), (1,), (2,), ()]


def test_two_clauses_may_have_one_number() -> None:
    assert link_clauses([tag("1")], [Clause(numero="1"), Clause(numero="TAG-1")]) == [(0, 1)]


def test_without_clauses_or_text_nothing_is_linked() -> None:
    assert link_clauses([tag("1"), tag("a", TEXT)], []) == [(), ()]
    assert link_clauses([tag("a")], [Clause(), Clause(conteudo="x")]) == [()]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("7.1", "7.1."),
        ("7.1", "Cláusula 7.1"),
        ("7.1", "Item 7.1"),
        ("7", "7ª"),
        ("7", "SÉTIMA"),
        ("7", "VII"),
        ("7", "n.º 7"),
        ("13.1.b", "13.1.B)"),
        ("sétima", "7"),
    ],
)
def test_a_number_is_the_same_however_it_is_written(name: str, number: str) -> None:
    others = [Clause(numero="6"), Clause(numero="7.2"), Clause(numero="13.1")]
    assert link_clauses([tag(name)], [*others, Clause(numero=number)]) == [(3,)]


def test_what_is_written_the_same_comes_before_what_means_the_same() -> None:
    clauses = [Clause(numero="1"), Clause(nome="Única"), Clause(numero="7"), Clause(numero="7a")]
    assert link_clauses([tag("única"), tag("7a"), tag("7")], clauses) == [(1,), (3,), (2,)]


def test_many_tags_and_clauses_take_a_moment() -> None:
    clauses = [Clause(numero=f"{n}.1.", nome=f"Nome {n}", conteudo=f"{TEXT} {n}") for n in range(440)]
    tags = [tag(f"{n}.1" if n % 2 else f"nome {n}", f"{TEXT} {n}") for n in range(440)]
    started = time.process_time()
    assert link_clauses(tags, clauses) == [(n,) for n in range(440)]
    assert time.process_time() - started < 5  # half a second on a machine that does nothing else


def about(clause: ClauseName, references: list[str | int], clauses: list[Clause]) -> list[str | int]:
    found = ClauseReferences([Reference(clausula=each) for each in references], clauses)
    return [each.clausula for each in found.of(clause)]


def test_a_reference_by_id_is_not_one_by_number() -> None:
    clauses = [Clause(id="7", numero="1"), Clause(id="3", numero="7")]
    assert about(ClauseName(id="3", numero="7"), ["7", "3"], clauses) == ["3"]
    assert about(ClauseName(id="7", numero="1"), ["7", "3"], clauses) == ["7"]


@pytest.mark.parametrize("written", [7, "7", "7.", "Cláusula sétima", " 7ª "])
@pytest.mark.parametrize("number", ["7", "7.", "Cláusula 7ª"])
def test_a_reference_by_number_is_found_however_both_are_written(written: str | int, number: str) -> None:
    assert about(ClauseName(numero=number), [written, "8"], [Clause(numero=number)]) == [written]
    assert about(ClauseName(numero=number), [written, "8"], []) == [written]


def test_an_id_may_be_a_text_or_a_number_and_the_order_stays() -> None:
    clauses = [Clause(id=41, numero="7")]
    assert about(ClauseName(id=41, numero="7"), ["7", "41", 41, "42"], clauses) == ["7", "41", 41]
    assert about(ClauseName(nome="Do preço"), ["", "7"], clauses) == []
