"""In which of the two languages a text is written: by the little words that nearly every sentence has."""

import re
from collections.abc import Iterable

from tasks.copywriting.notation import words
from tasks.copywriting.numerals import fold
from tasks.promotion.materials import Language
from tasks.promotion.product import Product


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LITTLE: dict[Language, frozenset[str]] = {
    "pt-BR": _set(
        "de do da dos das para com que nao e o os um uma em no na por seu sua voce mais ou ate sem"
    ),
    "en": _set("the and for with your you of to is are it this that from on in by our not"),
}
_PORTUGUESE = re.compile(r"[ãõçáéíóúâêôà]")
"""Letters that English words seldom have."""


def little_words(text: str, language: Language) -> int:
    """How many of a text's words are little words of the language."""
    return sum(fold(word) in _LITTLE[language] for word in words(text))


def likely_language(texts: Iterable[str], otherwise: Language = "pt-BR") -> Language:
    """The language in which most of the texts seem to be."""
    text = "\n".join(texts).lower()
    accented = sum(bool(_PORTUGUESE.search(word)) for word in words(text))
    portuguese, english = little_words(text, "pt-BR") + accented, little_words(text, "en")
    if portuguese == english:
        return otherwise
    return "pt-BR" if portuguese > english else "en"


def language_of_facts(product: Product) -> Language:
    """The language in which a product's facts are written; where they do not show it, that of its currency."""
    told = (
        product.name, product.description, *product.features, product.category, product.audience,
        product.call_to_action,
    )  # fmt: skip
    return likely_language(filter(None, told), "en" if product.currency in ("USD", "GBP") else "pt-BR")
