"""What is in a batch: sources become items, one for each recording."""

import asyncio
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from blocks.from_settings import media_store
from blocks.media_store import MediaStore
from blocks.settings import Settings, get_settings
from blocks.store_keys import key_part
from tasks.batches.folders import recordings_in
from tasks.batches.ledger import Ledger
from tasks.errors import ContrapontoError, NotMediaError, SourceNotFoundError
from tasks.fetching.content import has_media_extension
from tasks.fetching.options import transfer_options
from tasks.fetching.results import DownloadLimits
from tasks.fetching.sites import list_entries
from tasks.fetching.steps import is_url
from tasks.jobs.threads import in_thread
from tasks.net.urls import check_url, mask_url
from tasks.progress import Progress

FOLDER = "folder:"
"""Begins a source that is a folder of the worker's machine."""
_LISTING_DEADLINE = 120.0
"""Seconds that a site has to list its recordings."""


@dataclass(frozen=True)
class BatchItem:
    """One recording of a batch."""

    source: str
    """URL or store key."""
    identity: str
    """The same for the same recording in every run; another one when the file has changed."""
    title: str

    @property
    def shown(self) -> str:
        """The source for messages and results."""
        return mask_url(self.source) if is_url(self.source) else self.source


@dataclass(frozen=True)
class BadSource:
    """A source that could not be listed."""

    source: str
    error: ContrapontoError


async def list_items(
    sources: Sequence[str], max_items: int, progress: Progress
) -> tuple[list[BatchItem], list[BadSource]]:
    """The recordings behind the sources, each once, in the order of the sources; and the sources that failed."""
    return await in_thread(lambda report: _list(sources, max_items, report), progress)


def _list(
    sources: Sequence[str], max_items: int, progress: Progress
) -> tuple[list[BatchItem], list[BadSource]]:
    settings = get_settings()
    store = media_store(settings)
    items: dict[str, BatchItem] = {}
    bad: list[BadSource] = []
    for number, source in enumerate(sources):
        progress(number / len(sources))
        try:
            for item in _items_of(source, store, settings, max_items):
                items.setdefault(item.identity, item)
                if len(items) >= max_items:
                    return list(items.values()), bad
        except ContrapontoError as error:
            if error.code == "cancelled":
                raise
            bad.append(BadSource(mask_url(source) if is_url(source) else source, error))
    return list(items.values()), bad


def _items_of(source: str, store: MediaStore, settings: Settings, max_items: int) -> Iterable[BatchItem]:
    if source.startswith(FOLDER):
        return _from_folder(Path(source.removeprefix(FOLDER)), store, settings)
    if is_url(source):
        return _from_url(source, settings, max_items)
    return _from_store(source, store)


def _from_url(url: str, settings: Settings, max_items: int) -> Iterator[BatchItem]:
    if has_media_extension(url):
        yield BatchItem(url, _identity_of(url), Path(urlsplit(url).path).name)
        return
    try:
        options = replace(transfer_options(settings, DownloadLimits()), deadline=_LISTING_DEADLINE)
        entries = list_entries(check_url(url), options, max_items=max_items)
    except NotMediaError:
        # A file whose address has no telling ending; its own job will say what it is.
        yield BatchItem(url, _identity_of(url), mask_url(url))
        return
    for entry in entries:
        yield BatchItem(entry.url, _identity_of(entry.url), entry.title or entry.id)


def _identity_of(url: str) -> str:
    """The URL itself, unless it holds secrets: identities are kept in the store."""
    masked = mask_url(url)
    return url if masked == url else f"{masked} {hashlib.sha256(url.encode()).hexdigest()[:16]}"


def _from_store(key: str, store: MediaStore) -> Iterator[BatchItem]:
    if not key.endswith("/"):
        found = store.stat(key)
        yield BatchItem(key, f"{key} {found.size} {found.modified.isoformat()}", Path(key).name)
        return
    empty = True
    for file in store.list(key):
        if has_media_extension(file.key):
            empty = False
            yield BatchItem(
                file.key, f"{file.key} {file.size} {file.modified.isoformat()}", Path(file.key).name
            )
    if empty:
        raise SourceNotFoundError(
            f'There is no recording under "{key}" in the media store.',
            hint="Check the prefix, or upload files there.",
        )


def _from_folder(folder: Path, store: MediaStore, settings: Settings) -> Iterator[BatchItem]:
    for path in recordings_in(folder, settings.import_folders):
        stat = path.stat()
        identity = f"{path} {stat.st_size} {stat.st_mtime_ns}"
        # Named by its place and version, so that the next run finds it without reading it again.
        version = hashlib.sha256(identity.encode()).hexdigest()[:16]
        key = f"imports/{version}/{key_part(path.name)}"
        if not store.exists(key):
            store.put_file(path, key)
        yield BatchItem(key, identity, path.name)


async def read_ledger(name: str) -> Ledger:
    """What the batch of that name has dealt with so far."""
    store = media_store(get_settings())
    try:
        return Ledger.model_validate_json(await asyncio.to_thread(store.read_bytes, _ledger_key(name)))
    except SourceNotFoundError:
        return Ledger()


async def write_ledger(name: str, ledger: Ledger) -> None:
    """Keeps it for the next run."""
    store = media_store(get_settings())
    await asyncio.to_thread(store.put_text, ledger.model_dump_json(indent=1), _ledger_key(name))


def _ledger_key(name: str) -> str:
    return f"batches/{key_part(name)}.json"
