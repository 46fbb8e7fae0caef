"""Which way words are read: the order in which the words of a line stand, by Unicode's rules (UAX 9) for whole words.

Each word is drawn by itself, so the renderer, which knows these rules, cannot apply them to a line.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import groupby

_FROM_LEFT, _FROM_RIGHT = ("L",), ("R", "AL")
_ARABIC_NUMBER, _NUMBER = "AN", "EN"


def read_from_right(sentence: Sequence[str]) -> bool:
    """Whether a sentence is read from the right: as most of its words are, of as many either way the first one.

    Not by its first word alone: lines of captions begin anywhere, also with a name in other letters.
    """
    directions = [found for word in sentence if (found := _by_letters(word)) is not None]
    to_the_left = sum(directions)
    if 2 * to_the_left == len(directions):
        return bool(directions and directions[0])
    return 2 * to_the_left > len(directions)


def as_seen(line: Sequence[str], *, from_right: bool) -> list[int]:
    """The places of a line's words, from left to right, in a sentence that is read from the right or from the left."""
    directions = _resolved(line, from_right)
    places = reversed(range(len(line))) if from_right else iter(range(len(line)))
    seen: list[int] = []
    for direction, group in groupby(places, key=directions.__getitem__):
        places_of_it = list(group)
        seen += places_of_it if direction == from_right else reversed(places_of_it)
    return seen


def _resolved(line: Sequence[str], base: bool) -> list[bool]:
    """The direction of each word: of numbers that of the letters before them, of signs that of what is around them."""
    found: list[bool | None] = []
    last = base
    for word in line:
        own = _by_letters(word)
        if own is not None:
            last = own
        elif _has(word, (_ARABIC_NUMBER,)):
            own = True
        elif _has(word, (_NUMBER,)):
            own = last
        found.append(own)
    before = _carried(found, base)
    after = reversed(_carried(reversed(found), base))
    return [
        (left if left == right else base) if own is None else own
        for own, left, right in zip(found, before, after, strict=True)
    ]


def _carried(directions: Iterable[bool | None], first: bool) -> list[bool]:
    """Each direction; where there is none, the last one."""
    carried: list[bool] = []
    for direction in directions:
        first = first if direction is None else direction
        carried.append(first)
    return carried


def _by_letters(word: str) -> bool | None:
    """Whether a word is read from the right, by its first letter that has a direction; None without one."""
    for character in word:
        direction = unicodedata.bidirectional(character)
        if direction in _FROM_LEFT + _FROM_RIGHT:
            return direction in _FROM_RIGHT
    return None


def _has(word: str, kinds: Sequence[str]) -> bool:
    return any(unicodedata.bidirectional(character) in kinds for character in word)
