"""Products as shops really enter them: shouted, with emoji, a service, another alphabet. What a reader stumbles on."""

from datetime import date
from typing import Any, get_args

import pytest

from tasks.copywriting.facts import check_facts
from tasks.copywriting.options import CopyConfig, DescriptionConfig, Platform, Tone
from tasks.copywriting.templates import copy_of_templates, description_of_templates
from tasks.copywriting.wording import as_phrase, calm, is_emoji, joined
from tasks.promotion.materials import Language, WrittenCopy
from tasks.promotion.product import Product

TODAY = date(2026, 11, 30)
SHOUTED: dict[str, Any] = {
    "name": "TÊNIS DE CORRIDA MASCULINO", "category": "TÊNIS",
    "features": ["SOLADO DE BORRACHA", "PESA 240 G", "DO 38 AO 44", "LUZ DE LED NO CALCANHAR"],
    "price": "399.00", "brand": {"name": "CORRE MAIS"},
}  # fmt: skip
EMOJI: dict[str, Any] = {
    "name": "Brigadeiro gourmet 🍫", "features": ["✨ Feitos no dia", "🎁 Embalagem para presente 🎀"],
    "audience": "quem ama doce 🍬", "brand": {"name": "Doce Mel 🐝"},
}  # fmt: skip
COMMON: dict[str, Any] = {"name": "Pão de queijo congelado 1 kg", "price": "38.90"}
FOREIGN: dict[str, Any] = {
    "name": "Матрёшка «Весна»", "category": "boneca", "features": ["5 bonecas de madeira", "Pintada à mão"],
}  # fmt: skip


def written(
    facts: dict[str, Any], platform: Platform, tone: Tone, language: Language = "pt-BR"
) -> WrittenCopy:
    config = CopyConfig(language=language, platform=platform, tone=tone)
    return copy_of_templates(Product.model_validate(facts), config, today=TODAY)


@pytest.mark.parametrize("platform", get_args(Platform))
@pytest.mark.parametrize("facts", [SHOUTED, EMOJI, COMMON, FOREIGN])
def test_nothing_is_shouted_and_a_voice_has_no_emoji(facts: dict[str, Any], platform: Platform) -> None:
    for tone in get_args(Tone):
        copy = written(facts, platform, tone)
        assert not any(map(is_emoji, copy.script)), copy.script
        for word in f"{copy.text} {copy.script}".replace("#", " ").split():
            assert not (len(word) > 3 and word.isalpha() and word.isupper()), copy.text
        assert check_facts(copy.text, Product.model_validate(facts), "pt-BR", today=TODAY) == ()


@pytest.mark.parametrize(
    ("shouted", "said"),
    [
        ("SOLADO DE BORRACHA", "Solado de borracha"),
        ("PESA 240 G", "Pesa 240 g"),
        ("LUZES DE LED", "Luzes de LED"),
        ("DO 38 AO 44", "Do 38 ao 44"),
        ("Bluetooth 5.3", "Bluetooth 5.3"),
        ("5G", "5G"),
    ],
)
def test_features_are_not_shouted(shouted: str, said: str) -> None:
    assert as_phrase(shouted) == said


def test_names_keep_their_capitals() -> None:
    assert calm("CAFETEIRA DE INOX") == "Cafeteira de Inox"


def test_a_name_that_only_says_what_it_is_is_small_within_a_sentence() -> None:
    scripts = [written(COMMON, platform, "professional").script for platform in get_args(Platform)]
    assert any("o pão de queijo congelado" in script for script in scripts)
    assert not any("o Pão de queijo" in script for script in scripts)
    named = {"name": "Cadeira de balanço Vovó Nena"}
    assert "Cadeira de balanço Vovó Nena" in written(named, "instagram", "professional").script


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Sourdough starter", "Sourdough Starter"),
        ("Mug with lid 300 ml", "Mug with Lid 300 ml"),
        ("Lumen desk lamp", "Lumen Desk Lamp"),
        ("iPhone case", "iPhone case"),
        ("Soap", "Soap"),
    ],
)
def test_an_english_name_has_its_capitals_within_a_sentence(name: str, said: str) -> None:
    for platform in get_args(Platform):
        copy = written({"name": name, "price": "18"}, platform, "friendly", "en")
        assert said in copy.script
        assert check_facts(copy.text, Product(name=name, price="18"), "en", today=TODAY) == ()


def test_what_a_thing_is_and_how_it_was_made_are_two_sentences() -> None:
    features = ("5 bonecas de madeira", "Pintada à mão", "Almofada de chita", "Entrada de ar")
    assert joined(features[:2], "pt-BR", frozenset()) == ["5 bonecas de madeira.", "Pintada à mão."]
    assert joined((features[0], features[2]), "pt-BR", frozenset()) == [
        "5 bonecas de madeira e almofada de chita."
    ]


def test_keywords_have_no_emoji() -> None:
    page = description_of_templates(Product.model_validate(EMOJI), DescriptionConfig(), today=TODAY)
    assert not any(is_emoji(letter) for word in page.keywords for letter in word)


@pytest.mark.parametrize("platform", get_args(Platform))
def test_the_call_is_in_the_same_voice_as_that_of_the_film(platform: Platform) -> None:
    """ "Chama" beside "Chame" reads as two people."""
    for tone in get_args(Tone):
        copy = written(SHOUTED, platform, tone)
        for colloquial in ("Chama ", "Compra em", "Salva ", "Comenta ", "Manda ", "Conta nos", "Responde "):
            assert colloquial not in f"{copy.call_to_action} {copy.script}"
