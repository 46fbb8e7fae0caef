"""Languages without spaces between words: where their lines may be broken, and where they had better be.

By the rules of Unicode for lines, and the dictionaries of ICU for words; Japanese phrases by BudouX, which tears no
verb from its endings.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate, pairwise

from budoux import Parser, load_default_japanese_parser
from icu4py.breakers import LineBreaker

_NUMERAL = re.compile("[0-9〇零一二三四五六七八九十百千万萬億亿兆]$")
_COUNTED = re.compile(
    "[0-9〇零一二三四五六七八九十百千万萬億亿兆年月日時时分秒点點歳岁人名位つ個个円元块塊回次件度倍%％]"
)
"""A numeral goes on, or what it counts follows."""
_PARTICLE = re.compile(r"[了的地得着著过過们們吗嗎呢吧啊](?!\w)")
"""Of Chinese, where the dictionary has it as a word by itself."""

_KANA = re.compile("[\u3041-\u30ff\uff66-\uff9f]")

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
    for allowed in allowed_parts(text):
        for smaller in _BESIDE_LATIN.split(allowed):
            if part and not (_is_ascii(part[-1]) and _is_ascii(smaller[0])) and not _MARKS.fullmatch(smaller):
                yield part
                part = ""
            part += smaller
    if part:
        yield part


def allowed_parts(text: str) -> list[str]:
    """The text cut wherever the rules of Unicode allow it, also within addresses and words with hyphens."""
    return list(LineBreaker(text, _WHEREVER_ALLOWED))


def phrases(text: str) -> list[str]:
    """The text in its phrases; its letters tell the language."""
    parts = list(smallest_parts(text))
    found = parts[:1]
    for part, inside in zip(
        parts[1:], inside_phrases(parts, "ja" if _KANA.search(text) else "zh"), strict=True
    ):
        if inside:
            found[-1] += part
        else:
            found.append(part)
    return found


def inside_phrases(parts: Sequence[str], language: str) -> list[bool]:
    """Between each of the parts of a text and the next, whether a phrase goes on over both."""
    text = "".join(parts)
    phrases = _japanese().parse(text) if language == "ja" else LineBreaker(text, _BY_PHRASE)
    ends = _ends(list(phrases))
    return [end not in ends for end in accumulate(map(len, parts[:-1]))]


def _ends(phrases: Sequence[str]) -> set[int]:
    """Where phrases end, but none within a number or before its unit, nor before a particle that follows its word."""
    return {
        end
        for end, (before, after) in zip(accumulate(map(len, phrases)), pairwise(phrases), strict=False)
        if not (_PARTICLE.match(after) or (_NUMERAL.search(before) and _COUNTED.match(after)))
    }


@cache
def _japanese() -> Parser:
    return load_default_japanese_parser()


def _is_ascii(character: str) -> bool:
    return character.isascii() and not character.isspace()
