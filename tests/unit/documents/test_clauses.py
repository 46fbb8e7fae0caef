"""Tags and the clauses that they are about."""

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
