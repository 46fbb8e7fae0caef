"""Amounts, dates, percentages and deadlines in the language of contracts."""

import time
from itertools import permutations
from typing import Literal
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.documents.changes import RawChange
from tasks.documents.figure_changes import highlights_of
from tasks.documents.highlights import Figures, HighlightKind, changed_figures


@pytest.mark.parametrize(
    ("text", "kind", "figure"),
    [
        ("o preço de R$ 1.234,56 por mês", "valor", "R$ 1.234,56"),
        ("até R$ 2 milhões ao todo", "valor", "R$ 2 milhões"),
        ("são 10.000,00 (dez mil) reais", "valor", "10.000,00 (dez mil) reais"),
        ("em 01/02/2026, às", "data", "01/02/2026"),
        ("em 1º de março de 2026.", "data", "1º de março de 2026"),
        ("multa de 2,5% ao mês", "percentual", "2,5%"),
        ("multa de 10 (dez) por cento", "percentual", "10 (dez) por cento"),
        ("em 30 (trinta) dias úteis", "prazo", "30 (trinta) dias úteis"),
        ("por 12 meses", "prazo", "12 meses"),
        ("até R$ 2 mil (dois mil reais) ao todo", "valor", "R$ 2 mil (dois mil reais)"),
        ("são dois mil reais", "valor", "dois mil reais"),
        ("são 2 mil reais", "valor", "2 mil reais"),
        ("são 2 milhões de reais", "valor", "2 milhões de reais"),
        ("são um real e cinquenta centavos", "valor", "um real e cinquenta centavos"),
        ("em 15 (quinze) de março de 2026", "data", "15 (quinze) de março de 2026"),
        (
            "em quinze de março de dois mil e vinte e seis",
            "data",
            "quinze de março de dois mil e vinte e seis",
        ),
        ("em 1.º de janeiro", "data", "1.º de janeiro"),
        ("em 1º de marco", "data", "1º de marco"),
        ("em 12-03-2026.", "data", "12-03-2026"),
        ("em 15 de mar. de 2026", "data", "15 de mar. de 2026"),
        ("até março/2026", "data", "março/2026"),
        ("até 03/2026", "data", "03/2026"),
        ("no dia 5 de cada mês", "data", "dia 5 de cada mês"),
        ("no dia 10", "data", "dia 10"),
        ("multa de 10% (dez por cento) ao mês", "percentual", "10% (dez por cento)"),
        ("multa de um por cento ao mês", "percentual", "um por cento"),
        ("de 5 a 10% ao ano", "percentual", "5 a 10%"),
        ("em trinta dias", "prazo", "trinta dias"),
        ("em quinze dias úteis", "prazo", "quinze dias úteis"),
        ("em 48h", "prazo", "48h"),
        ("até o 5º (quinto) dia útil", "prazo", "5º (quinto) dia útil"),
        ("até o quinto dia útil", "prazo", "quinto dia útil"),
        ("de 10 a 20 dias", "prazo", "10 a 20 dias"),
        ("em 12 (doze) e 24 (vinte e quatro) meses", "prazo", "12 (doze) e 24 (vinte e quatro) meses"),
        ("em 30/60/90 dias", "prazo", "30/60/90 dias"),
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_figures_are_found_whole_wherever_a_change_touches_them(
    text: str, kind: HighlightKind, figure: str, form: Literal["NFC", "NFD"]
) -> None:
    text, figure = normalize(form, text), normalize(form, figure)
    start = text.index(figure)
    for place in range(start, start + len(figure)):
        [found] = Figures(text).touching(place, place + 1)
        assert found[2:] == (kind, figure)
    assert Figures(text).touching(0, 1) == []


def test_what_stays_is_left_out() -> None:
    before, after = Figures("R$ 1,00 em 30 dias"), Figures("R$ 2,00 em 30 dias e 5%")
    found = changed_figures(before.touching(0, 18), after.touching(0, 23))
    assert [(each.tipo, each.antes, each.depois) for each in found] == [
        ("valor", "R$ 1,00", "R$ 2,00"),
        ("percentual", "", "5%"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a cláusula 7.1.10 muda",
        "no endereço 10.0.0.10",
        "processo 0001234-12.10.2024.8.26.0100",
        "CNPJ 12.345.678/0001-90",
        "Contrato nº 3/2026",
        "CEP 01.310-100",
        "um contrato",
    ],
)
def test_numbers_that_are_no_figures(text: str) -> None:
    assert Figures(text).touching(0, len(text)) == []


def edited(old: str, new: str) -> tuple[RawChange, Figures, Figures]:
    """The smallest change that makes the one of the other."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[len(old) - 1 - end] == new[len(new) - 1 - end]:
        end += 1
    ends = len(old) - end, len(new) - end
    change = RawChange(
        "modificacao", old[start : ends[0]], new[start : ends[1]], start, ends[0], start, ends[1], line=0
    )
    return change, Figures(old), Figures(new)


def told(old: str, new: str) -> list[tuple[str, str]]:
    return [(each.antes, each.depois) for each in highlights_of(*edited(old, new))]


OF_ONE_KIND = [
    [
        "R$ 500",
        "R$ 500 mil",
        "R$ 500,00",
        "R$ 500,00 (quinhentos reais)",
        "R$ 1.000",
        "R$ 1.000.000",
        "R$ 1.000,50",
    ],
    ["30 dias", "30 (trinta) dias", "30 (trinta) dias úteis", "130 dias", "10 a 30 dias", "trinta dias"],
    ["15 de março", "15 de março de 2026", "5 de março de 2026", "15/03/2026", "dia 15"],
    ["10%", "10% (dez por cento)", "10% (quinze por cento)", "110%", "2,10%", "dez por cento"],
]


@given(
    st.sampled_from([pair for figures in OF_ONE_KIND for pair in permutations(figures, 2)]),
    st.sampled_from(["", "Fica em ", "O preço, fixado em R$ 9,00 e 8%, vale por "]),
    st.sampled_from(["", ".", ", com multa de 3% em 7 dias.", " ao todo, até 01/02/2027"]),
)
def test_a_figure_that_becomes_another_is_told_with_both(
    pair: tuple[str, str], before: str, behind: str
) -> None:
    old, new = pair
    assert told(f"{before}{old}{behind}", f"{before}{new}{behind}") == [(old, new)]


@given(
    st.sampled_from([figure for figures in OF_ONE_KIND for figure in figures]),
    st.sampled_from([", prorrogáveis", "; salvo acordo", " – fixos"]),
)
def test_words_beside_a_figure_change_none(figure: str, words: str) -> None:
    assert told(f"Fica em {figure}.", f"Fica em {figure}{words}.") == []
    assert told(f"Fica em {figure}{words}.", f"Fica em {figure}.") == []


def test_figures_that_change_places_are_told() -> None:
    assert told("multa de 10%, 2% ao mês", "multa de 2%, 10% ao mês") == [("10%", "2%"), ("2%", "10%")]


def test_one_more_figure_leaves_the_others_alone() -> None:
    assert told("em 10 dias, 20 dias", "em 10 dias, 15 dias e 20 dias") == [("", "15 dias")]


def test_a_figure_beside_a_paragraph_that_has_gone_is_left_alone() -> None:
    old, new = "Em 5 dias.\n30 dias depois.\n", "30 dias depois.\n"
    gone = RawChange("remocao", "Em 5 dias.", "", 0, 10, 0, 0, line=0)
    [figure] = highlights_of(gone, Figures(old), Figures(new))
    assert (figure.antes, figure.depois) == ("5 dias", "")


@pytest.mark.parametrize("piece", ["1", "1.", "1 ", "1/", "vinte e ", "10 a ", "1 (", "R$ ", "dia 5 e ", " "])
def test_long_texts_take_time_by_their_length(piece: str) -> None:
    text = piece * (60_000 // len(piece))
    started = time.process_time()
    figures = Figures(text)
    for place in range(0, len(text), 50):
        figures.touching(place, place + 1)
    assert time.process_time() - started < 15  # by its square it would be minutes


@pytest.mark.parametrize("sign", ["\u200b", "\u00ad", "\u2060"])
def test_what_nobody_sees_takes_no_figure_apart(sign: str) -> None:
    hidden = f"O preço é de R${sign} 2{sign}.000,{sign}00 por mês."
    [(start, end, kind, said)] = Figures(hidden).touching(0, len(hidden))
    assert (kind, said) == ("valor", "R$ 2.000,00")
    assert hidden[start:end].replace(sign, "") == said
    assert told("R$ 1.000,00 por mês.", f"R$ 2{sign}.000,00 por mês.") == [("R$ 1.000,00", "R$ 2.000,00")]
