"""The text of a file whose encoding nobody tells."""

import codecs
import re
from dataclasses import dataclass
from itertools import pairwise

import chardet

from tasks.errors import InvalidInputError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, those first that begin like another one."""

_CANDIDATES = (
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874"),
    *(
        "iso8859-2",
        "iso8859-5",
        "iso8859-6",
        "iso8859-7",
        "iso8859-8",
        "iso8859-9",
        "iso8859-15",
        "koi8-r",
        "koi8-u",
    ),
    *("gb18030", "big5", "big5hkscs", "cp932", "euc_jp", "euc_jis_2004", "iso2022_jp_2", "cp949"),
    *(
        "utf-16-le",
        "utf-16-be",
        "utf-32-le",
        "utf-32-be",
        "cp850",
        "cp852",
        "cp866",
        "mac-roman",
        "mac-cyrillic",
    ),
)
"""In which subtitles are found. The detector knows rarer ones, for which it takes short texts by mistake."""
_WIDER = {"iso8859-1": "cp1252", "euc_kr": "cp949", "tis-620": "cp874", "gb2312": "gb18030"}
"""Encodings that another one holds, and what programs that name them write."""
_USUAL = {"pt": 1.5, "es": 1.2, "en": 1.2, "fr": 1.2, "de": 1.2, "it": 1.2}
"""How much likelier than others the languages of subtitles are here: what decides between readings of a few letters."""
_RARE = {"mac-cyrillic": 0.9}
"""It has most letters where windows-1251 has them."""
_SIGNS = "†‡‰‹›‚ˆ˜¬¤¦§¨¯¶¸√≈≤≥∆◊÷×€"
_LATIN = "a-zA-ZÀ-ɏḀ-ỿ"
_ODD = re.compile(
    rf"[{_LATIN}][^\W\d_{_LATIN}]|[^\W\d_{_LATIN}][{_LATIN}]|[^\W\d_][{_SIGNS}]|[{_SIGNS}](?=[^\W\d_])"
)
"""What no word has and wrong readings do: a Latin letter beside one of another script, a letter beside a sign."""
_LEAST_LETTERS = 5
"""Letters beyond ASCII from which a guess is worth something."""
_CLEAR = 1.1
"""How many times as likely as the next other text the best one is if it is sure. With both, of 621 short files in 34
languages and their encodings, 6 were wrong and none of these was called sure."""
_DAMAGED = 5
"""Of so many letters beyond ASCII at most one may be damaged in UTF-8: other encodings rarely look like it."""
_MAILS = (b"\x1b$", b"\x1b(")
"""In the Japanese encoding of mails: bytes that UTF-8 may have, too."""
_PLAIN = (b"-->", b"Dialogue:", b'"word')
"""In files of captions and words, unless each of their letters has two bytes or four: there a NUL is a stray one."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, and how its bytes were read."""

    text: str
    encoding: str
    """As Python names it."""
    sure: bool
    """Whether no other encoding gives a text that is as likely."""


def decode(data: bytes, encoding: str | None = None) -> Decoded:
    """The text of a file: as the caller says, else by its byte order mark, else UTF-8, else as it reads best.

    Bytes that mean nothing become U+FFFD. Raises InvalidInputError for an encoding that is not known.
    """
    if encoding:
        name = known_encoding(encoding)
        return Decoded(data.decode(name, errors="replace"), name, True)
    for mark, name in _MARKS:
        if data.startswith(mark):
            return Decoded(data.decode(name, errors="replace"), name, True)
    text = data.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd")
    is_wide = b"\0" in data and not any(sign in data for sign in _PLAIN)
    if (is_wide or any(sign in data for sign in _MAILS)) and (found := _likeliest(data, damaged == 0)):
        return found
    if damaged * _DAMAGED <= sum(ord(letter) > 127 for letter in text):
        return Decoded(text, "utf-8", not damaged)
    return _likeliest(data) or Decoded(data.decode("cp1252", errors="replace"), "cp1252", False)


def known_encoding(name: str) -> str:
    """The name of an encoding of text as Python has it; "windows-1251" and "cp1251" are one.

    Raises InvalidInputError.
    """
    try:
        found = codecs.lookup(name.strip())
        "".encode(found.name)  # some codecs make no text
    except (LookupError, UnicodeError, ValueError) as error:
        raise InvalidInputError(
            f'The encoding "{name}" is not known.',
            hint="Give one such as utf-8, windows-1252, windows-1251, iso-8859-2, gb18030, big5, shift_jis or euc-kr.",
        ) from error
    return found.name


def _likeliest(data: bytes, is_utf8: bool = False) -> Decoded | None:
    """The text that is likeliest; None if it is none in any encoding, or UTF-8 where it `is_utf8`, too."""
    readings: dict[str, tuple[float, str]] = {}
    for match in chardet.detect_all(data, ignore_threshold=True, compat_names=False):
        name = _WIDER.get(match["encoding"] or "", match["encoding"] or "")
        if name not in _CANDIDATES or (is_utf8 and not name.startswith(("utf-16", "utf-32", "iso2022"))):
            continue
        text = data.decode(name, errors="replace")
        prior = _USUAL.get(match["language"] or "", 1.0) * _RARE.get(name, 1.0)
        score = match["confidence"] * prior * _soundness(text)
        if score > readings.get(text, (0.0, ""))[0]:
            readings[text] = (score, name)
    if not readings:
        return None
    (score, name), *others = sorted(readings.values(), reverse=True)
    text = next(text for text, reading in readings.items() if reading == (score, name))
    enough = sum(ord(letter) > 127 and letter.isalpha() for letter in text) >= _LEAST_LETTERS
    rival = others[0][0] if others else 0.0
    return Decoded(text, codecs.lookup(name).name, enough and score >= _CLEAR * rival)


def _soundness(text: str) -> float:
    """From 1, where words look like words, to 0."""
    odd = len(_ODD.findall(text)) + sum(a.islower() and b.isupper() for a, b in pairwise(text))
    return max(0.0, 1 - 2 * odd / (sum(ord(letter) > 127 for letter in text) + 1))
