"""Numbers in a text: what value digits or words stand for."""

import re
import unicodedata
from decimal import Decimal

from tasks.promotion.materials import Language


def _words(text: str) -> list[str]:
    return text.split()


_PT = _words(
    "zero um dois tres quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis dezessete "
    "dezoito dezenove"
)
_PT_TENS = _words("vinte trinta quarenta cinquenta sessenta setenta oitenta noventa")
_PT_HUNDREDS = _words(
    "cem duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos"
)
_EN = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_EN_TENS = _words("twenty thirty forty fifty sixty seventy eighty ninety")

_SMALL: dict[Language, dict[str, int]] = {
    "pt-BR": {
        **{word: number for number, word in enumerate(_PT)},
        **{word: 10 * number for number, word in enumerate(_PT_TENS, 2)},
        **{word: 100 * number for number, word in enumerate(_PT_HUNDREDS, 1)},
        **{word.replace("tos", "tas"): 100 * number for number, word in enumerate(_PT_HUNDREDS[1:], 2)},
        "uma": 1,
        "duas": 2,
        "catorze": 14,
        "cento": 100,
    },
    "en": {
        **{word: number for number, word in enumerate(_EN)},
        **{word: 10 * number for number, word in enumerate(_EN_TENS, 2)},
    },
}
_SCALES: dict[Language, dict[str, int]] = {
    "pt-BR": {"mil": 1000, "milhao": 1_000_000, "milhoes": 1_000_000},
    "en": {"hundred": 100, "thousand": 1000, "million": 1_000_000},
}
SINGLE = frozenset({"um", "uma", "one"})
"""Articles more often than numbers."""


def _sequence(language: Language, joint: str) -> str:
    word = "|".join(sorted({*_SMALL[language], *_SCALES[language]}, key=len, reverse=True))
    return rf"(?:{word})(?:{joint}(?:{word}))*"


WORDS: dict[Language, str] = {
    "pt-BR": _sequence("pt-BR", r"(?: e | )"),
    "en": _sequence("en", r"(?: and |-| )"),
}
"""Patterns of numbers in words, of folded text."""
SCALE = r"(?: ?(?P<scale>mil|milhao|milhoes|thousand|million)\b)?"
DIGITS = r"\d+(?:[.,]\d+)*"


def fold(text: str) -> str:
    """The text in small letters without accents, letter for letter: places in both are the same."""
    return "".join(unicodedata.normalize("NFD", letter)[0].lower()[0] for letter in text)


def values(written: str, scale: str | None = None) -> frozenset[Decimal]:
    """What a folded number may mean. "1.299" has two readings, as languages differ in their marks."""
    found = _of_digits(written) if written[0].isdecimal() else frozenset({_of_words(written)})
    factor = next((scales[scale] for scales in _SCALES.values() if scale in scales), 1) if scale else 1
    return frozenset(value * factor for value in found)


def _of_digits(written: str) -> frozenset[Decimal]:
    marks = re.findall(r"[.,]", written)
    if not marks:
        return frozenset({Decimal(written)})
    together = Decimal(re.sub(r"[.,]", "", written))
    if len(marks) > 1 and len(set(marks)) == 1:
        return frozenset({together})
    whole, _, decimals = written.replace(",", ".").rpartition(".")
    fraction = Decimal(f"{whole.replace('.', '')}.{decimals}")
    if len(marks) == 1 and len(decimals) == 3:
        return frozenset({together, fraction})
    return frozenset({fraction})


def _of_words(written: str) -> Decimal:
    total = current = 0
    for word in re.split(r"[ -]", written):
        for language, small in _SMALL.items():
            if word in small:
                current += small[word]
                break
            if word in (scales := _SCALES[language]):
                scale = scales[word]
                if scale == 100:
                    current = max(current, 1) * scale
                else:
                    total, current = total + max(current, 1) * scale, 0
                break
    return Decimal(total + current)
