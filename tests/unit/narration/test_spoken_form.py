"""What is said for what is written: a table by hand, and what holds for any text."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.narration.spoken_form import spoken_form
from tasks.promotion.materials import Language

from .number_words import amount_in_english, amount_in_portuguese

FOLDER = Path(__file__).parent
LANGUAGES: tuple[Language, ...] = ("pt-BR", "en")


def table(language: Language) -> list[tuple[str, str]]:
    lines = (FOLDER / f"spoken_{language}.tsv").read_text().splitlines()
    return [(written, spoken) for written, _, spoken in (line.partition("\t") for line in lines if line)]


CASES = [(language, *case) for language in LANGUAGES for case in table(language)]


@pytest.mark.parametrize(("language", "written", "spoken"), CASES)
def test_is_said_as_people_say_it(language: Language, written: str, spoken: str) -> None:
    assert spoken_form(written, language).text == spoken


def test_the_tables_are_large_enough() -> None:
    for language in LANGUAGES:
        assert len(set(table(language))) >= 120


SHOP_TEXT = st.text(
    st.sampled_from("0123456789.,:/-–%$R€£xhkgmLVº ª°²½①٣+&@#()\"'«»_*| aeiouçãXVI\n日🔥") | st.characters(),
    max_size=40,
)


@pytest.mark.parametrize("language", LANGUAGES)
@given(text=SHOP_TEXT)
def test_any_text_has_spans_in_order_that_hold_all_its_digits(language: Language, text: str) -> None:
    spoken = spoken_form(text, language)
    assert not any(letter.isdigit() for letter in spoken.text)
    ended = 0
    for span in spoken.spans:
        assert ended <= span.written_start < span.written_end
        assert text[span.written_start : span.written_end] == span.written
        assert spoken.text[span.spoken_start : span.spoken_end] == span.spoken
        assert any(letter.isalnum() for letter in span.spoken)
        ended = span.written_end
    shown = "".join(span.written for span in spoken.spans)
    assert [letter for letter in shown if letter.isdigit()] == [letter for letter in text if letter.isdigit()]


AMOUNTS = st.integers(0, 99_999_999_99).map(lambda cents: Decimal(cents) / 100) | st.integers(0, 300_000).map(
    lambda cents: Decimal(cents) / 100
)


@given(amount=AMOUNTS)
def test_money_is_understood_in_portuguese(amount: Decimal) -> None:
    written = f"R$ {amount:,.2f}".translate(str.maketrans(",.", ".,"))
    spoken = spoken_form(f"Por {written} à vista.", "pt-BR").text
    assert amount_in_portuguese(spoken.removeprefix("Por ").removesuffix(" à vista.")) == amount


@given(amount=AMOUNTS)
def test_money_is_understood_in_english(amount: Decimal) -> None:
    spoken = spoken_form(f"For ${amount:,.2f} only.", "en").text
    assert amount_in_english(spoken.removeprefix("For ").removesuffix(" only.")) == amount


def test_a_price_is_one_word_for_the_viewer() -> None:
    spoken = spoken_form("De R$ 1.599,00 por R$ 1.299,90, em 12x de R$ 108,33!", "pt-BR")
    assert [span.written for span in spoken.spans] == [
        "De", "R$ 1.599,00", "por", "R$ 1.299,90,", "em", "12x", "de", "R$ 108,33!",
    ]  # fmt: skip


def test_a_mark_that_stands_alone_belongs_to_the_word_before() -> None:
    spoken = spoken_form("– Café – sem açúcar …", "pt-BR")
    assert [span.written for span in spoken.spans] == ["– Café –", "sem", "açúcar …"]


def test_the_span_of_a_spoken_word_is_found() -> None:
    spoken = spoken_form("Só R$ 99,90 hoje", "pt-BR")
    at = spoken.text.index("centavos")
    assert spoken.spans[spoken.span_at(at)].written == "R$ 99,90"
    assert [spoken.span_at(found.start()) for found in re.finditer(r"\S+", spoken.text)] == [
        0,
        1,
        1,
        1,
        1,
        1,
        1,
        1,
        2,
    ]
