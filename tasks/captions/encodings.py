"""The text of a file whose encoding nobody tells."""

import codecs
import re

from tasks.errors import InvalidInputError
from tasks.likely_text import JUDGED, Decoded, likeliest, read_as

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, those first that begin like another one."""

_PAGES = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874"),
    *("cp932", "cp949", "cp950", "gbk"),
)
"""What programs on Windows write where it is not UTF-8, the likelier ones first."""
_DAMAGED = 5
"""Of so many letters beyond ASCII at most one may be damaged in UTF-8: other encodings rarely look like it."""
_LEAST_OWN = 0.25
"""Of another encoding, hardly a line is UTF-8 by chance: in Chinese, one of a single character in seven."""
_CUT = re.compile(rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z")
"""The beginning of a letter of UTF-8, at the end of a file that was cut."""
_MAILS = (b"\x1b$", b"\x1b(")
"""In the Japanese encoding of mails: bytes that UTF-8 may have, too."""
_PLAIN = (b"-->", b"Dialogue:", b'"word')
"""In files of captions and words, unless each of their letters has two bytes or four: there a NUL is a stray one."""


def decode(data: bytes, encoding: str | None = None) -> Decoded:
    """The text of a file: as the caller says, else by its byte order mark, else UTF-8, else as it reads best.

    Bytes that mean nothing become U+FFFD; a byte order mark is no part of the text. Where most of a file is UTF-8, its
    lines that are not are read in the code page that fits it. Raises InvalidInputError for an encoding that is not
    known.
    """
    if encoding:
        text, name = read_as(known_encoding(encoding), data)
        return Decoded(text.removeprefix("\ufeff"), name, True)
    for mark, name in _MARKS:
        if data.startswith(mark):
            joined = _joined(data.removeprefix(mark), least=0.0) if mark == codecs.BOM_UTF8 else None
            return joined or Decoded(data.decode(name, errors="replace"), name, True)
    whole = _utf8(data)
    is_wide = b"\0" in data and not any(sign in data for sign in _PLAIN)
    if is_wide or any(sign in data for sign in _MAILS):
        found = likeliest(data, is_utf8=whole is not None)
        if found:
            return found
    if whole is not None:
        return Decoded(whole, "utf-8", True)
    return (
        _joined(data)
        or likeliest(data)
        or Decoded(data.decode("cp1252", errors="replace"), "cp1252", False, False)
    )


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


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _joined(data: bytes, least: float = _LEAST_OWN) -> Decoded | None:
    """A file of UTF-8 with some lines in another encoding, or with damaged letters; None if it is valid, or not UTF-8.

    It is UTF-8 if so many of its letters beyond ASCII are, as a share of those in other lines. Those lines are read in
    the code page of the same language, which parts of one file have in common.
    """
    if _utf8(data) is not None:
        return None
    cut = _CUT.search(data)
    lines = data[: cut.start() if cut else None].split(b"\n")
    other = [number for number, line in enumerate(lines) if _is_other(line)]
    foreign = b"\n".join(lines[number] for number in other)
    for number in other:
        lines[number] = b""
    text = b"\n".join(lines).decode("utf-8", errors="replace")
    own = _beyond_ascii(text)
    if own < least * _beyond_ascii(foreign.decode("latin-1")) or (least and not own):
        return None
    page = _page(text, foreign)
    shown = text.split("\n")
    if other:
        for number, line in zip(other, foreign.decode(page, errors="replace").split("\n"), strict=True):
            shown[number] = line
    return Decoded("\n".join(shown) + "\ufffd" * bool(cut), "utf-8", False)


def _page(text: str, foreign: bytes) -> str:
    """In which code page bytes are that stand in a file beside a text."""
    letters = "".join(set(filter(str.isalpha, text)))
    held = {page: len(letters.encode(page, errors="ignore").decode(page)) for page in _PAGES}
    best = [page for page in _PAGES if held[page] == max(held.values())]
    guess = likeliest(text[:JUDGED].encode(best[0], errors="ignore") + b"\n" + foreign[:JUDGED])
    return guess.encoding if guess and guess.encoding in best else best[0]


def _is_other(line: bytes) -> bool:
    """Whether a line is in another encoding than UTF-8, more than damaged."""
    text = line.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd") - line.count("\ufffd".encode())
    return damaged * _DAMAGED > _beyond_ascii(text)


def _beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", errors="ignore"))
