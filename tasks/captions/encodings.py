"""The text of a file whose encoding nobody tells."""

import codecs
import re
from dataclasses import dataclass
from itertools import pairwise

from charset_normalizer import from_bytes
from charset_normalizer.models import CharsetMatch

from tasks.errors import InvalidInputError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, those first that begin like another one."""

# In the order in which they are believed where nothing else decides between them.
_OLD = ["cp1252", "cp1250", "cp1251", "cp1254", "cp1253", "cp1255", "cp1256", "cp1257", "iso8859_2", "koi8_r"]
_OLD += ["gb18030", "big5", "shift_jis", "euc_kr", "euc_jp", "cp874", "mac_roman"]
_ALPHABETS = (
    "áâãàçéêíóôõúü",  # Portuguese
    "áéíñóúü",  # Spanish
    "àâæçéèêëîïôœùûüÿ",  # French
    "àèéìíîòóùú",  # Italian, Catalan
    "äöüßéà",  # German
    "åäöæøéèêëïüóáàô",  # Nordic languages, Dutch
    "áéíóúýþæöð",  # Icelandic
    "ąćęłńóśźż",  # Polish
    "áčďéěíňóřšťúůýžäĺľŕô",  # Czech, Slovak
    "áéíóöőúüű",  # Hungarian
    "ăâîşţșț",  # Romanian
    "čćđšž",  # Croatian, Slovene
    "çğıöşüâîû",  # Turkish
    "ąčęėįšųūž",  # Lithuanian
    "āčēģīķļņšūž",  # Latvian
    "äõöüšž",  # Estonian
)
"""Letters beyond a to z of the languages that are written with Latin ones: read in the wrong encoding, a text has such
as no language has beside each other."""
_LATIN = frozenset({"cp1252", "cp1250", "cp1254", "cp1257", "iso8859_2", "mac_roman"})
_HEBREW = re.compile(r"[א-ת]{2}")
_CYRILLIC_OF_RUSSIAN = re.compile(r"[А-Яыэюя]")
_HALF_LATIN = re.compile(r"[a-zA-Z][^\W\d_a-zA-Z]|[^\W\d_a-zA-Z][a-zA-Z]")
_LEAST_LETTERS = 12
"""Letters beyond ASCII from which a guess is worth something."""
_CLEAR = 0.1
_DROPPED = 0.1
_NOTHING_TO_READ = re.compile(rb"^[\d\s:.,>-]*$", re.MULTILINE)
"""Numbers and times, which look the same in every encoding."""
_READ_BYTES = 200_000
"""So much of the text is looked at."""


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
        return Decoded(
            data.decode(known_encoding(encoding), errors="replace"), known_encoding(encoding), True
        )
    for mark, name in _MARKS:
        if data.startswith(mark):
            return Decoded(data.decode(name, errors="replace"), name, True)
    try:
        return Decoded(data.decode("utf-8"), "utf-8", True)
    except UnicodeDecodeError:
        pass
    found, sure = _likeliest(data)
    return Decoded(data.decode(found, errors="replace"), found, sure)


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


def _likeliest(data: bytes) -> tuple[str, bool]:
    read = _NOTHING_TO_READ.sub(b"", data[:_READ_BYTES])
    scores = {
        match.encoding: (_score(match), str(match))
        for match in from_bytes(read, cp_isolation=_OLD, threshold=0.3)
    }
    # Those that the library has dropped: it takes short texts of a Mac for damaged ones.
    for name in _LATIN - scores.keys():
        text = read.decode(name, errors="replace")
        scores[name] = (_fits(text, name) - _DROPPED, text)
    best = max(scores, key=lambda name: (scores[name][0], -_OLD.index(name)))
    score, text = scores[best]
    rivals = [other for other, its_text in scores.values() if its_text != text]
    return best, _count(text) >= _LEAST_LETTERS and score - max(rivals, default=0.0) >= _CLEAR


def _score(match: CharsetMatch) -> float:
    """How likely it is that the text was written so; about 1 where everything fits."""
    return _fits(str(match), match.encoding) + 0.2 * match.coherence - 2 * match.chaos


def _fits(text: str, encoding: str) -> float:
    """How well the letters go together, from 0 to 1."""
    if encoding in _LATIN:
        beyond = [letter for letter in text.casefold() if ord(letter) > 127 and letter not in _PUNCTUATION]
        return max(sum(letter in alphabet for letter in beyond) for alphabet in _ALPHABETS) / max(
            len(beyond), 1
        )
    if encoding == "cp1251" and not _CYRILLIC_OF_RUSSIAN.search(text):
        return 0.5  # Hebrew, read as Cyrillic, has none of these
    if encoding == "cp1255" and not _HEBREW.search(text):
        return 0.0
    if encoding == "cp1253" and not any(letter in "ςάέήίόύώ" for letter in text):
        return 0.4  # no Greek sentence is without an accent
    if encoding == "cp874" and sum("\u0e30" <= letter <= "\u0e4e" for letter in text) < 0.15 * _count(text):
        return 0.3  # no Thai word is without a vowel sign
    # Where Latin letters make sense, too, they are meant; and no word is half of Latin ones, or goes on in capitals.
    odd = len(_HALF_LATIN.findall(text)) + sum(a.islower() and b.isupper() for a, b in pairwise(text))
    return 0.98 - odd / max(_count(text), 1)


_PUNCTUATION = "“”„‘’‚–—…«»¡¿ªº°€£•·©®™ \xa0"


def _count(text: str) -> int:
    return sum(ord(letter) > 127 and letter.isalpha() for letter in text)
