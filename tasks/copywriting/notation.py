"""Prices, dates and lists as people of a language write them."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from tasks.promotion.materials import Language
from tasks.promotion.product import Currency, Instalments

SYMBOLS: dict[Currency, str] = {"BRL": "R$", "USD": "US$", "EUR": "€", "GBP": "£"}
MONTHS: dict[Language, tuple[str, ...]] = {
    "pt-BR": ("janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro",
              "novembro", "dezembro"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December"),
}  # fmt: skip
WEEKDAYS: dict[Language, tuple[str, ...]] = {
    "pt-BR": ("segunda", "terca", "quarta", "quinta", "sexta", "sabado", "domingo"),
    "en": ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
}
"""Folded, as texts are compared."""
_SOON = 300
"""Days ahead for which a date needs no year."""


def money(amount: Decimal, currency: Currency, language: Language) -> str:
    """R$ 1.299,90 in Portuguese, $1,299.90 in English; whole amounts too have their cents in Portuguese."""
    digits = f"{amount:,.2f}"
    if language == "pt-BR":
        return f"{SYMBOLS[currency]} {digits.replace(',', '_').replace('.', ',').replace('_', '.')}"
    symbol = "$" if currency == "USD" else SYMBOLS[currency]
    return f"{symbol}{digits.removesuffix('.00')}"


def instalments(parts: Instalments, currency: Currency, language: Language) -> str:
    """12x de R$ 108,33 sem juros; 12 payments of $108.33, interest-free."""
    amount = money(parts.amount, currency, language)
    if language == "pt-BR":
        return f"{parts.count}x de {amount}{' sem juros' if parts.interest_free else ''}"
    return f"{parts.count} {'interest-free ' if parts.interest_free else ''}payments of {amount}"


def day(when: date, language: Language, today: date) -> str:
    """15 de dezembro, December 15; with the year if it is far off."""
    month = MONTHS[language][when.month - 1]
    far = abs((when - today).days) > _SOON
    if language == "pt-BR":
        number = "1º" if when.day == 1 else str(when.day)
        return f"{number} de {month}{f' de {when.year}' if far else ''}"
    return f"{month} {when.day}{f', {when.year}' if far else ''}"


def listed(parts: Sequence[str], language: Language) -> str:
    """One, two and three, joined as the language does."""
    if len(parts) < 2:
        return "".join(parts)
    last = " e " if language == "pt-BR" else ", and " if len(parts) > 2 else " and "
    return f"{', '.join(parts[:-1])}{last}{parts[-1]}"


_WORD = re.compile(r"[\w'’+-]+")


def words(text: str) -> list[str]:
    """The words of a text."""
    return _WORD.findall(text)
