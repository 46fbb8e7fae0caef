"""What is said to be in the box, what is denied, and bounds: in both languages, in both directions."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.copywriting.facts import check_facts
from tasks.copywriting.inclusions import included
from tasks.promotion.materials import Language
from tasks.promotion.product import Product

BACKPACK: dict[str, Any] = {
    "name": "Mochila Trilha 40L Araçá",
    "description": "Feita em Gramado, no Rio Grande do Sul. Pagamento no cartão ou no Pix. Vem sem cadeado.",
    "features": ["Nylon impermeável", "Peso de 1,3 kg", "Garantia de 2 anos", "2 bolsos laterais", "Em 2 cores"],
    "price": "349.90",
    "testimonials": [{"quote": "Aguentou 3 dias de chuva na Chapada.", "author": "Rita Moraes"}],
}  # fmt: skip
LAMP: dict[str, Any] = {
    "name": "Lumen Desk Lamp",
    "description": "Designed in Portland, Oregon. Weighs 1.4 kg without the bulb.",
    "currency": "USD",
    "features": ["Five brightness levels", "USB-C charging port", "2-year warranty"],
    "price": "59.99",
}


def found(text: str, language: Language) -> list[str]:
    product = Product.model_validate(BACKPACK if language == "pt-BR" else LAMP)
    return [finding.text for finding in check_facts(text, product, language, today=date(2026, 11, 30))]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt-BR", "vem com capa de chuva"),
        ("pt-BR", "acompanha um cantil"),
        ("pt-BR", "inclui uma pochete"),
        ("pt-BR", "com cadeado incluso"),
        ("pt-BR", "possui alças de apoio"),
        ("pt-BR", "não rasga nunca"),
        ("pt-BR", "só restam 3"),
        ("pt-BR", "costurada à mão na serra"),
        ("pt-BR", "indicada por fisioterapeutas"),
        ("pt-BR", "alívio para a coluna"),
        ("pt-BR", "pesa menos de um quilo"),
        ("pt-BR", "nunca mais você vai precisar de outra"),
        ("en", "comes with a bulb"),
        ("en", "includes two spare bulbs"),
        ("en", "bulb included in the box"),
        ("en", "a bulb is included"),
        ("en", "features a clock"),
        ("en", "weighs under a pound"),
        ("en", "used by architects worldwide"),
        ("en", "the brightest lamp in its class"),
        ("en", "as seen on TV"),
        ("en", "saves your eyes"),
        ("en", "solar powered"),
        ("pt-BR", "leva três garrafas"),
        ("pt-BR", "tem bolso para notebook"),
        ("pt-BR", "tem compartimento secreto"),
        ("pt-BR", "com cinta peitoral"),
        ("pt-BR", "uma mochila com forro térmico"),
        ("pt-BR", "cabem duas garrafas"),
        ("pt-BR", "guarda o notebook"),
        ("pt-BR", "dobra em segundos"),
        ("pt-BR", "com alças removíveis"),
        ("pt-BR", "menos de um quilo e meio, vira uma mala"),
        ("en", "folds flat in seconds"),
        ("en", "has a built-in clock"),
        ("en", "with a night light"),
        ("en", "a lamp with a timer"),
        ("en", "memory function"),
        ("en", "holds your phone upright"),
        ("en", "fits in your pocket"),
        ("en", "turns off by itself"),
        ("en", "a Black Friday deal"),
        ("en", "your lamp has a drawer"),
        ("pt-BR", "a sua mochila tem capa de chuva"),
    ],
)
def test_what_the_facts_do_not_name_is_found(language: Language, text: str) -> None:
    assert found(f"olha só: {text}" if language == "pt-BR" else f"look: {text}", language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt-BR", "vem com 2 bolsos laterais"),
        ("pt-BR", "inclui 2 anos de garantia"),
        ("pt-BR", "acompanha você na trilha"),
        ("pt-BR", "acompanha o seu ritmo"),
        ("pt-BR", "vem com a gente"),
        ("pt-BR", "conta com a nossa equipe"),
        ("pt-BR", "dá para pagar no cartão"),
        ("pt-BR", "no Pix, se preferir"),
        ("pt-BR", "2 cores"),
        ("pt-BR", "de Gramado, no Rio Grande do Sul"),
        ("pt-BR", "a Rita levou para a Chapada"),
        ("en", "comes with a USB-C charging port"),
        ("en", "includes five brightness levels"),
        ("en", "comes with you to every late night"),
        ("en", "weighs under 1.5 kg"),
        ("en", "all the features you want"),
        ("en", "from Portland, Oregon"),
        ("pt-BR", "menos de um quilo e meio"),
        ("pt-BR", "tem dois bolsos laterais"),
        ("pt-BR", "tem 2 anos de garantia"),
        ("pt-BR", "com 2 bolsos laterais para o seu dia"),
        ("pt-BR", "quem tem pressa vai gostar"),
        ("pt-BR", "tem coisa que só a trilha ensina"),
        ("pt-BR", "com calma, o caminho aparece"),
        ("pt-BR", "guarda boas lembranças"),
        ("pt-BR", "leva você mais longe"),
        ("en", "it's Friday somewhere"),
        ("en", "has five brightness levels"),
        ("en", "with a USB-C charging port"),
        ("en", "with a 2-year warranty"),
        ("en", "curl up with a good blanket"),
        ("en", "with a smile on every page"),
        ("en", "your desk has a story"),
        ("en", "your office has a drawer full of pens"),
        ("pt-BR", "sua casa tem um corredor para ela"),
        ("en", "fits the way you work"),
    ],
)
def test_what_the_facts_name_is_not(language: Language, text: str) -> None:
    assert found(f"olha só: {text}" if language == "pt-BR" else f"look: {text}", language) == []


def test_what_is_included_may_be_said_in_another_language_than_the_facts() -> None:
    product = Product.model_validate(BACKPACK)
    assert check_facts("look: comes with 2 side pockets", product, "en") == ()


@pytest.mark.parametrize(
    ("text", "language", "noun"),
    [
        ("Inclui dois carregadores e um cabo", "pt-BR", "carregador"),
        ("Vem com as instruções", "pt-BR", "instrucao"),
        ("It ships with a small travel case for it", "en", "case"),
    ],
)
def test_the_noun_is_told(text: str, language: Language, noun: str) -> None:
    assert [word for _, _, word in included(text, language)] == [noun]


@given(st.text(max_size=80), st.sampled_from(["vem com ", "inclui ", "comes with a ", "includes "]))
def test_any_text_can_be_read(text: str, verb: str) -> None:
    for language in ("pt-BR", "en"):
        for start, end, noun in included(verb + text, language):
            assert 0 <= start < end <= len(verb + text) + 80
            assert noun
