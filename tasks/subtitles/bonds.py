"""What holds neighbouring words together, and so where a line or a subtitle must not be broken."""

import re
from collections.abc import Sequence
from enum import IntEnum
from itertools import pairwise

from tasks.speech.languages import UNSPACED
from tasks.subtitles.abbreviations import abbreviates, ends_sentence
from tasks.subtitles.function_words import ARTICLES_IN_NAMES, FunctionWords, function_words
from tasks.subtitles.marks import CLOSING, OPENING
from tasks.subtitles.pieces import Piece
from tasks.subtitles.quantities import bound_quantities
from tasks.subtitles.unspaced import inside_phrases

_CLAUSE_END = re.compile(r"""(?:[,;:—–，、；：،؛]| -)["'”’»)\] ]*$""")
_ANY_STOP = re.compile(r"""[.!?…。！？؟۔।॥]["'”’»)\] ]*$""")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+")

_SAINTS = frozenset({"são", "santo", "santa"})
_AND_SO_ON = frozenset({"etc", "usw", "ecc"})


class Bond(IntEnum):
    """How closely a word belongs to the one after it."""

    SENTENCE = 0
    """A sentence ends between them."""
    CLAUSE = 1
    """A clause ends between them: a comma, a dash."""
    CLAUSE_BEGINS = 2
    """The second begins a clause: a conjunction."""
    PHRASE_BEGINS = 3
    """The second begins a phrase: a preposition."""
    WORDS = 4
    """Nothing is known of them."""
    JOINED = 5
    """The first waits for the second: a conjunction, a subject before its verb."""
    VERB = 6
    """An auxiliary or a negation and its verb."""
    ABBREVIATION = 7
    """A period stands between them that ends no sentence: a break there would look like its end."""
    PHRASE = 8
    """An article or a preposition and its noun."""
    WHOLE = 9
    """A name, as far as capitals tell, a number with its unit, a phrase without spaces."""
    TITLE = 10
    """An abbreviation and what it belongs to."""


def bonds(pieces: Sequence[Piece], language: str) -> list[Bond]:
    """The bond between each piece and the next: one fewer than pieces."""
    words = function_words(language)
    leading = words.leading
    names = _names(pieces, words)
    quantities = bound_quantities([piece.text for piece in pieces], language)
    phrases = _phrases(pieces, language) if language in UNSPACED else [False] * len(pieces)
    found: list[Bond] = []
    for i in range(len(pieces) - 1):
        bond = _bond(pieces[i], pieces[i + 1], language, words)
        if names[i] or quantities[i] == 2 or phrases[i]:
            bond = max(bond, Bond.WHOLE)
        elif quantities[i] == 1 and _low(pieces[i + 1].text) not in leading:
            bond = max(bond, Bond.PHRASE)
        if pieces[i + 1].spaced and pieces[i + 1].space != " " and bond != Bond.SENTENCE:
            # Whoever wrote a space at which no line ends meant it.
            bond = max(bond, Bond.PHRASE)
        found.append(bond)
    return found


def _bond(before: Piece, after: Piece, language: str, words: FunctionWords) -> Bond:
    if abbreviates(before, after, language):
        return Bond.TITLE
    if ends_sentence(before, after, language):
        return Bond.SENTENCE
    if _low(after.text) in _AND_SO_ON:
        return Bond.PHRASE
    if _CLAUSE_END.search(before.text):
        return Bond.CLAUSE
    if _ANY_STOP.search(before.text):
        # After other marks it goes on as after a comma.
        word = before.text.rstrip(CLOSING)
        return Bond.ABBREVIATION if word.endswith(".") and not word.endswith("..") else Bond.CLAUSE
    first, second = _low(before.text), _low(after.text)
    if second in words.conjunctions:
        # "turn it on and …": a preposition before a conjunction is an adverb.
        return Bond.JOINED if first in words.conjunctions else Bond.CLAUSE_BEGINS
    if first in words.determiners or first in words.prepositions:
        return Bond.PHRASE
    if first in words.auxiliaries and second not in words.prepositions and second not in words.determiners:
        return Bond.VERB
    if first in words.conjunctions or first in words.pronouns:
        return Bond.JOINED
    return Bond.PHRASE_BEGINS if second in words.prepositions else Bond.WORDS


def _phrases(pieces: Sequence[Piece], language: str) -> list[bool]:
    """Where a phrase goes on, in a language without spaces."""
    texts = [piece.text + " " * after.spaced for piece, after in pairwise(pieces)]
    return inside_phrases([*texts, *(piece.text for piece in pieces[-1:])], language)


def _names(pieces: Sequence[Piece], words: FunctionWords) -> list[bool]:
    """Where a name goes on: between words with capitals, and over the particles between these."""
    inside = [False] * max(len(pieces) - 1, 0)
    leading = words.leading
    capital = [
        _capital(piece.text, leading, words, begins=i == 0 or bool(_ANY_STOP.search(pieces[i - 1].text)))
        for i, piece in enumerate(pieces)
    ]
    open_end = [not _closed(piece.text) for piece in pieces]
    for i in range(len(pieces) - 1):
        if not (capital[i] and open_end[i]) or (i and _half(pieces[i - 1], pieces[i])):
            continue
        j = i + 1
        if j < len(pieces) and pieces[j].text in words.particles:
            j += 1
            if j < len(pieces) and pieces[j].text in ARTICLES_IN_NAMES:
                j += 1
        if j < len(pieces) and capital[j]:
            for k in range(i, j):
                inside[k] = True
    return inside


def _half(before: Piece, piece: Piece) -> bool:
    """Whether a capital is the second half of an abbreviation such as "z. B.", and no initial."""
    return (
        bool(_INITIALS.fullmatch(before.text) and _INITIALS.fullmatch(piece.text)) and before.text.islower()
    )


def _capital(text: str, leading: frozenset[str], words: FunctionWords, *, begins: bool) -> bool:
    """Whether a word may be part of a name: "Los" may in "in Los Angeles", not at the beginning of a sentence."""
    if not text.lstrip(OPENING)[:1].isupper():
        return False
    low = _low(text)
    if low not in leading or low in _SAINTS:
        return True
    return not begins and low.partition("'")[0] not in words.pronouns


def _closed(text: str) -> bool:
    """Whether a mark stands after the word; the periods of initials are none."""
    bare = text.rstrip(CLOSING)
    return bare != text or (not bare[-1:].isalnum() and not _INITIALS.fullmatch(bare.lstrip(OPENING)))


def _low(text: str) -> str:
    """The word of a piece without marks, in lower case."""
    return text.lstrip(OPENING).rstrip(CLOSING + ".,;:!?…-–—").casefold().replace("’", "'")
