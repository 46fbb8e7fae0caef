"""What paragraphs of contracts call themselves."""

import pytest

from tasks.documents.headings import Heading, clause_number, heading_of


@pytest.mark.parametrize(
    ("text", "number", "name"),
    [
        ("CLÁUSULA PRIMEIRA – DO OBJETO", "1", "DO OBJETO"),
        ("Cláusula Décima Primeira: Do Preço", "11", "Do Preço"),
        ("CLÁUSULA VIGÉSIMA - DO FORO", "20", "DO FORO"),
        ("CLÁUSULA 7ª – DO PRAZO", "7", "DO PRAZO"),
        ("CLÁUSULA XIV - DA MULTA", "14", "DA MULTA"),
        ("Cláusula 7.1. O contratante pagará o que foi combinado " + "e mais " * 20, "7.1", ""),
        ("7.1. Do prazo", "7.1", "Do prazo"),
        ("13.1.b) Do reajuste", "13.1.b", "Do reajuste"),
        ("7 – DO PRAZO", "7", "DO PRAZO"),
    ],
)
def test_headings(text: str, number: str, name: str) -> None:
    assert heading_of(text) == Heading(number, name)


@pytest.mark.parametrize(
    "text", ["30 dias após a entrega", "10 de março de 2026", "O preço", "", "1.000,00 reais", "§ 1º Fica"]
)
def test_what_is_none(text: str) -> None:
    assert heading_of(text) is None


@pytest.mark.parametrize(
    ("written", "number"),
    [("7", "7"), ("7.", "7"), ("7ª", "7"), ("Sétima", "7"), ("Cláusula 7.1", "7.1"), ("", "")],
)
def test_numbers_of_records(written: str, number: str) -> None:
    assert clause_number(written) == number
