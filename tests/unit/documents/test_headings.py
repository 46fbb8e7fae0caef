"""What paragraphs of contracts call themselves."""

import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

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
        ("7.1.Os valores", "7.1", "Os valores"),
        ("1.O OBJETO", "1", "O OBJETO"),
        ("CLÁUSULA PRIMEIRA. DO OBJETO", "1", "DO OBJETO"),
        ("CLÁUSULA PRIMEIRA.", "1", ""),
        ("Cláusula I. Do objeto", "1", "Do objeto"),
        ("CLÁUSULA N.º 5 – PREÇO", "5", "PREÇO"),
        ("CLÁUSULA 7a – DO PREÇO", "7", "DO PREÇO"),
        ("Cláusula 1.ª – Objeto", "1", "Objeto"),
        ("CLÁUSULA OITO – DO PREÇO", "8", "DO PREÇO"),
        ("CLÁUSULA DEZ", "10", ""),
        ("CLÁUSULA UNDÉCIMA", "11", ""),
        ("CLÁUSULA DÉCIMA-SEGUNDA – DO FORO", "12", "DO FORO"),
        ("1 DO OBJETO", "1", "DO OBJETO"),
        ("01. DO OBJETO", "1", "DO OBJETO"),
        ("7. O CONTRATANTE pagará.", "7", ""),
        ("7.1. Do prazo.", "7.1", "Do prazo"),
        ("ANEXO I – ESPECIFICAÇÕES", "Anexo 1", "ESPECIFICAÇÕES"),
        ("Anexo C: Planilha", "Anexo C", "Planilha"),
        ("ANEXO ÚNICO", "Anexo 1", ""),
        ("Art. 5º", "5", ""),
        ("Artigo 5", "5", ""),
    ],
)
def test_headings(text: str, number: str, name: str) -> None:
    assert heading_of(text) == Heading(number, name)
    spelt_apart = heading_of(unicodedata.normalize("NFD", text))
    assert spelt_apart == Heading(number, name)


@pytest.mark.parametrize(
    "text",
    [
        "30 dias após a entrega",
        "10 de março de 2026",
        "O preço",
        "",
        "1.000,00 reais",
        "§ 1º Fica",
        "12.345.678/0001-90",
        "123.456.789-00",
        "1.500 unidades de cadeiras",
        "30.000 folhas",
        "2.500 (duas mil e quinhentas) horas",
        "01.310-100 São Paulo",
        "12.03.2026 – Assinatura",
        "15-03-2026",
        "15:30 horas",
        "2.5% ao mês",
        "2.5 horas",
        "10 – 20 dias",
        "10.0.0.10 servidor",
        "30 DIAS ÚTEIS",
        "10 DE MARÇO DE 2026",
        "CLÁUSULA 1.500",
        "Cláusulas gerais",
        "Art. 5º da Lei 8.666",
        "1) cadeiras;",
        "2) Mesas; e",
        "Anexo I deste contrato",
        "Anexo I – Especificações;",
        "DO FORO\t9",
        "CLÁUSULA PRIMEIRA – DO OBJETO.......... 3",
        "1. DO OBJETO … 3",
    ],
)
def test_what_is_none(text: str) -> None:
    assert heading_of(text) is None


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("7", "7"),
        ("7.", "7"),
        ("7ª", "7"),
        ("Sétima", "7"),
        ("SÉTIMA.", "7"),
        ("n.º 7", "7"),
        ("VII", "7"),
        ("7 – Do preço", "7"),
        ("Cláusula 7.1", "7.1"),
        ("Item 7.1", "7.1"),
        ("7.1.", "7.1"),
        ("7.1.b", "7.1.b"),
        ("Anexo II", "Anexo 2"),
        ("", ""),
        ("7a", ""),
        ("10%", ""),
        ("preço", ""),
        ("primeira parcela", ""),
    ],
)
def test_numbers_of_records(written: str, number: str) -> None:
    assert clause_number(written) == number


def _said(number: int, kind: str, *, feminine: bool) -> str:
    words = str(num2words(number, lang="pt_BR", to=kind)).split()
    return " ".join(word[:-1] + "a" if feminine and word.endswith("o") else word for word in words)


_ways = st.integers(1, 199).flatmap(
    lambda number: st.tuples(
        st.just(number),
        st.sampled_from(
            [
                str(number),
                f"{number}ª",
                f"nº {number}",
                f"N.º {number}",
                _said(number, "ordinal", feminine=True),
                _said(number, "ordinal", feminine=False),
                _said(number, "cardinal", feminine=False),
            ]
        ),
    )
)


@given(
    _ways,
    st.sampled_from(["", ".", " –", ":", " -"]),
    st.sampled_from([str.upper, str.lower, str.title]),
    st.sampled_from(["NFC", "NFD"]),
)
def test_a_number_is_the_same_however_it_is_written(
    written: tuple[int, str], sign: str, case: Callable[[str], str], form: Literal["NFC", "NFD"]
) -> None:
    number, way = written
    text = unicodedata.normalize(form, case(f"cláusula {way}{sign}"))
    assert heading_of(text) == Heading(str(number), "")
    assert heading_of(f"{text} DO PREÇO") == Heading(str(number), "DO PREÇO")
    assert clause_number(text) == clause_number(way) == str(number)


_days = st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31))
_digits = st.text("0123456789", min_size=1, max_size=3)
_three = st.text("0123456789", min_size=3, max_size=3)


@given(
    st.one_of(
        st.builds("{}.{}".format, _digits, _three),
        st.builds("{}.{}.{}/{}-{}".format, _digits, _three, _three, _three, _digits),
        st.builds("{}.{}.{}-{}".format, _digits, _three, _three, _digits),
        st.builds("{}-{}".format, _digits, _digits),
        st.builds("{}:{}".format, _digits, _digits),
        st.builds("{},{}".format, _digits, _digits),
        _days.map("{:%d.%m.%Y}".format),
        _days.map("{:%d-%m-%Y}".format),
        _days.map("{:%d/%m/%Y}".format),
        st.builds("{}.{}%".format, _digits, _digits),
    ),
    st.sampled_from(["", " unidades", " – Assinatura", ". Fica", " (mil) horas", " São Paulo", ") DO PREÇO"]),
)
def test_amounts_dates_and_numbers_of_documents_are_no_numbers_of_clauses(number: str, behind: str) -> None:
    assert heading_of(f"{number}{behind}") is None
