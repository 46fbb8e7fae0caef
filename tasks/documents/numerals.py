"""Numbers as contracts write them out: "décima primeira", "vinte e um", "XIV"."""

import re
import unicodedata
from functools import cache

from num2words import num2words

_MOST = 199
"""The highest number that a clause has in words."""
_LONGEST = 6
"""Words of such a number."""
_OTHERS = {"unico": 1, "undecimo": 11, "duodecimo": 12, "quatorze": 14}
"""What num2words spells otherwise, or has no word for."""
_SCALES = (1000, 10**6, 2 * 10**6, 10**9, 2 * 10**9)
_ROMAN = re.compile(r"(?=.)(C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_ROMAN_DIGITS = {
    "M": 1000,
    "CM": 900,
    "D": 500,
    "CD": 400,
    "C": 100,
    "XC": 90,
    "L": 50,
    "XL": 40,
    "X": 10,
    "IX": 9,
    "V": 5,
    "IV": 4,
    "I": 1,
}
_MOST_ROMAN = 3999
_WORD = re.compile(r"(?:\s+|-)?(\w+)")


def without_accents(text: str) -> str:
    """A text without case and accents, by which words are compared. Marks of ordinals stay what they are."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each))


def number_in_front(text: str) -> tuple[int, str] | None:
    """The number whose words a text begins with, ordinal or cardinal, and what follows them; None if there is none."""
    words: list[str] = []
    ends: list[int] = []
    at = 0
    while len(words) < _LONGEST and (match := _WORD.match(text, at)):
        words.append(without_accents(match[1]))
        at = match.end()
        ends.append(at)
    for count in range(len(words), 0, -1):
        number = _numbers().get(" ".join(words[:count]))
        if number is not None:
            return number, text[ends[count - 1] :]
    return None


def roman(written: str) -> int | None:
    """The value of Roman digits in capitals, up to 399; None for anything else."""
    if not _ROMAN.fullmatch(written):
        return None
    values = [_VALUES[each] for each in written]
    following = [*values[1:], 0]
    return sum(-value if value < after else value for value, after in zip(values, following, strict=True))


def roman_digits(value: int) -> str:
    """A number in Roman digits, in capitals; in Arabic ones where there are none for it, or too many."""
    if not 0 < value <= _MOST_ROMAN:
        return str(value)
    found = ""
    for digits, worth in _ROMAN_DIGITS.items():
        times, value = divmod(value, worth)
        found += digits * times
    return found


def ordinal_in_words(value: int) -> str:
    """An ordinal in words, masculine; in digits beyond what clauses have."""
    return _said(value, "ordinal") if 0 < value <= _MOST else str(value)


@cache
def cardinal_words() -> tuple[str, ...]:
    """The words that cardinal numbers are made of, without the "e" between them, the longest first."""
    numbers = (*range(20), *range(20, 101, 10), 101, *range(200, 1000, 100), *_SCALES)
    words = {word for number in numbers for word in _said(number, "cardinal").split()} - {"e"}
    words |= {"uma", "duas", "quatorze", *(f"{word[:-2]}as" for word in words if word.endswith("entos"))}
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


@cache
def ordinal_words(last: int) -> tuple[str, ...]:
    """The ordinals from the first to the last one, masculine, the longest first."""
    return tuple(sorted((_said(number, "ordinal") for number in range(1, last + 1)), key=len, reverse=True))


@cache
def _numbers() -> dict[str, int]:
    found = dict(_OTHERS)
    for number in range(1, _MOST + 1):
        for kind in ("ordinal", "cardinal"):
            found[without_accents(_said(number, kind))] = number
    feminine = {re.sub(r"o\b", "a", words): number for words, number in found.items()}
    counting = {
        re.sub(r"\bum$", "uma", re.sub(r"\bdois$", "duas", words)): number for words, number in found.items()
    }
    return feminine | counting | found


def _said(number: int, kind: str) -> str:
    return str(num2words(number, lang="pt_BR", to=kind))
