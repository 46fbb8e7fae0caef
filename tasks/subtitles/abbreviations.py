"""Where a sentence ends: a period after an abbreviation ends none, unless what follows says so.

Libraries that split text into sentences (pysbd, sentencex, the Punkt of nltk) carry lists like these and look at the
text alone. Here words have times, and a pause tells "… in the U.S. | We …" from "… the U.S. Army …", which no list
can. So the lists are short, and the pause decides.
"""

import re

from tasks.abbreviations import ANYWHERE, BEFORE_ANYTHING, BEFORE_NUMBERS, NUMBER, is_listed, unelided
from tasks.subtitles.marks import CLOSING, OPENING, STOPS
from tasks.subtitles.pieces import Piece

SENTENCE_PAUSE = 0.25
"""Seconds of silence, at least, after an abbreviation that is also the end of its sentence."""

_INITIALS = re.compile(r"[^\W\d_]\.|(?:[^\W\d_]{1,2}\.){2,}")
"""A letter with a period, or several of them: "J.", "U.S.", "a.m.", "z.B.", "Ph.D."."""
_ONE_INITIAL = re.compile(r"[^\W\d_]\.")
_ORDINAL = re.compile(r"\d{1,2}\.")


def abbreviates(before: Piece, after: Piece, language: str) -> bool:
    """Whether a word is an abbreviation that the next one belongs to: "Sr." Silva, "nº" 5, "z." B."""
    word = _bare(before.text, language)
    if not word.endswith((".", "º", "°", "§")):
        return False
    if is_listed(word, BEFORE_ANYTHING, language):
        return True
    if is_listed(word, BEFORE_NUMBERS, language):
        # "No. I think": in English hardly ever a number.
        return bool(NUMBER.match(after.text)) and (language, after.text.lstrip(OPENING)) != ("en", "I")
    if language == "de" and _ORDINAL.fullmatch(word):
        return not _paused(before, after)
    # The halves of "p. m.", "EE. UU." and "J. K.", which are written apart in some languages.
    return bool(
        _ONE_INITIAL.fullmatch(word) and _ONE_INITIAL.fullmatch(_bare(after.text, language).rstrip(",;:"))
    )


def ends_sentence(before: Piece, after: Piece | None, language: str) -> bool:
    """Whether a sentence ends with the word `before`, after which `after` is said (None at the end of all)."""
    text = before.text.rstrip(CLOSING)
    if not text or text[-1] not in STOPS:
        return False
    if after is None:
        return True
    if text[-1] != "." or text.endswith(".."):
        return not _begins_small(after)
    if abbreviates(before, after, language):
        return False
    word = _bare(before.text, language)
    if _INITIALS.fullmatch(word) or is_listed(word, ANYWHERE, language):
        return _begins_sentence(after) and _paused(before, after)
    return not _begins_small(after) or _paused(before, after)


def _bare(text: str, language: str) -> str:
    return unelided(text.lstrip(OPENING).rstrip(CLOSING), language)


def _paused(before: Piece, after: Piece) -> bool:
    return after.start - before.end >= SENTENCE_PAUSE


def _begins_small(piece: Piece) -> bool:
    return piece.text.lstrip(OPENING)[:1].islower()


def _begins_sentence(piece: Piece) -> bool:
    first = piece.text.lstrip(OPENING)[:1]
    return first.isalpha() and not first.islower()
