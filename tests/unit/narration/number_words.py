"""Amounts of money back from words: a reading of its own, which knows nothing of how they are spoken."""

from decimal import Decimal

_ONES_PT = (
    "zero um dois três quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis dezessete "
    "dezoito dezenove"
)
_TENS_PT = "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa"
_HUNDREDS_PT = "cento duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos"
_ONES_EN = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS_EN = "twenty thirty forty fifty sixty seventy eighty ninety"


def _values(words: str, start: int, step: int) -> dict[str, int]:
    return {word: start + step * index for index, word in enumerate(words.split())}


_PT = _values(_ONES_PT, 0, 1) | _values(_TENS_PT, 20, 10) | _values(_HUNDREDS_PT, 100, 100) | {"cem": 100}
_EN = _values(_ONES_EN, 0, 1) | _values(_TENS_EN, 20, 10)
_SCALES = {"mil": 1000, "thousand": 1000, "milhão": 1_000_000, "milhões": 1_000_000, "million": 1_000_000}


def _number(words: list[str], known: dict[str, int]) -> int:
    total = group = 0
    for word in words:
        if word in _SCALES:
            total, group = total + (group or 1) * _SCALES[word], 0
        elif word == "hundred":
            group *= 100
        else:
            group += known[word]
    return total + group


def _amount(words: list[str], known: dict[str, int], units: set[str], parts: set[str]) -> Decimal:
    """Raises KeyError for a word that no amount has."""
    whole: list[str] = []
    rest = words
    for name in units & set(words):
        whole, rest = words[: words.index(name)], words[words.index(name) + 1 :]
    hundredths = rest[:-1] if rest and rest[-1] in parts else []
    assert len(rest) == len(hundredths) + bool(hundredths), words
    return Decimal(_number(whole, known)) + Decimal(_number(hundredths, known)) / 100


def amount_in_portuguese(spoken: str) -> Decimal:
    words = [word for word in spoken.split() if word not in ("e", "de")]
    return _amount(words, _PT, {"real", "reais"}, {"centavo", "centavos"})


def amount_in_english(spoken: str) -> Decimal:
    words = [word for word in spoken.replace("-", " ").split() if word != "and"]
    return _amount(words, _EN, {"dollar", "dollars"}, {"cent", "cents"})
