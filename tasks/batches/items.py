"""What is in a batch: sources become items, one for each recording."""

import asyncio
import hashlib
import os
import posixpath
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from blocks.from_settings import media_store
from blocks.media_store import MediaStore
from blocks.settings import Settings, get_settings
from blocks.store_keys import key_part
from tasks.batches.document import LeftOut
from tasks.batches.folders import recordings_in
from tasks.batches.ledger import Ledger
from tasks.batches.listing import BadSource, BatchItem, Feed, Listing, Recordings
from tasks.errors import (
    ContrapontoError,
    InvalidInputError,
    NotMediaError,
    SourceForbiddenError,
    SourceNotFoundError,
    StageTimeoutError,
)
from tasks.fetching.content import has_media_extension, is_media_name, unquoted
from tasks.fetching.download import is_known_site
from tasks.fetching.feeds import ParsedList
from tasks.fetching.lists import MAX_LIST_BYTES, empty, look_for_list, parse_list
from tasks.fetching.options import transfer_options
from tasks.fetching.playlists import LIST_EXTENSIONS
from tasks.fetching.results import DownloadLimits, TransferOptions
from tasks.fetching.sites import list_entries
from tasks.fetching.source import check_source
from tasks.fetching.steps import is_url
from tasks.foreign_text import one_line, printable
from tasks.jobs.threads import in_thread
from tasks.net.urls import CheckedUrl, check_url, mask_url, mask_urls, path_of
from tasks.progress import Progress

FOLDER = "folder:"
"""Begins a source that is a folder of the worker's machine."""
_LISTING_DEADLINE = 120.0
"""Seconds that a site has to list its recordings."""
_LONGEST_TITLE = 300
_MOST_FEEDS = 500
"""Of one list of subscriptions: each of them is asked for."""
_FEEDS_SECONDS = 1800.0
"""That all feeds of one list may take together: whoever writes the list may own slow servers."""
_FEED = re.compile(r"(?:feed|podcast|podcasts|itpc|pcast):(?://)?(?:https?://)?", re.IGNORECASE)
"""How programs for podcasts write the address of a feed."""


_Source = BatchItem | LeftOut | BadSource


async def list_items(
    sources: Sequence[str], max_items: int, progress: Progress, ledger: Ledger, *, only_new: bool = False
) -> Listing:
    """The recordings behind the sources, each once, at most `max_items` that are to be worked on.

    With `only_new` what the ledger knows is left out and does not count.
    """
    return await in_thread(lambda report: _list(sources, max_items, report, ledger, only_new), progress)


def _list(
    sources: Sequence[str], max_items: int, progress: Progress, ledger: Ledger, only_new: bool
) -> Listing:
    settings = get_settings()
    store = media_store(settings)
    listing = Listing()
    found = Recordings()
    # Of a site so many as there must be looked at to find those that are new and have had no turn, and one, to see
    # whether more are left.
    looked_at = max_items + 1 + (len(ledger.items) + len(ledger.failures) if only_new else 0)
    for number, source in enumerate(sources):
        progress(number / len(sources))
        try:
            for item in _items_of(
                source, store, settings, looked_at, _still(progress, number / len(sources))
            ):
                match item:
                    case BatchItem():
                        found.add(item)
                    case BadSource():
                        listing.bad.append(item)
                    case LeftOut():
                        left_out = LeftOut(source=printable(item.source), reason=printable(item.reason))
                        listing.left_out.append(left_out)
        except ContrapontoError as error:
            if error.code == "cancelled":
                raise
            shown = mask_url(source) if is_url(source) else source
            listing.bad.append(BadSource(printable(shown), error))
    wanted = [item for item, names in found.items() if not (only_new and any(map(ledger.knows, names)))]
    if only_new:
        wanted.sort(key=lambda item: ledger.failures.get(item.identity, 0))
    listing.skipped = len(found.items()) - len(wanted)
    listing.items = wanted[:max_items]
    listing.left = len(wanted) - len(listing.items)
    return listing


def _still(progress: Progress, fraction: float) -> Progress:
    """For work that may be stopped at any time and moves nothing."""
    return lambda _: progress(fraction)


def _items_of(
    source: str, store: MediaStore, settings: Settings, max_items: int, progress: Progress
) -> Iterator[_Source]:
    ends = time.monotonic() + _FEEDS_SECONDS
    for found in _named_by(source, store, settings, max_items, progress):
        if not isinstance(found, Feed):
            yield found
        elif time.monotonic() < ends:
            yield from _from_feed(found, settings, max_items, progress)
        else:
            late = StageTimeoutError(
                f"The feeds before it in its list took the {_FEEDS_SECONDS / 60:.0f} min that they have together.",
                hint="Name it as a source of its own.",
            )
            yield BadSource(printable(mask_url(found.url)), late)


def _from_feed(feed: Feed, settings: Settings, max_items: int, progress: Progress) -> Iterator[_Source]:
    """The recordings of one subscription; one that cannot be read is a bad source, and the others go on."""
    try:
        for found in _from_url(feed.url, settings, max_items, progress):
            if isinstance(found, Feed):
                raise InvalidInputError(
                    f"{mask_url(feed.url)} is a list of feeds within a list of feeds.",
                    hint="Name it as a source of its own.",
                )
            yield found
    except ContrapontoError as error:
        if error.code == "cancelled":
            raise
        yield BadSource(printable(mask_url(feed.url)), error)


def _named_by(
    source: str, store: MediaStore, settings: Settings, max_items: int, progress: Progress
) -> Iterable[_Source | Feed]:
    if source.startswith(FOLDER):
        return _from_folder(Path(source.removeprefix(FOLDER)), settings)
    if feed := _FEED.match(source):
        source = f"https://{source[feed.end() :]}"
    check_source(source)
    if is_url(source):
        return _from_url(source, settings, max_items, progress)
    return _from_store(source, store)


def _from_url(url: str, settings: Settings, max_items: int, progress: Progress) -> Iterator[_Source | Feed]:
    checked = check_url(url)
    if has_media_extension(url):
        yield BatchItem(url, _identity_of(url), _title(unquoted(path_of(url)).rpartition("/")[2]))
        return
    options = replace(transfer_options(settings, DownloadLimits()), deadline=_LISTING_DEADLINE)
    if (listed := _list_at(checked, options, progress)) is not None:
        yield from _from_list(listed, checked.masked)
        return
    try:
        entries = list_entries(checked, options, progress, max_items=max_items)
    except NotMediaError:
        # A file whose address has no telling ending; its own job will say what it is.
        yield BatchItem(url, _identity_of(url), mask_url(url))
        return
    for entry in entries:
        yield BatchItem(entry.url, _identity_of(entry.url), _title(entry.title or entry.id))


def _list_at(url: CheckedUrl, options: TransferOptions, progress: Progress) -> ParsedList | None:
    if is_known_site(url):
        return None
    try:
        return look_for_list(url, options, progress)
    except SourceForbiddenError:
        return None  # Some sites refuse everything but browsers; yt-dlp may know how to ask.


def _from_list(listed: ParsedList, where: str) -> Iterator[_Source | Feed]:
    """The entries of a feed or playlist; one that cannot be fetched is a bad source, and the rest goes on."""
    if listed.feeds:
        yield from _feeds(listed, where)
        return
    if not listed.entries:
        raise empty(where, listed)
    for entry in listed.entries:
        title = _title(entry.title)
        try:
            check_source(entry.url)
            if is_url(entry.url):
                check_url(entry.url)
        except InvalidInputError as error:
            yield BadSource(printable(mask_urls(entry.url)), error)
            continue
        # The name that a feed gives an episode stays when the address of its file gets another token.
        identity = entry.url if entry.id == entry.url else f"{where} {entry.id}"
        shown = title or _title(PurePosixPath(unquoted(path_of(entry.url))).name)
        yield BatchItem(entry.url, _identity_of(identity), shown or mask_url(entry.url), called=title or None)
    for name in listed.without:
        yield LeftOut(source=_title(name), reason=f"Its entry in {where} names no recording.")


def _feeds(listed: ParsedList, where: str) -> Iterator[BadSource | Feed]:
    if len(listed.feeds) > _MOST_FEEDS:
        raise InvalidInputError(
            f"{where} names {len(listed.feeds):,} feeds; {_MOST_FEEDS} is the most.",
            hint="Divide the list, or name the feeds that you want as sources.",
        )
    for feed in listed.feeds:
        address = feed.url
        if scheme := _FEED.match(address):
            address = f"https://{address[scheme.end() :]}"
        try:
            check_url(address)
        except InvalidInputError as error:
            yield BadSource(printable(mask_urls(feed.url)), error)
            continue
        yield Feed(address)


def _identity_of(url: str) -> str:
    """The URL itself, unless it holds secrets: identities are kept in the store."""
    masked = mask_url(url)
    return url if masked == url else f"{masked} {hashlib.sha256(url.encode()).hexdigest()[:16]}"


def _as_text(identity: str) -> str:
    """The identity as the ledger can keep it: names on a disk need not be text."""
    try:
        identity.encode()
    except UnicodeEncodeError:
        return ascii(identity)
    return identity


def _title(name: str) -> str:
    return one_line(name, _LONGEST_TITLE)


def _from_store(key: str, store: MediaStore) -> Iterator[_Source | Feed]:
    if _may_be_list(key) and store.stat(key).size <= MAX_LIST_BYTES:
        # Its entries are addresses, or keys by their place beside the list.
        folder = PurePosixPath(key).parent
        listed = parse_list(store.read_bytes(key), key, lambda entry: _beside(folder, entry))
        if listed is not None:
            yield from _from_list(listed, key)
            return
    if not key.endswith("/"):
        found = store.stat(key)
        yield BatchItem(
            key,
            f"{key} {found.size} {found.modified.isoformat()}",
            _title(PurePosixPath(key).name),
        )
        return
    empty = True
    for file in store.list(key):
        if is_media_name(file.key):
            empty = False
            yield BatchItem(
                file.key,
                _as_text(f"{file.key} {file.size} {file.modified.isoformat()}"),
                _title(PurePosixPath(file.key).name),
            )
        else:
            yield LeftOut(source=file.key, reason="Its name is not that of a media file.")
    if empty:
        raise SourceNotFoundError(
            f'There is no recording under "{key}" in the media store.',
            hint="Check the prefix, or upload files there.",
        )


def _may_be_list(name: str) -> bool:
    return PurePosixPath(name.lower().removesuffix(".gz")).suffix[1:] in LIST_EXTENSIONS


def _beside(folder: PurePosixPath, entry: str) -> str:
    name = entry.replace("\\", "/")
    return entry if is_url(entry) else posixpath.normpath(str(folder / name))


def _from_folder(folder: Path, settings: Settings) -> Iterator[_Source | Feed]:
    for path in recordings_in(folder, settings.import_folders):
        if isinstance(path, LeftOut):
            yield path
            continue
        if _may_be_list(path.name) and (listed := _list_in(path)) is not None:
            yield from _from_list_in(path.parent, listed, str(folder), settings)
            continue
        yield _item_of(path)


def _item_of(path: Path, title: str = "") -> BatchItem:
    status = path.stat()
    identity = f"{path} {status.st_size} {status.st_mtime_ns}"
    called = _title(title) or _title(path.stem)
    return BatchItem(str(path), _as_text(identity), _title(path.name), path, called or None)


def _list_in(file: Path) -> ParsedList | None:
    """The entries of a list on this machine, their places not looked at yet; None if it is none."""
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_LIST_BYTES + 1)
    except OSError:
        return None  # As a recording it is refused by name.
    return parse_list(data, file.name, _place) if len(data) <= MAX_LIST_BYTES else None


def _place(entry: str) -> str:
    """What a list on this machine names: players write the path of a file also as an address."""
    return (
        unquote(urlsplit(entry).path)
        if entry.lower().startswith(("file:///", "file://localhost/"))
        else entry
    )


def _from_list_in(
    folder: Path, listed: ParsedList, where: str, settings: Settings
) -> Iterator[_Source | Feed]:
    """What a list on this machine names: addresses, and files by their place beside it, of open folders alone."""
    if listed.feeds:
        yield from _feeds(listed, where)
        return
    if not listed.entries:
        raise empty(where, listed)
    for entry in listed.entries:
        if is_url(entry.url):
            yield from _from_list(ParsedList([entry]), where)
            continue
        try:
            for found in recordings_in(folder / entry.url.replace("\\", "/"), settings.import_folders):
                yield found if isinstance(found, LeftOut) else _item_of(found, entry.title)
        except (InvalidInputError, SourceNotFoundError) as error:
            yield BadSource(printable(entry.url), error)


async def bring(item: BatchItem) -> str:
    """What the recording's own job takes for its source: of a file of this machine the key of its copy in the store.

    Raises InvalidInputError for a file that cannot be read, and the errors of the media store.
    """
    if item.file is None:
        return item.source
    return await asyncio.to_thread(_import, item.file, item.identity)


def _import(file: Path, identity: str) -> str:
    store = media_store(get_settings())
    # Named by its place and version, so that the next run finds it without reading it again.
    version = hashlib.sha256(os.fsencode(identity)).hexdigest()[:16]
    # The ending stays, however long the name is.
    ending = key_part(file.suffix, default="")
    key = f"imports/{version}/{key_part(file.stem)}{f'.{ending}' if ending else ''}"
    try:
        with file.open("rb"):
            pass
    except OSError as error:
        raise InvalidInputError(
            f'The file "{printable(str(file))}" cannot be read: {error.strerror}.',
            hint="Check that it is there, and its owner and mode.",
        ) from error
    if not store.exists(key):
        store.put_file(file, key)
    return key
