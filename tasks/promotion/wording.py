"""Prices and dates as people of a language write them."""

from datetime import date
from decimal import Decimal

from tasks.promotion.materials import Language
from tasks.promotion.product import Currency, Instalments

_SIGNS: dict[Currency, str] = {"BRL": "R$", "USD": "$", "EUR": "€", "GBP": "£"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FIRM = "\u00a0"
"""Stands where a line must not be broken: between the sign of a currency and the amount."""


def money(amount: Decimal, currency: Currency, language: Language, *, space: str = " ") -> str:
    """A price: "R$ 1.299,90" in Portuguese, "$1,299.90" in English; without cents where there are none."""
    cents = 0 if amount == amount.to_integral_value() else 2
    digits = f"{amount:,.{cents}f}"
    sign = _SIGNS[currency]
    if language == "pt-BR":
        digits = digits.translate(str.maketrans(",.", ".,"))
        sign = "US$" if currency == "USD" else sign
    # Portuguese sets a space behind every sign, English behind those of letters.
    between = space if language == "pt-BR" or sign[0].isalpha() else ""
    return f"{sign}{between}{digits}"


def instalments(parts: Instalments, currency: Currency, language: Language, *, space: str = " ") -> str:
    """How a price may be paid in parts: "12x de R$ 108,33 sem juros", "12 payments of $108.33, interest-free"."""
    amount = money(parts.amount, currency, language, space=space)
    if language == "pt-BR":
        return f"{parts.count}x de {amount}" + " sem juros" * parts.interest_free
    return f"{parts.count} payments of {amount}" + ", interest-free" * parts.interest_free


def day(of: date, language: Language) -> str:
    """A day: 15/12/2026 in Portuguese, Dec 15, 2026 in English."""
    if language == "pt-BR":
        return of.strftime("%d/%m/%Y")
    return f"{_MONTHS[of.month - 1]} {of.day}, {of.year}"
