"""Lists of recordings as text: M3U, PLS, and one address a line."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from urllib.parse import urljoin

from tasks.fetching.results import SourceEntry
from tasks.likely_text import likeliest

LIST_EXTENSIONS = frozenset(("asx", "m3u", "m3u8", "opml", "pls", "txt", "wax", "wvx", "xspf"))
"""Endings of the names of lists."""

Resolve = Callable[[str], str]
"""Makes an address of what a list calls its entry."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MOST_GUESSED = 1_000_000
"""Bytes of a text of which the encoding is guessed; it takes a second for so many."""
_HLS_TAG = re.compile(r"^#EXT-X-", re.MULTILINE)
_EXTINF = re.compile(
    r"""#EXTINF:([^\s,"]*+)(?:"[^"]*+"|[^",]++)*+(?:,|$)(.*)|#EXTINF:([^\s,]*+)[^,]*+,?(.*)""", re.IGNORECASE
)
"""Length, attributes (with commas between their quotation marks), title; and the same where a mark is not closed."""
_LINE_END = re.compile(r"\r\n?|\n")
"""Other characters at which Python ends lines stand within titles."""
_PLS_FIELD = re.compile(r"(File|Title|Length)(\d{1,9})\s*=\s*(.*)", re.IGNORECASE)
_WEB = re.compile(r"https?://\S+$", re.IGNORECASE)


def text_of(data: bytes) -> str:
    """The text of a list: UTF-8 or what its byte order mark says; else that of Windows in the West."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def joined(base: str, address: str) -> str:
    """An address as it is meant on a page; one that is none stays as it is, for whoever fetches it to refuse."""
    try:
        return urljoin(base, address)
    except ValueError:
        return address


def likely_text(data: bytes) -> str:
    """As `text_of`; a list in an older encoding of another alphabet is read in that, if there is enough to tell."""
    text = text_of(data)
    if not _is_guessed(data) or len(data) > _MOST_GUESSED:
        return text
    guess = likeliest(data)
    return guess.text if guess is not None and guess.likely else text


def _is_guessed(data: bytes) -> bool:
    if data.startswith(tuple(bom for bom, _ in _BOMS)):
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def is_hls(text: str) -> bool:
    """Whether it is a playlist of HLS, which is one recording in pieces or in several qualities, not a list."""
    return text.lstrip().upper().startswith("#EXTM3U") and _HLS_TAG.search(text) is not None


def parse_m3u(text: str, resolve: Resolve) -> list[SourceEntry]:
    """The entries of an M3U, with the titles that `#EXTINF` gives; see RFC 8216 for what makes it HLS instead."""
    entries: list[SourceEntry] = []
    title, duration = "", None
    for line in map(str.strip, _LINE_END.split(text)):
        if about := _EXTINF.fullmatch(line):
            length, title = about[1] or about[3], (about[2] or about[4] or "").strip()
            duration = _seconds(length)
        elif line and not line.startswith("#"):
            entries.append(SourceEntry(resolve(line), title, line, duration))
            title, duration = "", None
    return entries


def parse_pls(text: str, resolve: Resolve) -> list[SourceEntry]:
    """The entries of a PLS: numbered files, titles and lengths in any order."""
    fields: dict[int, dict[str, str]] = {}
    for match in filter(None, map(_PLS_FIELD.match, map(str.strip, _LINE_END.split(text)))):
        fields.setdefault(int(match[2]), {})[match[1].lower()] = match[3]
    return [
        SourceEntry(
            resolve(entry["file"]), entry.get("title", ""), entry["file"], _seconds(entry.get("length"))
        )
        for _, entry in sorted(fields.items())
        if entry.get("file")
    ]


def parse_addresses(text: str) -> list[SourceEntry]:
    """Addresses, one a line, `#` before remarks; empty if any line is something else: then it is a text."""
    lines = [line for line in map(str.strip, _LINE_END.split(text)) if line and not line.startswith("#")]
    if not all(map(_WEB.match, lines)):
        return []
    return [SourceEntry(line, "", line, None) for line in lines]


def _seconds(written: str | None) -> float | None:
    try:
        seconds = float(written or "")
    except ValueError:
        return None
    return seconds if 0 < seconds < float("inf") else None
