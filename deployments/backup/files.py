"""Files of a home as parts of a backup: the media store, the record store, fonts."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from deployments.backup.manifest import BackupError
from deployments.processes.private import OWNER_ONLY

RECORDS = "records.db"
_HALF_WRITTEN = ".unfinished-"
"""How names of files begin that the media store has not finished."""
_BUSY_SECONDS = 60
_SPARE = 1.05


def link_tree(source: Path, target: Path, report: Callable[[str], None]) -> int:
    """Have every file of a folder in another, which is made; how many. Files that go meanwhile are left out.

    On one file system they are hard links: the store replaces files and never writes into one.
    """
    count = 0
    target.mkdir(mode=OWNER_ONLY, parents=True)
    for path in _files(source):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            try:
                os.link(path, copy)
            except OSError as error:
                if isinstance(error, FileNotFoundError):
                    raise
                shutil.copy2(path, copy)
            count += 1
            if count % 1000 == 0:
                report(f"{count} files of the store")
    return count


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder with the times of its files: by them the store knows that their digests are still theirs."""
    shutil.copytree(source, target, copy_function=shutil.copy2, dirs_exist_ok=True)


def bytes_to_copy(source: Path, target: Path) -> int:
    """What `link_tree` will write: nothing on the same file system."""
    if not source.is_dir() or source.stat().st_dev == target.stat().st_dev:
        return 0
    return bytes_in(source)


def bytes_in(folder: Path) -> int:
    """Of all files in a folder."""
    total = 0
    for path in _files(folder):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def check_space(target: Path, needed: int) -> None:
    """Raises BackupError if the disk of a folder has not so many bytes left."""
    free = shutil.disk_usage(target).free
    if needed * _SPARE > free:
        raise BackupError(
            f"{target} has {free / 1e6:.0f} MB left, and {needed * _SPARE / 1e6:.0f} MB are needed.",
            hint="Name a folder on a larger disk, or remove old backups.",
        )


def copy_records(source: Path, target: Path) -> None:
    """Copy an SQLite database that may be in use, as it is at one moment."""
    try:
        with (
            contextlib.closing(sqlite3.connect(source, timeout=_BUSY_SECONDS)) as records,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            records.backup(copy)
    except sqlite3.Error as error:
        raise BackupError(f"The record store {source} could not be copied: {error}.") from error


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent) / name
            if not name.startswith(_HALF_WRITTEN) and path.is_file() and not path.is_symlink():
                yield path
