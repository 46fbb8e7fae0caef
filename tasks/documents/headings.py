"""What a paragraph of a contract calls itself: "CLÁUSULA DÉCIMA PRIMEIRA – DO PREÇO", "7.1. Do prazo"."""

import re
import unicodedata
from dataclasses import dataclass

_UNITS = ["primeir", "segund", "terceir", "quart", "quint", "sext", "setim", "oitav", "non"]
_TENS = [
    "decim",
    "vigesim",
    "trigesim",
    "quadragesim",
    "quinquagesim",
    "sexagesim",
    "septuagesim",
    "octogesim",
    "nonagesim",
]
_ORDINALS = {f"{word}{end}": number for number, word in enumerate(_UNITS, 1) for end in "ao"}
_ORDINALS |= {f"{word}{end}": 10 * number for number, word in enumerate(_TENS, 1) for end in "ao"}
_ORDINALS |= {
    "unica": 1,
    "unico": 1,
    "um": 1,
    "dois": 2,
    "tres": 3,
    "quatro": 4,
    "cinco": 5,
    "seis": 6,
    "sete": 7,
}
_ROMAN = re.compile(r"[IVXLC]+")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}

_CLAUSE = re.compile(
    r"\s*cl[áa]usula\s+(?:n[º°.]\s*)?(?P<first>[\w.]+)[ªº°a]?(?:[\s-]+(?P<second>\w+))?(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_NUMBERED = re.compile(
    r"\s*(?:item\s+)?(?P<number>\d{1,3}(?:\.(?:\d{1,3}|[a-z]))+|\d{1,3}(?=\s?[.):–—-]))[.)ªº°]?\s*[–—:-]?\s*(?P<rest>\S.*)?",
    re.IGNORECASE | re.DOTALL,
)
_AMOUNT = re.compile(r"\s*\d{1,3}(?:\.\d{3})*,\d")
_TITLE = 80
"""Characters: what is longer is the text of the clause and not its name."""


@dataclass(frozen=True, slots=True)
class Heading:
    """Number and name of a clause; the name is empty where its text begins at once."""

    number: str
    name: str

    @property
    def parents(self) -> tuple[str, ...]:
        """The numbers of what holds it, the nearest first: 7.1 and 7 of 7.1.2."""
        parts = self.number.split(".")
        return tuple(".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1))


def heading_of(text: str) -> Heading | None:
    """What a paragraph calls itself; None if it is no beginning of a clause."""
    match = _CLAUSE.match(text)
    if match is not None:
        return _clause(match)
    match = _NUMBERED.match(text)
    if match is None or not match["rest"] or _AMOUNT.match(text):
        return None
    return Heading(match["number"].casefold(), _name(match["rest"]))


def clause_number(written: str) -> str:
    """The number of a clause as digits, however a record has it: "Cláusula 7ª", "7.", "SÉTIMA" are 7."""
    found = heading_of(
        written if re.match(r"\s*cl[áa]usula\b", written, re.IGNORECASE) else f"cláusula {written}"
    )
    return found.number if found else ""


def _clause(match: re.Match[str]) -> Heading | None:
    first, second, rest = match["first"], match["second"] or "", match["rest"]
    number = _ordinal(first)
    if number is None:
        digits = re.fullmatch(r"(\d{1,3}(?:\.(?:\d{1,3}|[a-z]))*)\.?[ªº°a]?\.?", first, re.IGNORECASE)
        if digits:
            return Heading(digits[1].casefold(), _name(f"{second}{rest}"))
        return Heading(str(_roman(first)), _name(f"{second}{rest}")) if _ROMAN.fullmatch(first) else None
    if number >= 10 and number % 10 == 0 and (unit := _ordinal(second)) and unit < 10:
        return Heading(str(number + unit), _name(rest))
    return Heading(str(number), _name(f"{second}{rest}"))


def _ordinal(word: str) -> int | None:
    plain = unicodedata.normalize("NFKD", word.casefold())
    return _ORDINALS.get("".join(each for each in plain if not unicodedata.combining(each)))


def _roman(word: str) -> int:
    values = [_VALUES[each] for each in word]
    return sum(
        -value if any(later > value for later in values[place + 1 :][:1]) else value
        for place, value in enumerate(values)
    )


def _name(rest: str) -> str:
    """The name in what follows a number: all of it if it is short and no sentence."""
    plain = rest.strip(" \t\n.:;–—-")
    title = re.split(r"[:;.]\s|\s[–—-]\s|\n", plain, maxsplit=1)[0].strip(" .:;–—-")
    is_title = len(title) <= _TITLE and (title.isupper() or len(plain) <= _TITLE)
    return title if is_title else ""
