"""Folders for work in progress that go away however the work ends."""

import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

_LOCK_WITHOUT_FOLDER_SECONDS = 3600.0


@contextmanager
def scratch_directory(home: Path, name: str) -> Iterator[Path]:
    """An empty folder under `home`/scratch for the time of the `with` block, removed with all it holds.

    `name` only helps a person who looks at the folder. A killed process cannot clean up: the next call
    removes its folders, as nobody holds their lock.
    """
    place = home / "scratch"
    place.mkdir(parents=True, exist_ok=True)
    sweep_scratch(home)
    folder = place / f"{re.sub(r'[^A-Za-z0-9_-]+', '-', name)[:60]}-{uuid.uuid4().hex[:12]}"
    # Locked before the folder exists and until it is gone: an unlocked folder is a leftover.
    with _lock_of(folder):
        folder.mkdir()
        try:
            yield folder
        finally:
            # An error here would hide the one that ended the work; what stays behind is swept later.
            shutil.rmtree(folder, ignore_errors=True)
            # Nobody else ever takes this name, so the file may go while its lock is still held.
            _lock_path(folder).unlink(missing_ok=True)


def abandoned_scratch(home: Path) -> list[Path]:
    """The scratch folders of processes that are gone."""
    found = []
    for folder in _folders(home):
        try:
            with _lock_of(folder, timeout=0):
                found.append(folder)
        except Timeout:
            continue
    return found


def sweep_scratch(home: Path) -> int:
    """Removes the scratch folders of processes that are gone. Returns how many there were."""
    swept = 0
    for folder in _folders(home):
        try:
            with _lock_of(folder, timeout=0):
                shutil.rmtree(folder, ignore_errors=True)
        except Timeout:
            continue
        if not folder.exists():
            _lock_path(folder).unlink(missing_ok=True)
            swept += 1
    for lock in (home / "scratch").glob("*.lock"):
        _remove_forgotten_lock(lock)
    return swept


def _folders(home: Path) -> list[Path]:
    place = home / "scratch"
    if not place.is_dir():
        return []
    return [entry for entry in place.iterdir() if entry.is_dir() and not entry.is_symlink()]


def _remove_forgotten_lock(lock: Path) -> None:
    # A young lock without a folder may belong to a process that is just about to make its folder.
    try:
        forgotten = time.time() - lock.stat().st_mtime > _LOCK_WITHOUT_FOLDER_SECONDS
    except FileNotFoundError:
        return
    if forgotten and not lock.with_suffix("").exists():
        lock.unlink(missing_ok=True)


def _lock_path(folder: Path) -> Path:
    return folder.parent / f"{folder.name}.lock"


def _lock_of(folder: Path, timeout: float = 10) -> FileLock:
    return FileLock(_lock_path(folder), timeout=timeout)
