"""A claim of one thing allows no other, and English words are known as well as Portuguese ones."""

import pytest

from tasks.copywriting.facts import check_facts
from tasks.promotion.product import Product


def claims(text: str, *features: str) -> list[str]:
    product = Product(name="Caneca", features=features)
    return [finding.text for finding in check_facts(text, product, "pt-BR") if finding.kind == "claim"]


@pytest.mark.parametrize(
    ("fact", "same", "other"),
    [
        ("Algodão orgânico", "é orgânica", "é vegana"),
        ("Sabonete natural", "all natural", "é sustentável"),
        ("Importada da loja", "imported", "é nacional"),
        ("Feita à mão", "handmade", "é importada"),
        ("Resistente a respingos", "é resistente", "é à prova d'água"),
        ("Resistente à água", "water-resistant", "waterproof"),
        ("Resistente a riscos", "scratch-resistant", "shockproof"),
        ("Testada em casa", "tested", "é certificada"),
        ("Dermatologicamente testado", "dermatologist tested", "clinicamente testado"),
        ("Alivia o cansaço", "relieves", "cura"),
        ("Massa crocante", "crispy", "é cremosa"),
        ("Sem glúten", "gluten-free", "sem lactose"),
        ("Zero açúcar", "no added sugar", "sem conservantes"),
        ("Até sexta-feira", "até sexta", "até sábado"),
        ("Meia hora de preparo", "half an hour", "o dobro"),
    ],
)
def test_facts_allow_what_they_say_in_both_languages_and_nothing_like_it(
    fact: str, same: str, other: str
) -> None:
    assert claims(f"olha só: {same}", fact) == []
    assert claims(f"olha só: {other}", fact)


@pytest.mark.parametrize(
    "claim",
    [
        "silent",
        "quiet",
        "organic",
        "vegan",
        "detox",
        "comfort",
        "award",
        "robust",
        "compact",
        "fantastic",
        "new",
    ],
)
def test_words_without_an_ending_are_found(claim: str) -> None:
    assert claims(f"a {claim} thing") == [claim]


def test_what_is_missing_is_claimed_of_substances_alone() -> None:
    assert claims("sem medo, sem sair de casa, no fluff") == []
