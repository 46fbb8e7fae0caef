"""Which words are drawn to be noticed: those that a caller lists, and numbers, prices and words in capitals."""

import unicodedata
from collections.abc import Sequence

_MOSTLY = 0.5
"""Share of words in capitals from which capitals mean nothing."""
_MARKS = "%‰°"


def emphasised(words: Sequence[str], listed: Sequence[str], *, automatic: bool) -> list[bool]:
    """Of each word whether it is to be noticed.

    `listed` are words, or several that follow each other; case and punctuation around them do not count. With
    `automatic` also whatever has a digit, a sign of currency or of per cent, and words of two or more capitals, unless
    most of the text is in capitals.
    """
    bare = [_as_compared(word) for word in words]
    found = [False] * len(words)
    places: dict[str, list[int]] = {}
    for place, word in enumerate(bare):
        places.setdefault(word, []).append(place)
    for phrase in listed:
        parts = [part for part in map(_as_compared, phrase.split()) if part]
        for start in places.get(parts[0], ()) if parts else ():
            if bare[start : start + len(parts)] == parts:
                found[start : start + len(parts)] = [True] * len(parts)
    if automatic:
        capitals = [_in_capitals(word) for word in words]
        telling = sum(capitals) < _MOSTLY * len(words)
        found = [
            known or _counts(word) or (telling and capital)
            for known, word, capital in zip(found, words, capitals, strict=True)
        ]
    return found


_AS_EMOJI = "\ufe0f"
"""Makes an emoji of the sign before it: ‼️, *️⃣."""


def bare_word(word: str) -> str:
    """The word without punctuation around it; signs of currency and per cent belong to it."""
    start, end = 0, len(word)
    while start < end and _is_punctuation(word[start]) and word[start + 1 : start + 2] != _AS_EMOJI:
        start += 1
    while end > start and _is_punctuation(word[end - 1]):
        end -= 1
    return word[start:end]


def _as_compared(word: str) -> str:
    """The word without case and punctuation, its accents stored in their letters."""
    return unicodedata.normalize("NFC", bare_word(word).casefold())


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character).startswith("P") and character not in _MARKS


def _counts(word: str) -> bool:
    return any(
        character.isdigit() or character in _MARKS or unicodedata.category(character) == "Sc"
        for character in word
    )


def _in_capitals(word: str) -> bool:
    letters = [character for character in word if character.isalpha()]
    return len(letters) > 1 and all(character.isupper() for character in letters)
