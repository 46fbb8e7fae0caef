"""Lists of recordings as text: M3U, PLS, and one address a line."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from tasks.fetching.results import SourceEntry

LIST_EXTENSIONS = frozenset(("asx", "m3u", "m3u8", "pls", "txt", "wax", "wvx", "xspf"))
"""Endings of the names of lists."""

Resolve = Callable[[str], str]
"""Makes an address of what a list calls its entry."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HLS_TAG = re.compile(r"^#EXT-X-", re.MULTILINE)
_EXTINF = "#EXTINF:"
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


def is_hls(text: str) -> bool:
    """Whether it is a playlist of HLS, which is one recording in pieces or in several qualities, not a list."""
    return text.lstrip().upper().startswith("#EXTM3U") and _HLS_TAG.search(text) is not None


def parse_m3u(text: str, resolve: Resolve) -> list[SourceEntry]:
    """The entries of an M3U, with the titles that `#EXTINF` gives; see RFC 8216 for what makes it HLS instead."""
    entries: list[SourceEntry] = []
    title, duration = "", None
    for line in map(str.strip, text.splitlines()):
        if line[: len(_EXTINF)].upper() == _EXTINF:
            length, _, title = line[len(_EXTINF) :].partition(",")
            title, duration = title.strip(), _seconds(next(iter(length.split()), None))
        elif line and not line.startswith("#"):
            entries.append(SourceEntry(resolve(line), title, line, duration))
            title, duration = "", None
    return entries


def parse_pls(text: str, resolve: Resolve) -> list[SourceEntry]:
    """The entries of a PLS: numbered files, titles and lengths in any order."""
    fields: dict[int, dict[str, str]] = {}
    for match in filter(None, map(_PLS_FIELD.match, map(str.strip, text.splitlines()))):
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
    lines = [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]
    if not all(map(_WEB.match, lines)):
        return []
    return [SourceEntry(line, "", line, None) for line in lines]


def _seconds(written: str | None) -> float | None:
    try:
        seconds = float(written or "")
    except ValueError:
        return None
    return seconds if 0 < seconds < float("inf") else None
