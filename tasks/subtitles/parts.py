"""A text in the parts that are never torn: words with the marks that stand beside them.

Marks that stand by themselves ("vrai ?", "« oui »", "sim – mas", "10 %") belong to a word as if there were no space.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.speech.languages import UNSPACED
from tasks.subtitles.marks import is_mark, opens
from tasks.subtitles.unspaced import smallest_parts

_TOKEN = re.compile(r"(\s*)(\S+)")
HARD_SPACES = ("\u00a0", "\u202f")
"""Spaces of a text at which no line ends: the one of a letter's width and the narrow one."""


@dataclass(frozen=True, slots=True)
class Part:
    """What stays whole; in languages without spaces that may be a single character."""

    text: str
    """With plain spaces before marks that stand by themselves."""
    spaced: bool
    """Whether a space stands between it and the part before it."""
    space: str = " "
    """That space, as the text has it."""
    written: str = ""
    """The part as the text has it, with its own kinds of spaces; empty where that is its `text`."""


def parts(text: str, language: str) -> list[Part]:
    """The parts of a text in a language (its code); together they spell it, with single spaces for white space."""
    if language in UNSPACED:
        return list(_unspaced(" ".join(text.split())))
    return _with_marks([_token(space, token) for space, token in _TOKEN.findall(text)])


def _token(space: str, token: str) -> Part:
    return Part(token, spaced=True, space=space if space in HARD_SPACES else " ")


def _unspaced(text: str) -> Iterator[Part]:
    spaced = False
    for part in smallest_parts(text):
        yield Part(part.rstrip(), spaced)
        spaced = part.endswith(" ")


def _with_marks(tokens: Sequence[Part]) -> list[Part]:
    """The tokens, marks joined to the word that they belong to."""
    found: list[Part] = []
    waiting = False
    """Whether the last of them has no word yet."""
    before = ""
    for token in tokens:
        mark = is_mark(token.text)
        opening = mark and (not found or opens(token.text, before))
        before += f" {token.text}" if before else token.text
        if found and (waiting or (mark and not opening)):
            found[-1] = _joined(found[-1], token)
        else:
            found.append(token)
        waiting = opening or (waiting and mark)
    if waiting and len(found) > 1:
        last = found.pop()
        found[-1] = _joined(found[-1], last)
    return found


def _joined(first: Part, second: Part) -> Part:
    written = f"{first.written or first.text}{second.space}{second.written or second.text}"
    text = f"{first.text} {second.text}"
    return Part(text, first.spaced, first.space, written if written != text else "")
