"""Lists of recordings at an address: which addresses lead to one, and what it holds."""

from __future__ import annotations

import re
import tempfile
import zlib
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urlsplit

from tasks.errors import InvalidInputError, LimitExceededError, NotMediaError
from tasks.fetching.content import unquoted
from tasks.fetching.direct import download_any
from tasks.fetching.feeds import ParsedList, declared_encoding, parse_json_feed, parse_xml
from tasks.fetching.http_transfer import look_at
from tasks.fetching.playlists import (
    LIST_EXTENSIONS,
    Resolve,
    is_hls,
    joined,
    likely_text,
    parse_addresses,
    parse_m3u,
    parse_pls,
    text_of,
)
from tasks.fetching.results import DownloadLimits, SourceEntry, TransferOptions, WebPage
from tasks.net.deadline import Deadline
from tasks.net.http import safe_client
from tasks.net.urls import CheckedUrl, mask_url
from tasks.progress import Progress, ignore_progress

MAX_LIST_BYTES = 64 * 1024 * 1024
"""Feeds of many years have some ten megabytes."""

_LIST_TYPES = re.compile(
    r"mpegurl|x-scpls|xspf|opml|\brss\b|\batom\b|\bxml\b|feed\+json|x-ms-asf|video/x-ms-w[av]x|text/plain"
)
_LIST_HEAD = re.compile(
    r"#EXTM3U|\[playlist\]|<(?:rss|rdf:rdf|feed|playlist|asx|opml)\b|jsonfeed\.org", re.IGNORECASE
)
_MARKUP_HEAD = re.compile(r"\s*(?:<!doctype html|<html|<mpd)", re.IGNORECASE)


def may_be_list(page: WebPage) -> bool:
    """Whether what was found at an address may be a list of recordings, by its beginning, type and name."""
    head = text_of(_unpacked(page.head))
    if _MARKUP_HEAD.match(head) or is_hls(head):
        return False
    name = urlsplit(page.url).path.rpartition(".")[2].lower()
    stated = (page.content_type or "").partition(";")[0].strip().lower()
    return bool(_LIST_HEAD.search(head) or _LIST_TYPES.search(stated) or name in LIST_EXTENSIONS)


def look_for_list(
    url: CheckedUrl, options: TransferOptions, progress: Progress = ignore_progress
) -> ParsedList | None:
    """The recordings of the list at an address; None if it leads to anything else. Raises as `download_any`."""
    deadline = Deadline(progress, options.deadline, late=options.too_late(url), hint=options.late_hint)
    with safe_client(options.policy, watch=deadline.check) as client:
        page = options.retry.call(lambda: look_at(client, url), deadline, lambda: 0)
    return read_list(page, options, progress)


def read_list(
    page: WebPage, options: TransferOptions, progress: Progress = ignore_progress
) -> ParsedList | None:
    """The recordings of the list at an address, unread; None if it is no list.

    What its entries lead to is checked when they are fetched. Raises as `download_any`.
    """
    if not may_be_list(page):
        return None
    limited = replace(options, limits=DownloadLimits(max_bytes=MAX_LIST_BYTES))
    with tempfile.TemporaryDirectory(prefix="contraponto-list-") as folder:
        found = download_any(CheckedUrl(page.url), Path(folder), limited, progress)
        data = found.path.read_bytes()
    return parse_list(data, page.url, _resolver(page.url), content_type=page.content_type)


def parse_list(
    data: bytes, name: str, resolve: Resolve, *, content_type: str | None = None
) -> ParsedList | None:
    """The recordings of a list of that name (or address); None if it is no list, or one recording in pieces (HLS).

    Raises LimitExceededError for a packed one of more than `MAX_LIST_BYTES`.
    """
    data = _unpacked(data)
    text = likely_text(data)
    start = text.lstrip()[:1]
    if start == "<":
        # In XML names of files are written as in addresses; whoever looks for them on a disk needs them plain.
        plain: Resolve = resolve if "://" in name else lambda entry: resolve(_as_name(entry))
        return parse_xml(_xml_text(data), plain)
    if start == "{":
        return parse_json_feed(text, resolve)
    if is_hls(text):
        return None
    path = (urlsplit(name).path if "://" in name else name).lower()
    ending = path.removesuffix(".gz").rpartition(".")[2]
    if text.lstrip().lower().startswith("[playlist]"):
        return ParsedList(_once(parse_pls(text, resolve)))
    if (
        text.lstrip().upper().startswith("#EXTM3U")
        or ending in ("m3u", "m3u8")
        or "mpegurl" in (content_type or "")
    ):
        return ParsedList(_once(parse_m3u(text, resolve)))
    return ParsedList(_once(parse_addresses(text))) if parse_addresses(text) else None


def _unpacked(data: bytes) -> bytes:
    """What was packed with gzip, as some servers keep large feeds; of half a file the half. All else as it is."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        text = zlib.decompressobj(wbits=31).decompress(data, MAX_LIST_BYTES + 1)
    except zlib.error:
        return data
    if len(text) > MAX_LIST_BYTES:
        raise LimitExceededError(
            f"The list is packed and has more than {MAX_LIST_BYTES:,} bytes unpacked.",
            hint="Give a list that is shorter.",
        )
    return text


def _as_name(entry: str) -> str:
    return entry if "://" in entry else unquoted(entry)


def several(where: str, found: ParsedList) -> InvalidInputError:
    """The sentence about a list where one recording is wanted."""
    count = len(found.entries)
    recordings = "1 recording" if count == 1 else f"{count} recordings"
    return InvalidInputError(
        f"{where} is a list of {recordings}, not one recording.",
        hint=f"Submit one of them, such as {mask_url(found.entries[0].url)}, or the list as a transcribe-batch job.",
    )


def empty(where: str, found: ParsedList) -> NotMediaError | InvalidInputError:
    """The sentence about a list that names no recording."""
    if found.feeds:
        feeds = "1 feed" if len(found.feeds) == 1 else f"{len(found.feeds)} feeds"
        return InvalidInputError(
            f"{where} is a list of {feeds}, not a recording.",
            hint="Submit it, or one of its feeds, as a transcribe-batch job.",
        )
    without = f" Of its {len(found.without)} entries none has a file." if found.without else ""
    return NotMediaError(
        f"{where} is a list without recordings.{without}", hint="Give a list that names audio or video files."
    )


def _xml_text(data: bytes) -> str:
    encoding = declared_encoding(data)
    if encoding is None or encoding.lower().startswith("utf-16"):
        return likely_text(data)
    try:
        return data.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        return likely_text(data)


def _resolver(base: str) -> Resolve:
    def resolve(entry: str) -> str:
        if _ABSOLUTE.match(entry):
            return quote(entry, safe=_IN_URLS) if re.match("https?:", entry, re.IGNORECASE) else entry
        # Names of files, as lists have them: a "#" is part of the name.
        relative = quote(entry.replace("\\", "/"), safe=_IN_URLS.replace("#", ""))
        # A colon in a name begins no address: "Intro: bees.mp3".
        return joined(base, relative if relative.startswith(("/", "?")) else f"./{relative}")

    return resolve


_ABSOLUTE = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://|[A-Za-z]:|(?:mailto|data|blob|magnet|file|javascript|about|urn):"
)
"""An address with a scheme, or the letter of a drive."""
_IN_URLS = "%/:?#[]@!$&'()*+,;=~"


def _once(entries: list[SourceEntry]) -> list[SourceEntry]:
    return list({entry.url: entry for entry in reversed(entries)}.values())[::-1]
