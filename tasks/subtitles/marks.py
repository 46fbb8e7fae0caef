"""Marks: what of a text is not said aloud, and to which word a mark belongs that stands by itself."""

import unicodedata

OPENING, CLOSING = "\"'“”‘’«»‹›([{¿¡-–— ", "\"'“”‘’«»‹›)]} "
"""What may stand before a word and after the mark that ends its sentence; spaces, because marks may have them."""
STOPS = ".!?…。！？؟۔।॥"
_SAID = frozenset("&*#@§%‰")
"""Punctuation to Unicode, and yet said."""
_AFTER_NUMBERS = frozenset("%‰")
_OPENS, _CLOSES = {"Ps", "Pi"}, {"Pe", "Pf"}
_QUESTION_BEGINS = frozenset("¿¡")
_OPEN_AND_CLOSE = frozenset("\"'♪♫")


def is_said(character: str) -> bool:
    """Whether a character stands for something that is said: no white space, no mark."""
    if character.isalnum():
        return True
    category = unicodedata.category(character)
    return not (character.isspace() or category == "Cf" or (category[0] == "P" and character not in _SAID))


def is_mark(token: str) -> bool:
    """Whether a token has no word in it, but what stands beside words."""
    return all(
        not is_said(character) or character in _AFTER_NUMBERS or character in _OPEN_AND_CLOSE
        for character in token
    )


def opens(mark: str, before: str) -> bool:
    """Whether a mark belongs to what follows it, and not to the text before it.

    Of straight quotes and the notes of songs, the first of two opens.
    """
    kinds = {unicodedata.category(character) for character in mark}
    if _QUESTION_BEGINS.intersection(mark) or kinds & _OPENS:
        return not kinds & _CLOSES
    if _OPEN_AND_CLOSE.issuperset(mark):
        # An apostrophe is no quote unless it stands by itself.
        met = before.split().count("'") if mark[0] == "'" else before.count(mark[0])
        return met % 2 == 0
    # What another person says may begin with a dash.
    return kinds == {"Pd"} and before.rstrip(CLOSING).endswith(tuple(STOPS))
