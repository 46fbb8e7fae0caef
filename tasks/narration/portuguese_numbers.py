"""Numbers as Brazilians say them, on top of num2words: gender, decimals, digit by digit, money."""

import re
from decimal import Decimal

from num2words import num2words

LONGEST = 15
"""Digits of a number that is said as one; those of a longer one are said one by one."""
DIGITS = ("zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove")
_FEMININE = {
    "um": "uma",
    "dois": "duas",
    **{
        f"{stem}entos": f"{stem}entas"
        for stem in ("duz", "trez", "quatroc", "quinh", "seisc", "setec", "oitoc", "novec")
    },
}
_SCALES = frozenset(f"{stem}{end}" for stem in ("milh", "bilh", "trilh") for end in ("ão", "ões"))
NUMBER = r"(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?"
"""A number as Brazil writes it: 1.299,90."""


def cardinal(number: int, *, feminine: bool = False) -> str:
    """Says "mil duzentos e noventa e nove"; what counts millions stays masculine."""
    words = str(num2words(number, lang="pt_BR")).replace(",", "").replace("catorze", "quatorze").split()
    if feminine:
        scale = max((i for i, word in enumerate(words) if word in _SCALES), default=-1)
        words = [_FEMININE.get(word, word) if i > scale else word for i, word in enumerate(words)]
    return " ".join(words)


def ordinal(number: int, *, feminine: bool = False, plural: bool = False) -> str:
    """Says "vigésimo primeiro", up to the 999th; then the cardinal, as people do."""
    if not 0 < number < 1000:
        return cardinal(number, feminine=feminine)
    words = str(num2words(number, lang="pt_BR", to="ordinal")).split()
    ending = ("a" if feminine else "o") + ("s" if plural else "")
    return " ".join(word[:-1] + ending if word.endswith("o") else word for word in words)


def digit_by_digit(digits: str) -> str:
    """Says "zero oito zero zero"."""
    return " ".join(DIGITS[int(digit)] for digit in digits if digit.isdigit())


def value(written: str) -> Decimal:
    """The number of "1.299,90"."""
    return Decimal(written.replace(".", "").replace(",", "."))


def number(written: str, *, feminine: bool = False) -> str:
    """What is said for "1.299", "2,5", "0,05", "007"."""
    whole, _, decimals = written.partition(",")
    whole = whole.replace(".", "")
    if (len(whole) > 1 and whole[0] == "0") or len(whole) > LONGEST:
        said = digit_by_digit(whole)
    else:
        said = cardinal(int(whole), feminine=feminine and not decimals)
    return f"{said} vírgula {fraction_digits(decimals)}" if decimals else said


def fraction_digits(decimals: str) -> str:
    """What is said behind the comma: "25" together, "05" and long ones digit by digit."""
    if decimals[0] == "0" or len(decimals) > 3:
        return digit_by_digit(decimals)
    return cardinal(int(decimals))


_SINGULARS = {
    "R$": ("real", "reais", "centavo", "centavos"),
    "BRL": ("real", "reais", "centavo", "centavos"),
    "US$": ("dólar", "dólares", "centavo", "centavos"),
    "U$": ("dólar", "dólares", "centavo", "centavos"),
    "USD": ("dólar", "dólares", "centavo", "centavos"),
    "$": ("dólar", "dólares", "centavo", "centavos"),
    "€": ("euro", "euros", "centavo", "centavos"),
    "EUR": ("euro", "euros", "centavo", "centavos"),
    "£": ("libra", "libras", "pêni", "pence"),
    "GBP": ("libra", "libras", "pêni", "pence"),
}
CURRENCY = "(?:R\\$|US\\$|U\\$|BRL|USD|EUR|GBP|€|£|\\$)"


def money(currency: str, written: str, scale: str = "") -> str:
    """Says "R$", "1.299,90": "mil duzentos e noventa e nove reais e noventa centavos"; `scale` is "mil", "milhões"."""
    one, many, cent, cents = _SINGULARS[currency.upper()]
    feminine = one == "libra"
    if re.fullmatch(r"\d+\.\d{1,2}", written):
        written = written.replace(".", ",")
    whole, _, decimals = written.partition(",")
    if scale:
        amount = number(written, feminine=feminine and scale == "mil")
        return f"{amount} {scale} {many}" if scale == "mil" else f"{amount} {scale} de {many}"
    if len(decimals) > 2:
        return f"{number(written)} {many if value(written) >= 2 else one}"
    if len(whole) > LONGEST:
        return f"{number(written)} {many}"
    reais = int(whole.replace(".", ""))
    centavos = int(decimals.ljust(2, "0")) if decimals else 0
    parts = []
    if reais or not centavos:
        link = " de" if reais and reais % 1_000_000 == 0 else ""
        parts.append(f"{cardinal(reais, feminine=feminine)}{link} {one if reais == 1 else many}")
    if centavos:
        parts.append(f"{cardinal(centavos)} {cent if centavos == 1 else cents}")
    return " e ".join(parts)
