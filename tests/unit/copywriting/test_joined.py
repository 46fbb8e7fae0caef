"""Features in one sentence are alike: what it has, what it is like, or what it does."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.copywriting.wording import joined
from tasks.promotion.materials import Language

HAS = ("Dois microfones", "Jarra de vidro", "Alça de couro", "Two microphones", "Suede brim")
IS = (
    "Vegana",
    "À prova d'água",
    "Com tampa",
    "Sem fio",
    "Waterproof",
    "Dishwasher safe",
    "Made in Portland",
    "BPA-free",
    "Vivo desde 1987",
    "Alive since 1987",
)
COMES = ("Do PP ao XGG", "Em três cores", "From XS to XXL")
DOES = ("Desliga sozinha", "Prepara 30 xícaras", "Folds flat")


@pytest.mark.parametrize("language", ["pt-BR", "en"])
@given(st.permutations([*HAS, *IS, *COMES, *DOES]))
def test_what_is_unlike_stands_in_sentences_of_its_own(language: Language, features: list[str]) -> None:
    for sentence in joined(features, language, frozenset()):
        said = sentence.lower()
        kinds = [any(one.lower() in said for one in kind) for kind in (HAS, IS, COMES, DOES)]
        assert sum(kinds) == 1, sentence


def test_what_is_alike_stays_together() -> None:
    for features in permutations(("Dois microfones", "Jarra de vidro")):
        assert len(joined(features, "pt-BR", frozenset())) == 1
    assert joined(("Dois microfones", "À prova d'água"), "pt-BR", frozenset()) == [
        "Dois microfones.", "À prova d'água.",
    ]  # fmt: skip
