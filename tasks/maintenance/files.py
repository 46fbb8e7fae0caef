"""Old files: stored ones, kept results, and what killed jobs left behind."""

from datetime import timedelta
from pathlib import Path

from blocks.media_store import RESULTS_PREFIX, MediaStore
from blocks.scratch import abandoned_scratch, sweep_scratch
from tasks.maintenance.report import Removed


def remove_results(store: MediaStore, older_than: timedelta, *, dry_run: bool) -> Removed:
    """Kept results of steps, which are not used again when the cache's time is over."""
    found = store.purge(older_than, RESULTS_PREFIX, dry_run=dry_run)
    return Removed(what="kept results", count=found.count, bytes=found.bytes)


def remove_stored(store: MediaStore, older_than: timedelta, *, dry_run: bool) -> Removed:
    """Everything that the store holds: recordings, transcripts, what callers have put there."""
    found = store.purge(older_than, dry_run=dry_run)
    return Removed(what="stored files", count=found.count, bytes=found.bytes)


def remove_scratch(home: Path, *, dry_run: bool) -> Removed:
    """Scratch folders whose processes are gone."""
    abandoned = abandoned_scratch(home)
    size = sum(_size(file) for folder in abandoned for file in folder.rglob("*"))
    count = len(abandoned) if dry_run else sweep_scratch(home)
    return Removed(what="scratch folders", count=count, bytes=size)


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size if not file.is_dir() else 0
    except FileNotFoundError:  # another sweep was faster
        return 0
