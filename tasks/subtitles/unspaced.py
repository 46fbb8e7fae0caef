"""Languages without spaces between words: where their lines may be broken, and where they had better be.

By the rules of Unicode for lines, and the dictionaries of ICU for words and phrases.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

from icu4py.breakers import LineBreaker

# The language makes no difference to scripts other than Japanese, Chinese and Korean.
_WHEREVER_ALLOWED = "ja-u-lb-strict"
_BY_PHRASE = "ja-u-lb-strict-lw-phrase"
_SOUTHERN = "[\u0e00-\u109f\u1780-\u17ff]"
_BESIDE_LATIN = re.compile(f"(?<=[A-Za-z0-9])(?={_SOUTHERN})|(?<={_SOUTHERN})(?=[A-Za-z0-9])")
"""Between a number and a word of Thai, Lao, Tibetan, Burmese or Khmer, where the rules of Unicode allow no break."""

_MARKS = re.compile("[\u0e46\u0ec6\u17d7\u0e2f\u0eaf][^\\w\\s]*\\s*")
"""Signs that repeat a word in Thai, Lao and Khmer, or shorten a name in Thai and Lao, with what closes after them."""


def smallest_parts(text: str) -> Iterator[str]:
    """The text cut wherever a line may end; spaces stay with what they follow.

    These are characters in Chinese and Japanese, words in Thai, Lao, Khmer and Burmese. Numbers, times, addresses
    and whatever else is written in ASCII stay whole; a mark that repeats or shortens a word stays with it, though a
    space parts them.
    """
    part = ""
    for allowed in LineBreaker(text, _WHEREVER_ALLOWED):
        for smaller in _BESIDE_LATIN.split(allowed):
            if part and not (_is_ascii(part[-1]) and _is_ascii(smaller[0])) and not _MARKS.fullmatch(smaller):
                yield part
                part = ""
            part += smaller
    if part:
        yield part


def inside_phrases(parts: Sequence[str]) -> list[bool]:
    """Between each of the parts of a text and the next, whether a phrase goes on over both."""
    phrase_ends = set(accumulate(map(len, LineBreaker("".join(parts), _BY_PHRASE))))
    return [end not in phrase_ends for end in accumulate(map(len, parts[:-1]))]


def _is_ascii(character: str) -> bool:
    return character.isascii() and not character.isspace()
