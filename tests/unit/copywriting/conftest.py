"""Products whose texts are looked at."""

from typing import Any

import pytest

from tasks.promotion.product import Product

COFFEE_MAKER: dict[str, Any] = {
    "name": "Cafeteira Aroma 3000",
    "description": "Café coado em 5 minutos, com a casa cheirando a café.",
    "features": (
        "Reservatório de 1,2 L",
        "Prepara 30 xícaras",
        "Jarra de vidro",
        "Desliga sozinha",
        "Garantia de 12 meses",
        "110/220 V",
    ),
    "category": "cafeteira",
    "price": "1299.90",
    "old_price": 1599,
    "instalments": {"count": 12, "amount": "108.33", "interest_free": True},
    "offer_ends": "2026-12-15",
    "audience": "quem acorda cedo",
    "testimonials": [{"quote": "O melhor café! Uso há 3 anos.", "author": "Ana Souza", "stars": 5}],
    "brand": {
        "name": "Casa Bela",
        "website": "casabela.com.br",
        "handle": "@casabela",
        "phone": "(11) 98765-4321",
    },
}


@pytest.fixture(scope="session")
def coffee_maker() -> Product:
    return Product.model_validate(COFFEE_MAKER)
