"""Prices in the wrong place: each is a fact, but not the one that the sentence makes of it."""

import re
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

from tasks.copywriting.numerals import fold
from tasks.copywriting.quantities import Meaning, Quantity
from tasks.promotion.product import Product

_ONLY = "(?: (?:apenas|so|somente|only|just))?"
_NOW = re.compile(
    r"\b(?:por|agora(?: e| por| sai por)?|so|somente|apenas|custam?|sai(?:ndo)? (?:a|por)|preco(?: e| de)?:?|"
    rf"now(?: it's)?|for|it's|only|just|costs?|price(?: is| of)?:?){_ONLY} $"
)
_BEFORE = re.compile(r"\b(?:de|era|antes|custava|was|from|it was)(?: apenas)? $")
_OF_A_PRICE = re.compile(r"\b(?:preco|valor|custo|price) (?:de|of) $")
_SAVED = re.compile(
    r"\b(?:economi[zs]\w*|economia(?: de)?|poup\w+|desconto(?: de)?|menos|sav(?:e|ing|ings|es)(?: of)?|"
    rf"discount(?: of)?|less){_ONLY} $"
)
_AS_SAVED = re.compile(r"^ (?:de (?:desconto|economia)|a menos|off|less|in savings|discount)\b")
_AT_ONCE = re.compile(r"^ (?:a vista|in full|upfront)\b")
_TIMES_OF = re.compile(r"^ (?:\w+ ){0,3}(?:(?:de|of) )?$")
_PART = re.compile(
    r"\b(?:parcelas?|prestac(?:ao|oes)|instal+ments?|payments?)(?: a partir)?(?: de| of)(?: apenas| only)? $"
)
_AS_PART = re.compile(r"^ ?(?:/|por |ao |a |per )(?:mes|month|mo)\b|^ (?:mensais|cada|each|monthly)\b")
_IS_NO_PRICE = "is not the price"
_IS_NOT_BEFORE = "is not the price before"
_IS_NOT_SAVED = "is not what is saved"
_IS_NO_PART = "is not the amount of each instalment"
_IS_NO_SUM = "is not the sum of the instalments"
_UNDER = re.compile(r"\b(?:menos de|abaixo de|nao chega a|under|less than|below) $")
_ABOVE = Decimal("1.05")
"""Times an amount, up to which the next round one is."""
_MEASURED_ABOVE = Decimal("1.2")
"""The same of a measure: "under 1.5 kg" of 1.4 kg."""
_COUNTED = frozenset({"plain", "percent", "times", "ordinal", "stars"})
"""Kinds that are no measures."""
_MONTHLY = re.compile(r"\b(?:mes|mensa(?:l|is)|mensalidades?|months?|monthly|assinatura|subscription)\b")
"""What is paid every month is no instalment."""
_IN_ALL = re.compile(r"\b(?:total(?: de| of|:)?|ao todo|in all),? $")


def misplaced(text: str, found: Sequence[Quantity], product: Product) -> Iterator[tuple[Quantity, str]]:
    """Prices that are told as what they are not, and why.

    "Por" before an instalment, "agora" before the old price, "economize" before the whole, "12x de" before anything but
    the instalment. Only amounts that the facts compute or state are looked at: others are no facts at all.
    """
    now = product.price
    if now is None:
        return
    folded = fold(text)
    roles = _amounts(product)
    known = {amount for amounts in roles.values() for amount in amounts}
    for index, quantity in enumerate(found):
        amount = _amount(quantity)
        if amount is None or amount not in known:
            continue
        role = _role(folded, quantity, found[index - 1] if index else None)
        told = role == _IS_NO_PART and not _MONTHLY.search(_said_of(product))
        if role is not None and (roles[role] or told) and amount not in roles[role]:
            yield quantity, role


def is_just_above(text: str, quantity: Quantity, product: Product, facts: Collection[Meaning] = ()) -> bool:
    """Whether an amount is the next round one above the price, an instalment or a measure, and is told as that.

    "Menos de R$ 350" of R$ 349.90 is true; of R$ 299.90 it is, too, and nobody would say it.
    """
    folded = fold(text)
    if not _UNDER.search(folded[max(0, quantity.start - 30) : quantity.start]):
        return False
    amount = _amount(quantity)
    if amount is None:
        return any(
            kind == known and isinstance(told, Decimal) and isinstance(exact, Decimal)
            and exact < told <= exact * _MEASURED_ABOVE
            for kind, told in quantity.meanings if kind not in _COUNTED
            for known, exact in facts
        )  # fmt: skip
    price = product.price
    if _AS_PART.search(folded[quantity.end : quantity.end + 20]):
        price = product.instalments.amount if product.instalments is not None else None
    return price is not None and price < amount <= price * _ABOVE


def _said_of(product: Product) -> str:
    return fold("\n".join((product.name, product.description, product.category or "", *product.features)))


def _amounts(product: Product) -> dict[str, frozenset[Decimal]]:
    """What may be told in each role, by what is said of an amount that may not."""
    now, before, parts = product.price, product.old_price, product.instalments
    assert now is not None  # noqa: S101 - of the caller
    return {
        _IS_NO_PRICE: frozenset({now}),
        _IS_NOT_BEFORE: frozenset({before} if before is not None else ()),
        _IS_NOT_SAVED: frozenset({before - now} if before is not None else ()),
        _IS_NO_PART: frozenset({parts.amount} if parts is not None else ()),
        _IS_NO_SUM: frozenset({parts.amount * parts.count} if parts is not None else ()),
    }


def _role(folded: str, quantity: Quantity, last: Quantity | None) -> str | None:
    """What the words around an amount make of it."""
    lead, trail = (
        folded[max(0, quantity.start - 30) : quantity.start],
        folded[quantity.end : quantity.end + 20],
    )
    times = last is not None and any(kind == "times" for kind, _ in last.meanings)
    if times and last is not None and _TIMES_OF.search(folded[last.end : quantity.start]):
        return _IS_NO_PART
    for role, before, behind in (
        (_IS_NO_PART, _PART, _AS_PART),
        (_IS_NO_SUM, _IN_ALL, None),
        (_IS_NOT_SAVED, _SAVED, _AS_SAVED),
        (_IS_NO_PRICE, _OF_A_PRICE, _AT_ONCE),
        (_IS_NOT_BEFORE, _BEFORE, None),
        (_IS_NO_PRICE, _NOW, None),
    ):
        if before.search(lead) or (behind is not None and behind.search(trail)):
            return role
    return None


def _amount(quantity: Quantity) -> Decimal | None:
    amounts = {value for kind, value in quantity.meanings if kind.startswith("money")}
    value = amounts.pop() if len(amounts) == 1 else None
    return value if isinstance(value, Decimal) else None
