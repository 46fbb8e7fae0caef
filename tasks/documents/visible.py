"""Characters that nobody sees, or that turn the text around them, shown by their numbers.

A document may hold them so that a page shows 001 where it says 100. On our pages nothing is turned.
"""

import re

from tasks.documents.shown import UNSEEN

_DIRECTIONS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Marks, embeddings, overrides and isolates (Unicode Standard Annex 9, 2)."""
_SHOWN_DIRECTIONS = {sign: f"[U+{sign:04X}]" for sign in _DIRECTIONS}
_FOREIGN = re.compile(r"[\u0370-\u04ff]")
"""Greek and Cyrillic letters, of which many look like Latin ones."""
_SHOWN_SIGNS = {sign: f"[U+{sign:04X}]" for sign in UNSEEN}


def with_visible_directions(value: object) -> object:
    """A text whose signs of direction are told; what is no text stays as it is."""
    return value.translate(_SHOWN_DIRECTIONS) if isinstance(value, str) else value


def with_visible_signs(text: str) -> str:
    """A text that changed, in which also is told what has no look, and what has that of another letter."""
    return _FOREIGN.sub(_with_number, text.translate(_SHOWN_SIGNS))


def _with_number(match: re.Match[str]) -> str:
    return f"{match[0]}[U+{ord(match[0]):04X}]"
