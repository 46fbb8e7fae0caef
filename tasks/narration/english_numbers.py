"""Numbers as Americans say them, on top of num2words: without "and", years in pairs, money."""

from decimal import Decimal

from num2words import num2words

LONGEST = 15
"""Digits of a number that is said as one; those of a longer one are said one by one."""
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
"""A number as it is written in English: 1,299.90."""
CURRENCY = r"(?:US\$|R\$|C\$|A\$|USD|BRL|EUR|GBP|\$|€|£)"

_NAMES = {
    "US$": ("dollar", "dollars", "cent", "cents"),
    "USD": ("dollar", "dollars", "cent", "cents"),
    "$": ("dollar", "dollars", "cent", "cents"),
    "C$": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "A$": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "R$": ("real", "reais", "cent", "cents"),
    "BRL": ("real", "reais", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "£": ("pound", "pounds", "penny", "pence"),
}


def cardinal(number: int) -> str:
    """Says "one thousand two hundred ninety-nine"."""
    return str(num2words(number, lang="en")).replace(",", "").replace(" and ", " ")


def ordinal(number: int) -> str:
    """Says "twenty-first"."""
    return str(num2words(number, lang="en", to="ordinal")).replace(",", "").replace(" and ", " ")


def year(number: int) -> str:
    """Says "twenty twenty-six", "two thousand five", "nineteen oh five"."""
    said = str(num2words(number, lang="en", to="year"))
    return said.replace("oh-", "oh ").replace(" and ", " ")


def decade(number: int) -> str:
    """Says "nineteen eighties", "two thousands"."""
    said = year(number) if number >= 100 else cardinal(number)
    return f"{said[:-1]}ies" if said.endswith("y") else f"{said}s"


def digit_by_digit(digits: str) -> str:
    """Says "eight zero zero"."""
    return " ".join(DIGITS[int(digit)] for digit in digits if digit.isdigit())


def value(written: str) -> Decimal:
    """The number of "1,299.90"."""
    return Decimal(written.replace(",", ""))


def number(written: str) -> str:
    """What is said for "1,299", "2.5", "0.05", "007"."""
    whole, _, decimals = written.replace(",", "").partition(".")
    said = (
        digit_by_digit(whole)
        if (len(whole) > 1 and whole[0] == "0") or len(whole) > LONGEST
        else cardinal(int(whole))
    )
    return f"{said} point {digit_by_digit(decimals)}" if decimals else said


def money(currency: str, written: str, scale: str = "", *, singular: bool = False) -> str:
    """Says "$", "1,299.90": "one thousand two hundred ninety-nine dollars and ninety cents".

    `singular`: in front of what it describes, "a twenty dollar gift card".
    """
    one, many, cent, cents = _NAMES[currency.upper()]
    if singular:
        many, cents = one, cent
    whole, _, decimals = written.replace(",", "").partition(".")
    if scale:
        return f"{number(written)} {scale} {many}"
    if len(decimals) > 2 or len(whole) > LONGEST:
        return f"{number(written)} {many}"
    units = int(whole)
    hundredths = int(decimals.ljust(2, "0")) if decimals else 0
    parts = []
    if units or not hundredths:
        parts.append(f"{cardinal(units)} {one if units == 1 else many}")
    if hundredths:
        parts.append(f"{cardinal(hundredths)} {cent if hundredths == 1 else cents}")
    return " and ".join(parts)
