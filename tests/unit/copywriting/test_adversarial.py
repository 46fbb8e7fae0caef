"""What somebody would write who wants more said than is true, and what is true and easily refused."""

from datetime import date
from typing import Any

import pytest

from tasks.copywriting.facts import check_facts
from tasks.promotion.materials import Language
from tasks.promotion.product import Product

BACKPACK: dict[str, Any] = {
    "name": "Mochila Trilha 40L Araçá",
    "category": "mochila",
    "features": [
        "Capacidade de 40 litros", "Nylon impermeável", "Peso de 1,3 kg", "Garantia de 2 anos",
        "Disponível em verde e preto",
    ],
    "price": "349.90",
    "old_price": "429.90",
    "instalments": {"count": 5, "amount": "69.98", "interest_free": True},
    "offer_ends": "2026-12-20",
    "testimonials": [{"quote": "Aguentou 3 dias de chuva na Chapada.", "author": "Rita Moraes", "stars": 5}],
    "brand": {"name": "Rumo Norte"},
}  # fmt: skip
LAMP: dict[str, Any] = {
    "name": "Lumen Desk Lamp",
    "category": "desk lamp",
    "currency": "USD",
    "features": ["800 lumens", "Five brightness levels", "USB-C charging port", "2-year warranty"],
    "price": "59.99",
    "old_price": "79.99",
    "offer_ends": "2026-12-20",
    "testimonials": [{"quote": "My desk has never looked better.", "author": "Grace Okafor", "stars": 5}],
    "brand": {"name": "Brightside"},
}


def found(text: str, language: Language) -> list[str]:
    product = Product.model_validate(BACKPACK if language == "pt-BR" else LAMP)
    findings = check_facts(text, product, language, today=date(2026, 11, 30))
    return [finding.text for finding in findings]


@pytest.mark.parametrize(
    "text",
    [
        "tem garantia vitalícia", "garantia de dois anos e meio", "feita de couro", "feita de lona",
        "disponível em verde, preto e azul", "nas cores verde e vermelho", "é à prova de balas", "trava antifurto",
        "dura a vida toda", "preço de custo", "o preço mais baixo do ano", "à vista com desconto extra",
        "reduz dores nas costas", "tamanho M e G", "boa para crianças", "menos de R$ 300", "por menos de R$ 60 por mês",
        "carrega sem fio", "o preço vale até sábado, 20 de dezembro",
    ],
)  # fmt: skip
def test_what_the_facts_do_not_say_is_found_in_portuguese(text: str) -> None:
    assert found(f"olha só: {text}", "pt-BR")


@pytest.mark.parametrize(
    "text",
    [
        "lifetime warranty", "a two and a half year warranty", "made of oak", "aluminum body", "wireless charging",
        "bluetooth speaker", "only 5 left", "reduces eye strain", "flicker-free light", "weatherproof",
        "available in black and white", "suitable for kids", "the battery lasts all day", "rechargeable battery",
        "just $59.99 a month", "an extra 10% off", "under $50", "until Saturday, December 20",
        "“My desk has never looked worse.” — Grace Okafor",
    ],
)  # fmt: skip
def test_what_the_facts_do_not_say_is_found_in_english(text: str) -> None:
    assert found(f"look: {text}", "en")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt-BR", "o preço vale até domingo, 20 de dezembro"),
        ("pt-BR", "por menos de R$ 350"),
        ("pt-BR", "menos de R$ 70 por mês"),
        ("pt-BR", "disponível em preto e em verde"),
        ("pt-BR", "o seu Natal começa na trilha"),
        ("pt-BR", "“Aguentou 3 dias de chuva na Chapada” — Rita Moraes"),
        ("pt-BR", "é de nylon e a garantia dura dois anos"),
        ("pt-BR", "pinta o céu de azul"),
        ("en", "until Sunday, December 20"),
        ("en", "under $60"),
        ("en", "this Christmas, light up your desk"),
        ("en", "charge over USB"),
        ("en", "“My desk has never looked better” says Grace Okafor"),
    ],
)
def test_what_the_facts_say_passes(language: Language, text: str) -> None:
    assert found(f"olha só: {text}" if language == "pt-BR" else f"look: {text}", language) == []


def test_what_is_paid_every_month_is_no_instalment() -> None:
    gym = Product(name="Academia Pulso", features=("Plano mensal",), price="99.90")
    assert check_facts("Só R$ 99,90 por mês", gym, "pt-BR") == ()
    bike = Product(name="Bicicleta Pulso", price="99.90")
    assert check_facts("Só R$ 99,90 por mês", bike, "pt-BR")
