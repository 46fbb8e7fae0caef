"""Percentages of the wrong thing: "100% algodão" makes nothing "100% brasileira", nor "70% cacau" 70% of discount."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from tasks.copywriting.numerals import fold
from tasks.copywriting.quantities import Quantity, quantities
from tasks.promotion.materials import Language
from tasks.promotion.product import Product


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_LANGUAGES: tuple[Language, ...] = ("pt-BR", "en")
_OFF_BEFORE = re.compile(
    r"\b(?:economi[zs]\w*|economia(?: de)?|desconto(?: de)?|save|saving|discount(?: of)?)(?: (?:ate|up to))? $"
)
_OFF_BEHIND = re.compile(
    r"^ (?:de (?:desconto|economia)|a menos|mais barat\w+|menos|off|less|cheaper|discount|in savings)\b"
)
_ENDS = re.compile(r"[.,;:!?()\n–—]")
_WORD = re.compile(r"[^\W\d_]{3,}")
_LITTLE = _set(
    "com das dos uma mais menos ate que para por sao tem ela ele seu sua the and with for from more less made pure "
    "feito feita feitos feitas puro pura its are you your"
)
_KNOWN_BY = 5
"""Letters by which a word is known: algodão is also of algodões, and brasileira of Brasil."""
_SAME = tuple(
    map(
        _set,
        (
            "algod cotto", "couro leath", "linho linen", "seda silk", "cacau cocoa", "brasi brazi", "polie polye",
            "recic recyc", "madei wood", "aco steel", "fibra fiber",
        ),
    )
)  # fmt: skip
"""Such beginnings of Portuguese words and of English ones."""
_IS_NO_SHARE = "is not what the facts give as such a percentage"
_IS_NO_DISCOUNT = "is no discount among the facts"


def misattributed(
    text: str, found: Sequence[Quantity], product: Product, facts: Sequence[str]
) -> Iterator[tuple[Quantity, str]]:
    """Percentages of a text that the facts have of something else, and why. Those that no fact has are left alone."""
    stated = [(fold(fact), each) for fact in facts for each in quantities(fact, *_LANGUAGES)]
    folded = fold(text)
    for quantity in found:
        share = _share(quantity)
        same = [(fact, each) for fact, each in stated if share is not None and _share(each) == share]
        lowered = share is not None and share == product.discount_percent
        if not same and not lowered:
            continue
        if _is_off(folded, quantity):
            if not lowered and not any(_is_off(fact, each) for fact, each in same):
                yield quantity, _IS_NO_DISCOUNT
            continue
        about = _about(folded, quantity)
        if about is not None and not lowered and not any(_says(fact, each, about) for fact, each in same):
            yield quantity, _IS_NO_SHARE


def _share(quantity: Quantity) -> Decimal | None:
    shares = [value for kind, value in quantity.meanings if kind == "percent"]
    return shares[0] if len(shares) == 1 and isinstance(shares[0], Decimal) else None


def _is_off(folded: str, quantity: Quantity) -> bool:
    return bool(
        _OFF_BEFORE.search(folded[max(0, quantity.start - 30) : quantity.start])
        or _OFF_BEHIND.search(folded[quantity.end : quantity.end + 30])
    )


def _clauses(folded: str, quantity: Quantity) -> tuple[list[str], list[str]]:
    """The telling words before and behind a quantity in its clause."""
    before = _ENDS.split(folded[: quantity.start])[-1]
    behind = _ENDS.split(folded[quantity.end :])[0]
    lead, trail = ([word for word in _WORD.findall(part) if word not in _LITTLE] for part in (before, behind))
    return lead, trail


def _about(folded: str, quantity: Quantity) -> str | None:
    """What a percentage is of: the next telling word of its clause; None if none follows."""
    _, trail = _clauses(folded, quantity)
    return trail[0] if trail else None


def _says(fact: str, quantity: Quantity, about: str) -> bool:
    lead, trail = _clauses(fact, quantity)
    wanted = about[:_KNOWN_BY]
    known = {word[:_KNOWN_BY] for word in (*lead, *trail)}
    return wanted in known or any(wanted in same and known & same for same in _SAME)
