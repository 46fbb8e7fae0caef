"""Amounts, dates, percentages and deadlines in the language of contracts."""

import pytest

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
    ],
)
def test_figures_are_found_whole_wherever_a_change_touches_them(
    text: str, kind: HighlightKind, figure: str
) -> None:
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
