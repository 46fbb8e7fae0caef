"""Texts of others as a report shows them: harmless in every format, cut, and breakable where they are too long."""

import re
import unicodedata

from tasks.foreign_text import one_line, printable

_NO_XML = re.compile("[\ufffe\uffff]")
"""Characters that neither XML nor a font knows."""
_BREAK = "\u200b"
_AFTER = frozenset("/\\-_.,;:?&=#%+@|~)]}")
_UNBROKEN = 14
"""Characters of a word that fit into the narrowest column."""
_LONG_WORD = re.compile(rf"\S{{{_UNBROKEN + 1},}}")
_SPLITS_ITSELF = frozenset("WF")
"""East Asian widths whose lines break between any two characters."""
_LEFT_TO_RIGHT = "\u200e"
_JOINERS = "\u200c\u200d"


def line(text: str, at_most: int) -> str:
    """The text as one line of at most so many characters; an ellipsis shows that it goes on."""
    # What is thrown away is not looked at: a cell may hold a megabyte.
    return _NO_XML.sub("\ufffd", one_line(text[: at_most * 4 + 200], at_most))


def width_of(text: str) -> int:
    """How wide the text is, in Latin letters: those of East Asia are twice as wide."""
    return sum(1 + (unicodedata.east_asian_width(character) in _SPLITS_ITSELF) for character in text)


def narrow(text: str, most: int) -> str:
    """The text in at most the width of so many Latin letters; an ellipsis shows that it goes on."""
    if width_of(text) <= most:
        return text
    end = most
    while width_of(text[:end]) > most - 1:
        end -= 1
    return f"{text[:end].rstrip()}…"


def paragraphs(text: str, at_most: int) -> tuple[str, ...]:
    """The text with its lines, cut at so many characters."""
    kept = printable(text[:at_most])
    lines = tuple(each for raw in kept.split("\n") if (each := _NO_XML.sub("\ufffd", " ".join(raw.split()))))
    return (*lines[:-1], f"{lines[-1]} …") if lines and len(text) > at_most else lines


def breakable(text: str) -> str:
    """The text with invisible places for a line break in words that are longer than a narrow column."""
    if len(text) <= _UNBROKEN:
        return text
    return _LONG_WORD.sub(lambda found: _broken(found[0]), text)


def _broken(word: str) -> str:
    made: list[str] = []
    since = 0
    for place, character in enumerate(word):
        before = word[place - 1] if place else ""
        joined = unicodedata.category(character)[0] == "M" or character in _JOINERS or before in _JOINERS
        wide = unicodedata.east_asian_width(character) in _SPLITS_ITSELF
        # After what separates parts where there is some, else anywhere that is not within a letter.
        due = since >= _UNBROKEN or (since >= 4 and before in _AFTER)
        if due and not joined and not wide and len(word) - place > 2:
            made.append(_BREAK)
            since = 0
        made.append(character)
        since += 1
    return "".join(made)


def is_right_to_left(text: str) -> bool:
    """Whether the first letter that has a direction is written from right to left."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def before_value(label: str) -> str:
    """The label as it stands before its value in the same line.

    Figures after letters that are written from right to left would go to the other side of them, one by one.
    """
    turns = any(unicodedata.bidirectional(character) in ("R", "AL") for character in label)
    return f"{label}: {_LEFT_TO_RIGHT}" if turns else f"{label}: "


def humanised(key: str) -> str:
    """A field's name as small words: `viewCount` and `view_count` become `view count`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", line(key, 60))
    return " ".join(re.sub(r"[_\-.\s]+", " ", spaced).split()).lower() if spaced.isascii() else spaced
