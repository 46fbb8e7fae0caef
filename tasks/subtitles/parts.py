"""A text in the parts that are never torn: words with the marks that stand beside them.

Marks that stand by themselves ("vrai ?", "« oui »", "sim – mas", "10 %") belong to a word as if there were no space.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.speech.languages import UNSPACED
from tasks.subtitles.marks import is_mark, opens
from tasks.subtitles.unspaced import smallest_parts


@dataclass(frozen=True, slots=True)
class Part:
    """What stays whole; in languages without spaces that may be a single character."""

    text: str
    spaced: bool
    """Whether a space stands between it and the part before it."""


def parts(text: str, language: str) -> list[Part]:
    """The parts of a text in a language (its code); together they spell it, with single spaces for white space."""
    tokens = text.split()
    if language in UNSPACED:
        return list(_unspaced(" ".join(tokens)))
    return [Part(token, spaced=True) for token in _with_marks(tokens)]


def _unspaced(text: str) -> Iterator[Part]:
    spaced = False
    for part in smallest_parts(text):
        yield Part(part.rstrip(), spaced)
        spaced = part.endswith(" ")


def _with_marks(tokens: Sequence[str]) -> list[str]:
    """The tokens, marks joined to the word that they belong to."""
    found: list[str] = []
    waiting = False
    """Whether the last of them has no word yet."""
    for number, token in enumerate(tokens):
        mark = is_mark(token)
        opening = mark and (not found or opens(token, " ".join(tokens[:number])))
        if found and (waiting or (mark and not opening)):
            found[-1] += f" {token}"
        else:
            found.append(token)
        waiting = opening or (waiting and mark)
    if waiting and len(found) > 1:
        last = found.pop()
        found[-1] += f" {last}"
    return found
