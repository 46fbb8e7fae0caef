"""Which numbered paragraphs are the clauses of a document, and which are lists, quotes and tables in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.documents.numbering import headings_of


def numbers(*texts: str) -> list[str]:
    """The number of each paragraph that begins a clause; a blank for the others."""
    found = headings_of([("document", text) for text in texts])
    return [heading.number if heading else "" for heading in found]


def test_a_list_in_a_worded_clause_is_part_of_it() -> None:
    assert numbers(
        "CLÁUSULA SÉTIMA – DO PREÇO", "1) Cadeiras", "2) Mesas.", "8. Sofás", "CLÁUSULA OITAVA"
    ) == [
        "7",
        "",
        "",
        "",
        "8",
    ]


def test_a_list_of_another_form_or_that_begins_anew_is_part_of_its_clause() -> None:
    texts = ["1. DO OBJETO", "2. DO PREÇO", "1) Cadeiras", "3) Mesas", "1. Sofás", "2. Camas", "3. DO PRAZO"]
    assert numbers(*texts) == ["1", "2", "", "", "", "", "3"]


def test_of_two_with_one_number_the_one_with_a_name_in_capitals_is_the_clause() -> None:
    texts = ["1. DO OBJETO", "2. DO PREÇO", "1. Sofás", "2. Camas", "3. Mesas", "3. DO PRAZO", "4. DO FORO"]
    assert numbers(*texts) == ["1", "2", "", "", "", "3", "4"]


def test_general_conditions_that_begin_anew_are_clauses() -> None:
    texts = ["1. DO OBJETO", "2. DO PREÇO", "1. Sofás", "CONDIÇÕES GERAIS", "1. DEFINIÇÕES", "2. DA MULTA"]
    assert numbers(*texts) == ["1", "2", "", "", "1", "2"]


def test_parties_that_are_numbered_are_no_clauses_of_a_worded_contract() -> None:
    assert numbers("1. CONTRATANTE: Fulano", "2. CONTRATADA: Beltrana", "CLÁUSULA PRIMEIRA") == ["", "", "1"]


def test_a_number_that_leaps_over_clauses_which_come_later_is_none() -> None:
    assert numbers("1. DO OBJETO", "123 – Centro", "12.5 Quilos", "2. DO PREÇO", "4. DO FORO") == [
        "1",
        "",
        "",
        "2",
        "4",
    ]


def test_items_count_in_their_clause_and_beyond_where_clauses_have_automatic_numbers() -> None:
    assert numbers("CLÁUSULA SÉTIMA", "7.1. Um", "1.1. Lista", "7.2. Dois", "8.1. Três", "9.1. Quatro") == [
        "7",
        "7.1",
        "",
        "7.2",
        "8.1",
        "9.1",
    ]


def test_an_item_of_a_clause_that_comes_later_is_a_quotation() -> None:
    assert numbers("CLÁUSULA SÉTIMA", "8.1. Um", "CLÁUSULA OITAVA", "8.1. Um") == ["7", "", "8", "8.1"]


def test_an_annex_ends_the_clause_before_it_and_its_lists_are_its_own() -> None:
    texts = ["CLÁUSULA PRIMEIRA – DO OBJETO", "ANEXO I – ESPECIFICAÇÕES", "1. Cadeiras", "2.1. Mesas"]
    assert numbers(*texts) == ["1", "Anexo 1", "", ""]
    assert numbers(*texts, "CLÁUSULA PRIMEIRA – DOS DADOS", "1.1. Os dados") == [
        "1",
        "Anexo 1",
        "",
        "",
        "1",
        "1.1",
    ]


def test_annexes_that_are_only_named_end_nothing() -> None:
    named = [
        "CLÁUSULA PRIMEIRA",
        "Anexo I – Planilha",
        "Anexo II – Fotos",
        "CLÁUSULA SEGUNDA",
        "ANEXO I",
        "ANEXO II",
    ]
    assert numbers(*named) == ["1", "", "", "2", "Anexo 1", "Anexo 2"]


def test_a_contract_that_is_itself_an_annex_has_its_clauses() -> None:
    assert numbers("ANEXO IV – MINUTA DE CONTRATO", "1. DO OBJETO", "1.1. O objeto") == [
        "Anexo 4",
        "1",
        "1.1",
    ]


def test_articles_are_clauses_where_there_are_no_others() -> None:
    assert numbers("Art. 1º", "Artigo 2º – Do preço") == ["1", "2"]
    assert numbers("CLÁUSULA PRIMEIRA", "Art. 5º Todos são iguais", "CLÁUSULA SEGUNDA") == ["1", "", "2"]


@pytest.mark.parametrize("below", ["DO PREÇO", "Do preço", "Preço e pagamento"])
def test_the_name_may_stand_below(below: str) -> None:
    heading, name = headings_of([("document", "CLÁUSULA SÉTIMA"), ("document", below)])
    assert heading is not None
    assert (heading.number, heading.name) == ("7", below)
    assert name is None


@pytest.mark.parametrize("below", ["O preço é de R$ 10.", "7.1. Do preço", "Parágrafo único", "a) cadeiras;"])
def test_text_below_is_no_name(below: str) -> None:
    heading, _ = headings_of([("document", "CLÁUSULA SÉTIMA"), ("document", below)])
    assert heading is not None
    assert heading.name == ""


_lists = st.lists(st.integers(1, 9), max_size=4).map(lambda found: [f"{n}) Coisa" for n in found])


@given(
    st.lists(_lists, min_size=1, max_size=8),
    st.sampled_from(["CLÁUSULA {}ª – DO TEMA", "{}. DO TEMA", "{} – DO TEMA"]),
)
def test_clauses_in_sequence_count_whatever_lists_are_between_them(lists: list[list[str]], form: str) -> None:
    texts: list[str] = []
    for number, listed in enumerate(lists, 1):
        texts += [form.format(number), *listed]
    assert [each for each in numbers(*texts) if each] == [str(number) for number in range(1, len(lists) + 1)]
