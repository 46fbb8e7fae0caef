"""In which language facts are written."""

import pytest

from tasks.copywriting.tongue import language_of_facts, likely_language
from tasks.promotion.materials import Language
from tasks.promotion.product import Currency, Product


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Two pockets and a strap for your bottle", "en"),
        ("Dois bolsos e uma alça para a garrafa", "pt-BR"),
        ("Café moído na hora", "pt-BR"),
    ],
)
def test_little_words_show_the_language(text: str, language: Language) -> None:
    other: Language = "en" if language == "pt-BR" else "pt-BR"
    assert likely_language([text], other) == language


@pytest.mark.parametrize(("currency", "language"), [("USD", "en"), ("GBP", "en"), ("BRL", "pt-BR")])
def test_a_bare_name_is_told_as_its_currency_is(currency: Currency, language: Language) -> None:
    assert language_of_facts(Product(name="Flux 3", currency=currency)) == language
