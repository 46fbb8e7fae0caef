"""Text that others wrote (titles, file names, answers), harmless wherever it is shown."""

import re
import unicodedata

_SPACE = re.compile(r"\s+")
_JOINERS = "\u200c\u200d"
"""Invisible, and part of words in Persian and of emoji."""


def one_line(text: str, at_most: int | None = None) -> str:
    """The text without line breaks, control characters and what turns the direction of writing; cut at a length.

    What is cut off is shown by an ellipsis, which counts. Half characters (lone surrogates) become question marks.
    """
    plain = _SPACE.sub(" ", printable(text)).strip()
    if at_most is None or len(plain) <= at_most:
        return plain
    return f"{plain[: at_most - 1].rstrip()}…"


def printable(text: str) -> str:
    """The text with its lines, without what a terminal or a browser would obey instead of showing it."""
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character.isascii() and character.isprintable():
        return character
    if character.isspace():
        return "\n" if character == "\n" else " "
    match unicodedata.category(character):
        case "Cs":
            return "\N{REPLACEMENT CHARACTER}"
        case "Cc":
            return ""
        case "Cf":
            return character if character in _JOINERS else ""
    return character
