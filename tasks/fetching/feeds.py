"""Lists of recordings as XML or JSON: podcast feeds (RSS, Atom, JSON Feed), XSPF and ASX playlists; OPML, of feeds.

Feeds are read as they are found, not as they should be: what is broken ends the reading, and what came before counts.
"""

from __future__ import annotations

import html
import html.entities
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any
from xml.parsers import expat

from pydantic import BaseModel, ConfigDict, ValidationError

from tasks.fetching.content import is_picture_name
from tasks.fetching.playlists import Resolve, joined
from tasks.fetching.results import SourceEntry

_ROOTS = frozenset(("rss", "rdf", "feed", "playlist", "asx", "opml"))
_ITEMS = frozenset(("item", "entry", "track"))
_TEXTS = frozenset(("title", "link", "guid", "id", "duration", "location"))
_OF_OTHERS = frozenset(("source", "author", "contributor"))
"""Elements of an entry whose own titles and ids are not those of the entry."""
_DECLARED = re.compile(r"""<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)""")
# What is not closed reaches to the end: to look for its end from every beginning would take hours.
_AMPERSAND = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&(#\d+;|#[xX][0-9a-fA-F]+;|\w+;)?", re.DOTALL
)
_LONGEST_NUMBER = 12
"""Characters of a number that stands for a character; longer ones stand for none."""
_XML_NAMES = frozenset(("amp;", "lt;", "gt;", "quot;", "apos;"))
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NO_MEDIA_TYPE = re.compile(
    r"image/|text/(?!$)|application/(?:pdf|zip|json|epub|x-shockwave-flash)", re.IGNORECASE
)


@dataclass
class ParsedList:
    """What a list holds."""

    entries: list[SourceEntry] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    """Titles of the entries that name no recording."""
    feeds: list[SourceEntry] = field(default_factory=list)
    """The feeds that a list of subscriptions names (OPML, http://opml.org/spec2.opml), unread, each once."""


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
    found = _listed(reader.items, resolve)
    feeds = [SourceEntry(resolve(address), title, address, None) for address, title in reader.feeds]
    found.feeds = list({feed.url: feed for feed in reversed(feeds)}.values())[::-1]
    return found


def _repaired(match: re.Match[str]) -> str:
    """An ampersand as XML has it: names that only HTML knows, and ampersands that mean themselves, are common."""
    if not match[0].startswith("&"):
        return match[0]
    name = match[1] or ""
    if name in _XML_NAMES:
        return match[0]
    if name.startswith("#"):
        # As browsers read it: what no XML may hold is left out, or stands for what Windows has there.
        return html.escape(html.unescape(match[0])) if len(name) <= _LONGEST_NUMBER else ""
    known = html.entities.html5.get(name)
    return html.escape(known) if known else f"&amp;{name}"


@dataclass
class _Item:
    base: str = ""
    files: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    """By the name of the element; the first that has a text, and rather one of no namespace."""
    foreign: set[str] = field(default_factory=set)
    """Which of them are of a namespace, such as the shorter titles of podcast programs."""
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
        self.feeds: list[tuple[str, str]] = []
        """Address and title of each subscription."""
        self._item: _Item | None = None
        self._depth = 0
        """Of the item, which may hold elements that are called like one."""
        self._named: tuple[int, list[str]] | None = None
        """Depth of the element whose text is being read, and the text: it may have others within."""
        self._within: list[str] = []
        self._bases: list[str] = [""]

    def read(self, text: str) -> None:
        parser = expat.ParserCreate(encoding="utf-8")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
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
        self._bases.append(joined(self._bases[-1], attributes.get("xml:base", "")))
        if self.root == "opml":
            if local == "outline" and (address := own.get("xmlurl", "").strip()):
                self.feeds.append((address, html.unescape(own.get("title") or own.get("text") or "").strip()))
        elif local in _ITEMS and self._item is None:
            self._item, self._depth = _Item(base=self._bases[-1]), len(self._within)
        elif self._item is not None and _OF_OTHERS.isdisjoint(self._within[self._depth : -1]):
            if self._named is None and local in _TEXTS:
                self._named = len(self._within), []
            self._look_at(local, own)

    def _characters(self, text: str) -> None:
        if self._named is not None:
            self._named[1].append(text)

    def _look_at(self, local: str, own: dict[str, str]) -> None:
        item, base = self._item, self._bases[-1]
        assert item is not None  # noqa: S101 - asked for by the caller
        address = (own.get("url") or own.get("href") or "").strip()
        if local == "content" and not address:
            address = own.get("src", "").strip()
        is_file = (
            local == "enclosure"
            or (local == "link" and own.get("rel") == "enclosure")
            or local == "content"
            or local == "ref"
        )
        if (
            is_file
            and address
            and not _NO_MEDIA_TYPE.match(own.get("type", ""))
            and own.get("medium") != "image"
            and (own.get("type") or own.get("medium") or not is_picture_name(address.partition("?")[0]))
        ):
            item.files.append(joined(base, address) if base else address)
        elif local == "link" and address and own.get("rel", "alternate") == "alternate":
            item.page = item.page or (joined(base, address) if base else address)

    def _end(self, name: str) -> None:
        local = _local(name)
        depth = len(self._within)
        self._within.pop()
        self._bases.pop()
        item = self._item
        if item is None:
            return
        if depth == self._depth:
            self.items.append(item)
            self._item = None
        elif self._named is not None and self._named[0] == depth:
            text = "".join(self._named[1]).strip()
            self._named = None
            if text and (local not in item.texts or (local in item.foreign and ":" not in name)):
                item.texts[local] = text
                item.foreign = item.foreign | {local} if ":" in name else item.foreign - {local}


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


class _JsonFeed(BaseModel):
    model_config = ConfigDict(extra="ignore")

    version: str
    items: list[Any]


def parse_json_feed(text: str, resolve: Resolve) -> ParsedList | None:
    """The recordings of a JSON Feed (https://www.jsonfeed.org/version/1.1/); None if it is other JSON."""
    try:
        feed = _JsonFeed.model_validate_json(text)
    except ValidationError:
        return None
    if "jsonfeed.org" not in feed.version:
        return None
    # One item that is not as it should be does not take the others with it.
    return _listed([_json_item(item) for item in feed.items if isinstance(item, dict)], resolve)


def _json_item(item: dict[str, Any]) -> _Item:
    attachments = item.get("attachments")
    named = [each for each in attachments if isinstance(each, dict)] if isinstance(attachments, list) else []
    found = _Item()
    found.files = [
        address for each in named if (address := _plain(each.get("url"))) and _may_be_media(each, address)
    ]
    durations = (_plain(each.get("duration_in_seconds")) for each in named)
    texts = {
        "title": _plain(item.get("title")),
        "guid": _plain(item.get("id")),
        "duration": next(filter(None, durations), ""),
    }
    found.texts = {name: text for name, text in texts.items() if text}
    return found


def _may_be_media(attachment: dict[str, Any], address: str) -> bool:
    stated = _plain(attachment.get("mime_type"))
    return not _NO_MEDIA_TYPE.match(stated) if stated else not is_picture_name(address.partition("?")[0])


def _plain(value: object) -> str:
    """A text or a number as text; empty for all else."""
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
