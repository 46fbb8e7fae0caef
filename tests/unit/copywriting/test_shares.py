"""A percentage of one thing is none of another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.copywriting.facts import check_facts
from tasks.promotion.product import Product

THINGS = ("algodão", "linho", "cacau", "brasileira", "poliéster", "arábica", "couro", "madeira")


def found(text: str, product: Product) -> list[str]:
    return [finding.text for finding in check_facts(text, product, "pt-BR") if finding.kind == "number"]


@given(st.integers(2, 100), st.sampled_from(THINGS), st.sampled_from(THINGS))
def test_a_percentage_is_of_what_the_facts_give_it_for(percent: int, thing: str, other: str) -> None:
    product = Product(name="Peça", features=(f"Com {percent}% de {thing}",))
    for text in (f"São {percent}% {other}.", f"Olha: {percent} por cento de {other}, e só."):
        assert bool(found(text, product)) == (thing != other), text
    assert found(f"São {percent}%.", product) == []


@pytest.mark.parametrize(
    ("fact", "text", "passes"),
    [
        ("Algodão 100%", "É 100% algodão", True),
        ("Algodão 100%", "It is 100% cotton", True),
        ("Algodão 100%", "It is 100% leather", False),
        ("Café 100% arábica, torrado no Brasil", "Café 100% do Brasil", False),
        ("70% cacau", "com 70% de desconto", False),
        ("70% cacau", "70% off", False),
        ("70% cacau", "economize 70%", False),
        ("5% de desconto no boleto", "são 5% de desconto", True),
        ("5% de desconto no boleto", "5% mais barata", True),
        ("40% mais leve", "40% mais leve", True),
        ("40% mais leve que a anterior", "fica 40% mais forte", False),
    ],
)
def test_what_a_percentage_is_of(fact: str, text: str, *, passes: bool) -> None:
    assert (found(f"Veja, {text}", Product(name="Peça", features=(fact,))) == []) == passes


def test_the_discount_may_be_told_however_it_is_said() -> None:
    product = Product(name="Peça", price="80", old_price="100", features=("Linho 20%",))
    for text in ("20% de desconto", "20% off", "economize 20%", "20% em toda a loja", "20% de linho"):
        assert found(text, product) == [], text
