"""Tells media from pages and text by a file's first bytes, and makes safe file names."""

from __future__ import annotations

import re
import unicodedata
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import Literal
from urllib.parse import unquote

from tasks.net.urls import path_of

SNIFFED_BYTES = 512

Kind = Literal["media", "page", "other", "unknown"]

_MEDIA_MAGIC = (
    b"RIFF", b"RF64", b"riff", b"ID3", b"fLaC", b"OggS", b"\x1aE\xdf\xa3", b"FLV\x01", b"wvpk", b"#!AMR",
    b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3", b"0&\xb2u\x8ef\xcf\x11", b"FORM", b".snd", b"caff", b"MAC ",
    b"TTA1", b"ADIF",
)  # fmt: skip
_OTHER_MAGIC = (
    b"%PDF-",
    b"PK\x03\x04",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"\x1f\x8b",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x7fELF",
    b"MZ",
)
_TEXT_TYPES = re.compile(
    r"text/|application/(?:[a-z0-9.+-]*\+)?(?:json|xml|xhtml|javascript)|application/(?:x-mpegurl|vnd\.apple\.mpegurl|dash\+xml)|audio/(?:x-)?mpegurl"
)
_OTHER_TYPES = re.compile(r"image/|font/|application/(?:pdf|zip|gzip|msword|vnd\.openxml|vnd\.ms-)")
_ENCODED_WORD = re.compile(r"(?:=\?[^?\s]+\?[bBqQ]\?[^?]*\?=\s*)+")
"""How mails write names, and some web servers."""
_MARKUP = re.compile(
    rb"<(?:!doctype|html|head|body|script|\?xml|rss|feed|mpd|smil|!--)|#EXTM3U|\{\s*\"|\[\s*[\{\"\[]",
    re.IGNORECASE,
)

MEDIA_EXTENSIONS = frozenset((
    "3g2", "3gp", "aac", "ac3", "aif", "aifc", "aiff", "alac", "amr", "ape", "asf", "au", "avi", "caf",
    "divx", "dts", "eac3", "f4v", "flac", "flv", "gsm", "m1v", "m2ts", "m2v", "m4a", "m4b", "m4r", "m4v",
    "mka", "mkv", "mov", "mp2", "mp3", "mp4", "mpa", "mpeg", "mpg", "mpga", "mts", "mxf", "oga", "ogg",
    "ogv", "ogx", "opus", "qt", "ra", "rm", "rmvb", "spx", "ts", "tta", "vob", "voc", "w64", "wav", "weba",
    "webm", "wma", "wmv", "wv",
))  # fmt: skip

_PICTURE_EXTENSIONS = frozenset(
    ("avif", "bmp", "gif", "heic", "ico", "jfif", "jpeg", "jpg", "png", "svg", "tif", "tiff", "webp")
)


def kind_of(content_type: str | None, head: bytes) -> Kind:
    """What a body is, by its first bytes and, where they do not tell, by the type its server states.

    "page" is anything a site extractor may find media in: HTML, XML, JSON, playlists, text.
    """
    stated = (content_type or "").partition(";")[0].strip().lower()
    if _is_media(head):
        return "media"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _MARKUP.match(text):
        return "page"
    if head.startswith(_OTHER_MAGIC) or _OTHER_TYPES.match(stated):
        return "other"
    if _TEXT_TYPES.match(stated) or _is_text(head):
        return "page"
    if stated.startswith(("audio/", "video/")):
        return "media"
    return "unknown"


def _is_media(head: bytes) -> bool:
    if head.startswith(_MEDIA_MAGIC):
        return True
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return True
    # MPEG audio and ADTS frames, and transport streams, have no magic but a sync pattern.
    if (
        len(head) > 4
        and head[0] == 0xFF
        and head[1] & 0xE0 == 0xE0
        and head[1] & 0x06 != 0
        and head[2] & 0xF0 != 0xF0
    ):
        return True
    if len(head) > 4 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return True
    return len(head) > 188 and head[0] == 0x47 and head[188] == 0x47


def _is_text(head: bytes) -> bool:
    if not head or b"\x00" in head:
        return False
    try:
        # A character may be cut at the end of the sniffed part.
        text = (
            head.decode("utf-8", errors="strict")
            if len(head) < SNIFFED_BYTES
            else head[:-4].decode("utf-8", errors="ignore")
        )
    except UnicodeDecodeError:
        return False
    control = sum(1 for c in text if unicodedata.category(c) == "Cc" and c not in "\t\r\n\f")
    return control == 0 and len(text) > 0.9 * len(head.decode("utf-8", errors="ignore"))


def has_media_extension(url: str) -> bool:
    """Whether the path of a URL ends like a media file's."""
    return is_media_name(path_of(url))


def is_media_name(name: str) -> bool:
    """Whether the name of a file, or the key of one, ends like a media file's; every character may be part of it."""
    return name.rpartition(".")[2].lower() in MEDIA_EXTENSIONS


def is_picture_name(name: str) -> bool:
    """Whether the name of a file ends like a picture's."""
    return name.rpartition(".")[2].lower() in _PICTURE_EXTENSIONS


def file_name(url: str, content_disposition: str | None) -> str:
    """A safe name for the file behind a URL: from Content-Disposition, else from its path."""
    name: str | None = None
    if content_disposition:
        name = _stated_name(content_disposition)
    return safe_name(name or "") or safe_name(unquoted(path_of(url))) or "download"


def unquoted(text: str) -> str:
    """A part of an address as people read it: UTF-8, or what old servers in the West have instead."""
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return unquote(text, encoding="cp1252", errors="replace")


def _stated_name(content_disposition: str) -> str | None:
    """The name in a header; the one that states its encoding rather than the plain one for old programs (RFC 6266)."""
    header = Message()
    header["Content-Disposition"] = content_disposition
    stated = [
        value for key, value in header.get_params([], "Content-Disposition") if key.lower() == "filename"
    ]
    encoded = [value for value in stated if isinstance(value, tuple)]
    if encoded:
        return collapse_rfc2231_value(encoded[0])
    name = header.get_filename()
    if name is None or not _ENCODED_WORD.fullmatch(name.strip()):
        return name
    try:
        return str(make_header(decode_header(name)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return name


def safe_name(name: str) -> str:
    """The name, accents kept, without anything that leaves the directory or hides the file; may be empty."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/").rpartition("/")[2]
    kept = "".join(c for c in last if unicodedata.category(c)[0] != "C" and c not in '<>:"|?*')
    kept = re.sub(r"\s+", " ", kept).strip(" .")
    stem, dot, extension = kept.rpartition(".")
    if not dot or not (0 < len(extension) <= 8 and extension.isascii() and extension.isalnum()):
        stem, dot, extension = kept, "", ""
    # File systems take 255 bytes; the rest is left for temporary and derived names.
    return (stem.encode()[:150].decode(errors="ignore").rstrip(" .") + dot + extension).strip(" ")
