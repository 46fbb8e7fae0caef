"""The likeliest text that bytes are whose encoding nobody tells and that is not UTF-8."""

import codecs
import re
from dataclasses import dataclass

import chardet

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
_WINDOWS = {
    "iso8859-1": "cp1252",
    "iso8859-2": "cp1250",
    "iso8859-5": "cp1251",
    "iso8859-6": "cp1256",
    "iso8859-7": "cp1253",
    "iso8859-8": "cp1255",
    "iso8859-9": "cp1254",
    "iso8859-13": "cp1257",
    "iso8859-15": "cp1252",
}
"""The standards, and the code pages of Windows that have dashes, quotation marks and dots where they have controls."""
_CONTROLS = re.compile(r"[\x80-\x9f]")
_USUAL = {"pt": 1.5, "es": 1.2, "en": 1.2, "fr": 1.2, "de": 1.2, "it": 1.2, "is": 0.6}
"""How much likelier than others the languages of subtitles are here: what decides between readings of a few letters.
Icelandic is what Turkish is taken for."""
_RARE = {"mac-cyrillic": 0.85, "mac-roman": 0.85, "cp850": 0.85, "cp852": 0.85}
"""Of systems long gone: few letters that read as well in a code page of Windows are in that."""
_SIGNS = "†‡‰‹›‚ˆ˜¬¤¦§¨¯¶¸√≈≤≥∆◊÷×€±≠¢ˇ˘˙˚˝˛\u00ad\u2500-\u259f"
_LATIN = "a-zA-ZÀ-ɏḀ-ỿ"
_LETTER = r"[^\W\d_]"
_ODD = re.compile(
    rf"[{_LATIN}][^\W\d_{_LATIN}]|[^\W\d_{_LATIN}][{_LATIN}]|{_LETTER}[{_SIGNS}¡¿]|[{_SIGNS}®©](?={_LETTER})"
    rf"|[{_LATIN}][“”„‘«»•][a-z]|(?<=[a-z] )[^\W\d_{_LATIN}](?= [a-z])|[\x80-\x9f\ufffd]"
)
"""What no text has and wrong readings do: a Latin letter beside one of another script, a letter beside a sign, a
quotation mark within a word, a letter of another script among words, controls."""
_KANA = re.compile("[\u3041-\u30ff]{2,}")
_JAPANESE = re.compile("[\u3000-\u30ff\u4e00-\u9fff\uff01-\uff5e]")
_JAPANESE_PAGES = ("cp932", "euc_jp")
_CERTAIN = 2.0
"""Above what the detector gives: bytes of anything else do not become kana side by side and nothing odd."""
_WORD = re.compile(rf"{_LETTER}+")
_LONE = re.compile(r"(?<=[a-z] )[^\W\d_a-zA-Z](?= [a-z])")
"""A letter alone within a sentence: no capital stands there."""
JUDGED = 100_000
"""Characters by which a reading is judged; about as many as the detector looks at."""
_LEAST_LIKELY, _LEAST_LETTERS = 5, 8
"""Letters beyond ASCII, in different words, from which a guess is worth something, and from which it may be sure."""
_PAIRED, _LEAST_PAIRED = ("gb2312", "big5", "euc_kr"), 20
"""Encodings of two bytes a letter, and the letters from which what is valid in them by chance is rare."""
_CLEAR, _FEW = 1.1, 6.0
"""How many times as likely as the next other text the best one is if it is sure: the first, and the second divided by
those letters, as a few are read in many ways. So none of 2,250 texts of one to five short lines in 19
languages and their encodings is wrong and called sure, but for one of two letters that is valid UTF-8."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, and how its bytes were read."""

    text: str
    encoding: str
    """As Python names it."""
    sure: bool
    """Whether no other encoding gives a text that is as likely."""
    likely: bool = True
    """Whether it is worth more than a reading in an encoding that is always the same; it may be wrong."""


def read_as(name: str, data: bytes) -> tuple[str, str]:
    """The text in an encoding, and its name: of a standard, the code page of Windows where the text has its marks."""
    text = data.decode(name, errors="replace")
    if name in _WINDOWS and _CONTROLS.search(text):
        name = _WINDOWS[name]
        text = data.decode(name, errors="replace")
    return text, name


def likeliest(data: bytes, *, is_utf8: bool = False) -> Decoded | None:
    """The text that is likeliest; None if it is none in any encoding, or UTF-8 where it `is_utf8`, too."""
    readings: dict[str, tuple[float, str]] = {}
    if not is_utf8:
        for name in _JAPANESE_PAGES:
            text = _japanese(data, name)
            if text is not None:
                readings[text] = (_CERTAIN, name)
    for match in chardet.detect_all(data, ignore_threshold=True, compat_names=False):
        name = _WIDER.get(match["encoding"] or "", match["encoding"] or "")
        if name not in _CANDIDATES or (is_utf8 and not name.startswith(("utf-16", "utf-32", "iso2022"))):
            continue
        text, name = read_as(name, data)
        prior = _USUAL.get(match["language"] or "", 1.0) * _RARE.get(name, 1.0)
        score = match["confidence"] * prior * _soundness(text[:JUDGED])
        if score > readings.get(text, (0.0, ""))[0]:
            readings[text] = (score, name)
    if not readings:
        return None
    (score, name), *others = sorted(readings.values(), reverse=True)
    text = next(text for text, reading in readings.items() if reading == (score, name))
    words = "".join(set(text[:JUDGED].split()))  # said again, a word proves nothing more
    letters = sum(ord(letter) > 127 and letter.isalpha() for letter in words)
    rival = others[0][0] if others else 0.0
    likely = letters >= _LEAST_LIKELY and score >= _CLEAR * rival
    sure = letters >= _LEAST_LETTERS and score >= (_CLEAR + _FEW / letters) * rival
    if sure and letters < _LEAST_PAIRED and len(text) == len(data):
        sure = not any(_reads_as(data, page) for page in _PAIRED)
    return Decoded(text, codecs.lookup(name).name, sure, likely)


def _reads_as(data: bytes, name: str) -> bool:
    try:
        data.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _japanese(data: bytes, name: str) -> str | None:
    """The text in an encoding of Japanese if it has as many kana as only Japanese does; None if it has not."""
    if not _reads_as(data, name):
        return None
    text = data.decode(name)
    judged = text[:JUDGED]
    beyond = len(judged) - len(judged.encode("ascii", errors="ignore"))
    kana = sum(map(len, _KANA.findall(judged)))
    is_it = 2 * kana >= beyond == len(_JAPANESE.findall(judged)) and kana
    return text if is_it and _soundness(judged) == 1 else None


def _soundness(text: str) -> float:
    """From 1, where words look like words, to 0."""
    odd = len(_ODD.findall(text)) + sum(map(_is_uneven, _WORD.findall(text)))
    odd += sum(map(str.isupper, _LONE.findall(text)))
    return max(0.0, 1 - 2 * odd / (len(text) - len(text.encode("ascii", errors="ignore")) + 1))


def _is_uneven(word: str) -> bool:
    """Whether capitals stand in it where nobody writes them."""
    return word not in (word.lower(), word.upper(), word.capitalize())
