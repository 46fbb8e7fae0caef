"""Folders for work in progress that go away however the work ends."""

import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


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
            _remove(folder)


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
    locked = [lock.with_suffix("") for lock in (home / "scratch").glob("*.lock")]
    for folder in {*_folders(home), *locked}:
        try:
            with _lock_of(folder, timeout=0):
                swept += _remove(folder)
        except Timeout:
            continue
    return swept


def _folders(home: Path) -> list[Path]:
    place = home / "scratch"
    if not place.is_dir():
        return []
    return [entry for entry in place.iterdir() if entry.is_dir() and not entry.is_symlink()]


def _remove(folder: Path) -> int:
    """Removes a folder whose lock is held, and its lock. Returns how many folders are gone: 0 or 1.

    An error would hide the one that ended the work; what stays behind is swept later. The lock's file goes
    while it is locked: who has opened it meanwhile finds that it has lost its name, and tries again.
    """
    was = folder.is_dir() and not folder.is_symlink()
    if was:
        shutil.rmtree(folder, ignore_errors=True)
    if folder.is_dir() and not folder.is_symlink():
        return 0
    _lock_path(folder).unlink(missing_ok=True)
    return int(was)


def _lock_path(folder: Path) -> Path:
    return folder.parent / f"{folder.name}.lock"


def _lock_of(folder: Path, timeout: float = 10) -> FileLock:
    path = _lock_path(folder)
    if path.is_symlink():
        # None of ours. Left there, it would make every sweep fail.
        path.unlink(missing_ok=True)
    return FileLock(path, timeout=timeout)
