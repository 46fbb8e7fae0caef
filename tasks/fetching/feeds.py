"""Lists of recordings as XML or JSON: podcast feeds (RSS, Atom, JSON Feed), XSPF and ASX playlists.

Feeds are read as they are found, not as they should be: what is broken ends the reading, and what came before counts.
"""

from __future__ import annotations

import html
import html.entities
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin
from xml.parsers import expat

from pydantic import BaseModel, ConfigDict, ValidationError

from tasks.fetching.playlists import Resolve
from tasks.fetching.results import SourceEntry

_ROOTS = frozenset(("rss", "rdf", "feed", "playlist", "asx"))
_ITEMS = frozenset(("item", "entry", "track"))
_TEXTS = frozenset(("title", "link", "guid", "id", "duration", "location", "origlink"))
_DECLARED = re.compile(r"""<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)""")
# What is not closed reaches to the end: to look for its end from every beginning would take hours.
_AMPERSAND = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&(#\d+;|#[xX][0-9a-fA-F]+;|\w+;)?", re.DOTALL
)
_XML_NAMES = frozenset(("amp;", "lt;", "gt;", "quot;", "apos;"))
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NO_MEDIA_TYPE = re.compile(
    r"image/|text/(?!$)|application/(?:pdf|zip|json|epub|x-shockwave-flash)", re.IGNORECASE
)


@dataclass
class ParsedList:
    """What a list holds."""

    entries: list[SourceEntry] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    """Titles of the entries that name no recording."""


def declared_encoding(data: bytes) -> str | None:
    """The encoding that the first line of an XML file names."""
    match = _DECLARED.search(data[:200].decode("ascii", errors="replace"))
    return match[1] if match else None


def parse_xml(text: str, resolve: Resolve) -> ParsedList | None:
    """The recordings of a feed or playlist in XML, each once; None if it is another kind of XML.

    Where no entry has a file of its own (video blogs), the pages of the entries are what there is.
    """
    reader = _Reader()
    reader.read(_CONTROL.sub("", _AMPERSAND.sub(_repaired, text)).lstrip())
    if reader.root not in _ROOTS:
        return None
    return _listed(reader.items, resolve)


def _repaired(match: re.Match[str]) -> str:
    """An ampersand as XML has it: names that only HTML knows, and ampersands that mean themselves, are common."""
    if not match[0].startswith("&"):
        return match[0]
    name = match[1]
    if name and (name in _XML_NAMES or name.startswith("#")):
        return match[0]
    known = html.entities.html5.get(name) if name else None
    return known or f"&amp;{name or ''}"


@dataclass
class _Item:
    base: str = ""
    files: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    """By the name of the element; the first that has a text."""
    page: str = ""

    @property
    def title(self) -> str:
        # Many feeds write the names of HTML twice over.
        return " ".join(html.unescape(self.texts.get("title", "")).split())


class _Reader:
    """Takes the items out of a feed; of namespaces it knows that they may be undeclared, and called anything."""

    def __init__(self) -> None:
        self.root = ""
        self.items: list[_Item] = []
        self._item: _Item | None = None
        self._within: list[str] = []
        self._bases: list[str] = [""]
        self._text: list[str] = []

    def read(self, text: str) -> None:
        parser = expat.ParserCreate(encoding="utf-8")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.EntityDeclHandler = _no_entities
        try:
            # The encoding given here holds, whatever the file says of itself.
            parser.Parse(text.encode(errors="replace"), True)
        except (expat.ExpatError, _EntityError):
            if self._item is not None:
                self._item = None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = _local(name)
        if not self._within:
            self.root = local
        self._within.append(local)
        own = {_local(key): value for key, value in attributes.items()}
        self._bases.append(urljoin(self._bases[-1], attributes.get("xml:base", "")))
        self._text.clear()
        if local in _ITEMS and self._item is None:
            self._item = _Item(base=self._bases[-1])
        elif self._item is not None:
            self._look_at(local, own)

    def _look_at(self, local: str, own: dict[str, str]) -> None:
        item, base = self._item, self._bases[-1]
        assert item is not None  # noqa: S101 - asked for by the caller
        address = own.get("url") or own.get("href") or ""
        is_file = (
            local == "enclosure"
            or (local == "link" and own.get("rel") == "enclosure")
            or (local == "content" and "url" in own)
            or local == "ref"
        )
        if (
            is_file
            and address
            and not _NO_MEDIA_TYPE.match(own.get("type", ""))
            and own.get("medium") != "image"
        ):
            item.files.append(urljoin(base, address.strip()) if base else address.strip())
        elif local == "link" and address and own.get("rel", "alternate") == "alternate":
            item.page = item.page or (urljoin(base, address.strip()) if base else address.strip())

    def _end(self, name: str) -> None:
        local = _local(name)
        text = "".join(self._text).strip()
        self._text.clear()
        self._within.pop()
        self._bases.pop()
        item = self._item
        if item is None:
            return
        if local in _ITEMS and local not in self._within:
            self.items.append(item)
            self._item = None
        elif text and local in _TEXTS:
            item.texts.setdefault(local, text)


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()


class _EntityError(ValueError):
    """A feed that makes up entities: no honest one does, and they may grow without end."""


def _no_entities(*_: object) -> None:
    raise _EntityError


def _listed(items: list[_Item], resolve: Resolve) -> ParsedList:
    found = ParsedList()
    by_page = not any(item.files or item.texts.get("location") for item in items)
    by_url: dict[str, SourceEntry] = {}
    for item in items:
        page = item.page or item.texts.get("link", "")
        own = item.texts.get("guid") or item.texts.get("id") or ""
        address = next(iter(item.files), item.texts.get("location") or (page if by_page else ""))
        if not address:
            found.without.append(item.title or own or "an entry without a title")
            continue
        url = resolve(address)
        duration = _duration(item.texts.get("duration"))
        by_url.setdefault(url, SourceEntry(url, item.title, own or url, duration))
    # Some feeds give all their entries one name: it tells nothing apart.
    names = Counter(entry.id for entry in by_url.values())
    found.entries = [
        entry if names[entry.id] == 1 else replace(entry, id=entry.url) for entry in by_url.values()
    ]
    return found


def _duration(written: str | None) -> float | None:
    """Seconds of "3723", "62:03" or "1:02:03"."""
    try:
        parts = [float(part) for part in (written or "").split(":")]
    except ValueError:
        return None
    seconds = 0.0
    for part in parts:
        seconds = 60 * seconds + part
    return seconds if 0 < seconds < 1e6 else None


class _Attachment(BaseModel):
    model_config = ConfigDict(extra="ignore")

    url: str
    mime_type: str = ""
    duration_in_seconds: float | None = None


class _JsonItem(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    id: str = ""
    title: str = ""
    attachments: list[_Attachment] = []


class _JsonFeed(BaseModel):
    model_config = ConfigDict(extra="ignore")

    version: str
    items: list[_JsonItem]


def parse_json_feed(text: str, resolve: Resolve) -> ParsedList | None:
    """The recordings of a JSON Feed (https://www.jsonfeed.org/version/1.1/); None if it is other JSON."""
    try:
        feed = _JsonFeed.model_validate_json(text)
    except ValidationError:
        return None
    if "jsonfeed.org" not in feed.version:
        return None
    items = [
        _Item(
            files=[each.url for each in item.attachments if not _NO_MEDIA_TYPE.match(each.mime_type)],
            texts={"title": item.title, "guid": item.id},
        )
        for item in feed.items
    ]
    return _listed(items, resolve)
