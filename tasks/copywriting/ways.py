"""Which way a call to action sends people: the post, the voice and the button of a film are to send them the same."""

import re
from typing import Literal

from tasks.copywriting.numerals import fold

Way = Literal["site", "comment", "save", "share", "profile", "channel", "message"]

_WAYS: tuple[tuple[Way, re.Pattern[str]], ...] = (
    ("site", re.compile(r"\w\.\w|\b(?:site|website)\b|\{website\}")),
    ("save", re.compile(r"\b(?:salv[ae]|save)\b")),
    ("channel", re.compile(r"\b(?:inscrev\w+|canal|subscribe)\b")),
    ("comment", re.compile(r"\b(?:coment\w+|comments?)\b")),
    ("share", re.compile(r"\bmand[ae] para\b|\bsend it to\b")),
    ("profile", re.compile(r"\b(?:perfil|profile)\b")),
)


def way_of(call: str) -> Way:
    """Where a call to action of the templates leads; what names no other way is a message."""
    folded = fold(call)
    return next((way for way, sign in _WAYS if sign.search(folded)), "message")
