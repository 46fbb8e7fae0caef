"""Scripts: in which one a character is written, and which fonts of the project's have it."""

import unicodedata
from collections.abc import Iterable

from fontTools import unicodedata as scripts

COVERED = {
    "fonts-cjk": ("Hani", "Hira", "Kana", "Hang", "Bopo"),
    "fonts": (
        *("Arab", "Armn", "Beng", "Deva", "Ethi", "Geor", "Gujr", "Guru", "Hebr", "Khmr", "Knda", "Laoo"),
        *("Mlym", "Mymr", "Orya", "Sinh", "Taml", "Telu", "Thai"),
    ),
}
"""Fonts that are fetched as models are → the scripts that they are there for (ISO 15924)."""
_NO_SCRIPT = ("Zyyy", "Zinh", "Zzzz")
"""What Unicode calls common, inherited and unknown: such characters stand beside the letters of any script."""
_NAMES = {
    "Hani": "Chinese characters",
    "Hang": "Korean (Hangul)",
    "Mymr": "Burmese (Myanmar)",
    "Ethi": "Ethiopic",
}
_UNSPACED = ("Hani", "Hira", "Kana", "Bopo", "Thai", "Laoo", "Khmr", "Mymr")
_EXAMPLES = 3


def is_common(character: str) -> bool:
    """Whether a character belongs to no script: a digit, punctuation, a symbol, a space."""
    return scripts.script(character) in _NO_SCRIPT


def is_letter(character: str) -> bool:
    """Whether a word is another one without this: a letter, or a mark that one script has."""
    category = unicodedata.category(character)
    return category[0] == "L" or (category[0] == "M" and not is_common(character))


def by_script(characters: Iterable[str]) -> dict[str, list[str]]:
    """Characters by the code of their script (ISO 15924)."""
    found: dict[str, list[str]] = {}
    for character in characters:
        found.setdefault(scripts.script(character), []).append(character)
    return found


def script_names(characters: Iterable[str]) -> str:
    """What scripts these are of, each with a few of them: 'Thai (ก, ข, ค) and Lao (ກ)'."""
    named = [
        f"{_NAMES.get(code) or scripts.script_name(code).replace('_', ' ')} ({', '.join(of_it[:_EXAMPLES])})"
        for code, of_it in by_script(characters).items()
    ]
    return " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))


def han_region(text: str) -> str:
    """Where Han is written as in this text, as the families of Noto Sans CJK end: JP, KR, SC or TC.

    Told by the letters beside it; of Chinese by the characters that only one of its two old encodings has.
    """
    kana = sum("\u3040" <= c <= "\u30ff" for c in text)
    hangul = sum("\uac00" <= c <= "\ud7a3" or "\u1100" <= c <= "\u11ff" for c in text)
    han = [c for c in text if "\u4e00" <= c <= "\u9fff"]
    # A Japanese or Korean text has its own letters in every sentence; a Chinese one may quote some.
    if kana and kana >= hangul and kana * _FOREIGN > len(han):
        return "JP"
    if hangul and hangul * _FOREIGN > len(han):
        return "KR"
    only = [(_in_encoding(c, "gb2312"), _in_encoding(c, "big5")) for c in han]
    return "TC" if only.count((False, True)) > only.count((True, False)) else "SC"


_FOREIGN = 8
"""So many Han to one letter of Japanese or Korean are no longer a text in that language."""


def _in_encoding(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def is_unspaced(character: str) -> bool:
    """Whether words of the character's script follow each other without spaces; of punctuation, that of Chinese."""
    if is_common(character):
        return unicodedata.category(character)[0] == "P" and unicodedata.east_asian_width(character) in "WF"
    return scripts.script(character) in _UNSPACED
