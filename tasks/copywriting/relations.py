"""Prices in the wrong place: each is a fact, but not the one that the sentence makes of it."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from tasks.copywriting.numerals import fold
from tasks.copywriting.quantities import Quantity
from tasks.promotion.product import Product

_NOW = re.compile(
    r"\b(?:por|agora(?: e| sai por)?|now(?: it's| only)?|for|it's)(?: apenas| so| somente| only| just)? $"
)
_BEFORE = re.compile(r"\b(?:de|era|antes|custava|was|from|it was)(?: apenas)? $")
_EACH = re.compile(r"^ (?:\w+ ){0,3}(?:de|of) $")


def misplaced(text: str, found: Sequence[Quantity], product: Product) -> Iterator[tuple[Quantity, str]]:
    """Prices that are told as what they are not ("agora" before the old one, "12x de" before the whole), and why."""
    folded = fold(text)
    now, before, parts = product.price, product.old_price, product.instalments
    for index, quantity in enumerate(found):
        amount = _amount(quantity)
        if amount is None or now is None:
            continue
        lead = folded[max(0, quantity.start - 25) : quantity.start]
        last = found[index - 1] if index else None
        times = last is not None and any(kind == "times" for kind, _ in last.meanings)
        if times and last is not None and _EACH.search(folded[last.end : quantity.start]):
            if parts is not None and amount != parts.amount:
                yield quantity, "is not the amount of each instalment"
        elif before is not None and amount == before and _NOW.search(lead):
            yield quantity, "is the price before, not the price"
        elif before is not None and amount == now and _BEFORE.search(lead):
            yield quantity, "is the price, not the price before"


def _amount(quantity: Quantity) -> Decimal | None:
    amounts = {value for kind, value in quantity.meanings if kind.startswith("money")}
    value = amounts.pop() if len(amounts) == 1 else None
    return value if isinstance(value, Decimal) else None
