"""What is said for addresses of pages and mailboxes, and for names of accounts, in English."""

import re

from tasks.narration import english_words as words
from tasks.narration.english_numbers import digit_by_digit, number

_ADDRESS_SIGNS = {".": "dot", "@": "at", "-": "dash", "_": "underscore", "/": "slash", ":": "colon",
                  "?": "question mark",
                  "=": "equals", "&": "and", "+": "plus", "#": "hash", "%": "percent", "~": "tilde"}  # fmt: skip
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
        "eco",
        "dev",
        "tech",
        "digital",
        "live",
        "biz",
    ]
)
_COUNTRIES = frozenset(
    [
        "br",
        "io",
        "me",
        "co",
        "tv",
        "us",
        "uk",
        "pt",
        "es",
        "ai",
        "gg",
        "ly",
        "ar",
        "eu",
        "de",
        "fr",
        "it",
        "ca",
        "au",
        "in",
    ]
)


def address(match: re.Match[str]) -> str | None:
    """A web or e-mail address; None if it only looks like one."""
    text = re.sub(r"^(?:https?://)?(?:www\.)?", "", match[0], flags=re.IGNORECASE).rstrip("/")
    ending = text.partition("/")[0].rpartition(".")[2].casefold()
    if "@" not in text and ending not in _SAID_ENDINGS | _COUNTRIES:
        return None
    parts = re.findall(r"[^\W\d_]+|\d+|.", text)
    said = []
    for index, part in enumerate(parts):
        if part.isdecimal():
            said.append(number(part) if len(part) < 5 else digit_by_digit(part))
        elif not part[0].isalpha():
            said.append(_ADDRESS_SIGNS.get(part, ""))
        elif (
            index and parts[index - 1] == "." and part.casefold() in _COUNTRIES - {"me", "co", "in"}
        ) or words.spells(part.upper()):
            said.append(words.spell(part))
        else:
            said.append(part)
    return " ".join(filter(None, said))


def handle(match: re.Match[str]) -> str:
    """Says "@loja.bonita"."""
    return "at " + words.letters_and_digits(
        match["name"].replace("_", " underscore ").replace(".", " dot ").strip()
    )
