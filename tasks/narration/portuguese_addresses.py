"""What is said for addresses of pages and mailboxes, and for names of accounts, in Brazilian Portuguese."""

import re

from tasks.narration import portuguese_words as words
from tasks.narration.portuguese_numbers import digit_by_digit, number

_ADDRESS_SIGNS = {".": "ponto", "@": "arroba", "-": "hífen", "_": "underline", "/": "barra", ":": "dois pontos",
                  "?": "interrogação", "=": "igual", "&": "e", "+": "mais", "#": "jogo da velha", "%": "por cento",
                  "~": "til"}  # fmt: skip
_SAID_ENDINGS = frozenset(
    [
        "com",
        "net",
        "org",
        "gov",
        "edu",
        "app",
        "shop",
        "store",
        "online",
        "site",
        "info",
        "blog",
        "ig",
        "loja",
        "eco",
        "dev",
        "tech",
        "digital",
        "live",
    ]
)


def address(match: re.Match[str]) -> str | None:
    """A web or e-mail address; None if it only looks like one."""
    text = re.sub(r"^(?:https?://)?(?:www\.)?", "", match[0], flags=re.IGNORECASE).rstrip("/")
    if "@" not in text and not words_ending(text):
        return None
    parts = re.findall(r"[^\W\d_]+|\d+|.", text)
    said = []
    for index, part in enumerate(parts):
        if part.isdecimal():
            said.append(number(part) if len(part) < 5 else digit_by_digit(part))
        elif not part[0].isalpha():
            said.append(_ADDRESS_SIGNS.get(part, ""))
        elif (
            index and parts[index - 1] == "." and len(part) == 2 and part.casefold() not in _SAID_ENDINGS
        ) or words.spells(part.upper()):
            said.append(words.spell(part))
        else:
            said.append(part)
    return " ".join(filter(None, said))


def words_ending(text: str) -> bool:
    """Whether a text with points is an address: it ends in the name of a domain."""
    host = text.partition("/")[0]
    ending = host.rpartition(".")[2].casefold()
    return ending in _SAID_ENDINGS or (len(ending) == 2 and ending.isalpha() and ending in _COUNTRIES)


_COUNTRIES = frozenset(
    ["br", "io", "me", "co", "tv", "us", "uk", "pt", "es", "ai", "gg", "ly", "ar", "eu", "de", "fr", "it"]
)


def handle(match: re.Match[str]) -> str:
    """Says "@loja.bonita"."""
    return "arroba " + words.letters_and_digits(
        match["name"].replace("_", " underline ").replace(".", " ponto ").strip()
    )
