"""What a paragraph of a contract calls itself: "CLÁUSULA DÉCIMA PRIMEIRA – DO PREÇO", "7.1. Do prazo", "ANEXO I"."""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Literal

from tasks.documents.highlights import Figures
from tasks.documents.numerals import number_in_front, roman

Style = Literal["clausula", "artigo", "anexo", "numero", "lista"]
"""How a heading says its number: behind a word, or alone; `lista` is "1)", as lists inside of clauses have it."""

_NUMBER_SIGN = r"(?:n(?:\.?\s?[º°o]\.?|\.)\s*(?=\d)|número\s+)?"
_WORDED = re.compile(
    rf"\s*(?P<word>cl[áa]usula|art(?:igo\b|\.))\s*{_NUMBER_SIGN}(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)
_ANNEX = re.compile(r"\s*(?P<word>anexo|apêndice)\b\s*(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_ITEM = re.compile(rf"\s*(?P<word>item\s+)?{_NUMBER_SIGN}", re.IGNORECASE)
_LETTER = r"[A-Za-z](?=\s*(?:[.):;–—-]|$))|[b-df-np-z](?=\s)"
"""A letter that is part of a number: behind the points of "1.O OBJETO" and "1.a multa" stands an article."""
_DIGITS = re.compile(
    rf"(?P<number>\d{{1,3}}(?:\.(?:0?[1-9]|[1-9]\d|{_LETTER}))*)(?!\d|[.,]\d)(?:\.?[ªº°])?(?!\w)"
)
"""Three digits behind a point are thousands, and what goes on with digits is an amount, a date or a document's."""
_SEPARATOR = re.compile(r"\s*([.):](?!\d)|[–—-](?!\s*\d))")
_PLAIN_ORDINAL = re.compile(r"(\s*\d{1,3})[ao]\b")
"""As keyboards without ª have it."""
_ROMAN = re.compile(r"([IVXLC]+)(?!\w)")
_ANNEX_NUMBER = re.compile(r"(\d{1,3}|[A-Z])[ªº°]?(?![\w.,/])")
_ITEM_END = re.compile(r"[;,](?:\s+(?:e|ou))?\s*$")
_CAPITALS = re.compile(r"[^\W\d_]{2}")
_QUOTES = "\"'“‘("
_SIGNS = " \t\n.:;–—-"
"""That stand around a name."""
_OF = re.compile(r"d[aoe]s?\s", re.IGNORECASE)
_TITLE = 80
"""Characters: what is longer is the text of the clause and not its name."""


@dataclass(frozen=True, slots=True)
class Heading:
    """Number and name of a clause; the name is empty where its text begins at once."""

    number: str
    name: str
    style: Style = field(default="clausula", compare=False)
    text: str = field(default="", compare=False)
    """What stands behind the number."""
    annex: str = field(default="", compare=False)
    """The annex whose numbering it is part of; empty for the contract's own, and for annexes."""

    @property
    def full_number(self) -> str:
        """The number that no other clause of the document has: clauses of annexes are numbered from 1 again."""
        return f"{self.annex}, cláusula {self.number}" if self.annex else self.number

    @property
    def parents(self) -> tuple[str, ...]:
        """The numbers of what holds it, the nearest first: 7.1 and 7 of 7.1.2."""
        parts = self.number.split(".")
        return tuple(".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1))


def heading_of(text: str) -> Heading | None:
    """What a paragraph calls itself; None if it is no beginning of a clause."""
    text = unicodedata.normalize("NFC", text)
    if _leads_to_page(text):
        return None
    if (match := _ANNEX.match(text)) is not None:
        return _annex(match["word"], match["rest"].strip())
    if (match := _WORDED.match(text)) is not None:
        return _worded(match["word"], match["rest"])
    return _numbered(text)


def clause_number(written: str) -> str:
    """The number of a clause as digits, however a record has it: "Cláusula 7ª", "7.", "SÉTIMA" are 7."""
    written = unicodedata.normalize("NFC", written).strip()
    heading = heading_of(written)
    if heading is not None:
        return heading.number
    item = _ITEM.match(written)
    number, rest = _number_in_front(written[item.end() if item else 0 :])
    return number if not rest.strip(f"{_SIGNS})") else ""


def title_of(text: str) -> str:
    """The name that a paragraph is or begins with: all of it if it is short and no sentence; else empty."""
    plain = text.strip(_SIGNS)
    title = re.split(r"[:;.]\s|\s[–—-]\s|\n", plain, maxsplit=1)[0].strip(_SIGNS)
    is_sentence = text.rstrip().endswith((".", ";")) and " " in title and not _OF.match(title)
    is_title = title.isupper() or (len(plain) <= _TITLE and not is_sentence)
    return title if is_title and len(title) <= _TITLE else ""


def _leads_to_page(text: str) -> bool:
    """Whether it is a line of a table of contents: dots or a tab, and the number of a page."""
    line = text.rstrip()
    entry = line.rstrip("0123456789")
    leader = entry[len(entry.rstrip(" \xa0\t.…")) :]
    return len(entry) < len(line) and any(sign in leader for sign in ("\t", "...", "…"))


def _worded(word: str, rest: str) -> Heading | None:
    number, text = _number_in_front(_PLAIN_ORDINAL.sub(r"\1ª", rest, count=1))
    text = text.lstrip(_SIGNS).rstrip()
    is_article = word.casefold().startswith("art")
    if not number or (is_article and text[:1].islower()):  # "Art. 5º da Lei" begins no article
        return None
    return Heading(number, title_of(text), "artigo" if is_article else "clausula", text)


def _annex(word: str, rest: str) -> Heading | None:
    number, text = _annex_number(rest)
    name = title_of(text)
    is_apart = not text or _SEPARATOR.match(text) is not None or text.isupper()
    if not is_apart or bool(text) != bool(name) or _ITEM_END.search(text):
        return None
    return Heading(f"{word.capitalize()} {number}".strip(), name, "anexo", text)


def _annex_number(rest: str) -> tuple[str, str]:
    """Single letters but I, V and X are letters here, and not Roman."""
    match = _ANNEX_NUMBER.match(rest)
    if match is not None and match[1] not in "IVX":
        return match[1], rest[match.end() :].strip()
    number, text = _number_in_front(rest)
    return number, text.strip()


def _numbered(text: str) -> Heading | None:
    item = _ITEM.match(text)
    behind = text[item.end() if item else 0 :]
    match = _DIGITS.match(behind)
    if match is None:
        return None
    behind = behind[match.end() :]
    separator = _SEPARATOR.match(behind)
    body = behind[separator.end() if separator else 0 :].strip()
    is_item_of = "." in match["number"]
    if not body:
        return None
    if separator is None:
        if not behind[:1].isspace():
            return None
        if not (_opens(body) if is_item_of else _is_bare_title(text, body)):
            return None
    elif not is_item_of and (body[0].islower() or _ITEM_END.search(body)):
        return None  # of a list
    is_listed = not is_item_of and (bool(item and item["word"]) or bool(separator and separator[1] == ")"))
    return Heading(_normal(match["number"]), title_of(body), "lista" if is_listed else "numero", body)


def _opens(body: str) -> bool:
    """Whether a text begins as a clause and not as what was counted: "7.1 Do prazo", and not "2.5 horas"."""
    return body.lstrip(_QUOTES)[:1].isupper()


def _is_bare_title(text: str, body: str) -> bool:
    """Whether a number is followed by a name alone ("1 DO OBJETO"), and by nothing that it counts ("30 DIAS")."""
    return (
        body.isupper()
        and _CAPITALS.match(body) is not None
        and len(body) <= _TITLE
        and not Figures(text).touching(0, len(text) - len(body))
    )


def _number_in_front(text: str) -> tuple[str, str]:
    """The number that a text begins with, in words, digits or Roman, and what follows; empty if there is none."""
    text = text.lstrip()
    if (said := number_in_front(text)) is not None:
        return str(said[0]), said[1]
    if (match := _DIGITS.match(text)) is not None:
        return _normal(match["number"]), text[match.end() :]
    match = _ROMAN.match(text)
    value = roman(match[1]) if match is not None else None
    return (str(value), text[match.end() :]) if match is not None and value is not None else ("", text)


def _normal(number: str) -> str:
    return ".".join(part.lstrip("0") or part for part in number.casefold().split("."))
