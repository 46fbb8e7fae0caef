"""A file while it is being downloaded."""

from __future__ import annotations

import errno
import hashlib
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tasks.errors import StorageFullError

_FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class PartFile:
    """The file being downloaded, under a temporary name that goes away unless it is kept."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / f".{secrets.token_hex(8)}.part"
        self._file: BinaryIO

    def __enter__(self) -> PartFile:
        with _storage_errors():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("xb", buffering=0)
        self.restart()
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def restart(self) -> None:
        """Empties the file."""
        self._file.seek(0)
        self._file.truncate()
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        """Appends. Raises StorageFullError."""
        view = memoryview(data)
        with _storage_errors():
            while view:
                written = self._file.write(view)
                self._hash.update(view[:written])
                self.size += written
                view = view[written:]

    def reserve(self, more: int) -> None:
        """Raises StorageFullError if the disk has no room for so many more bytes."""
        if more > shutil.disk_usage(self._path.parent).free:
            raise _full(f"The disk has no room for the {megabytes(more)} of this download.")

    def keep(self, name: str) -> tuple[Path, str]:
        """Gives the complete file its name; returns where it is and its SHA-256."""
        target = self._path.with_name(name)
        self._file.close()
        with _storage_errors():
            self._path.replace(target)
        return target, self._hash.hexdigest()


def megabytes(size: int) -> str:
    """A number of bytes for a message."""
    return f"{size / 1024**2:,.1f} MB" if size >= 1024**2 // 10 else f"{size:,} bytes"


@contextmanager
def _storage_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL_DISK:
            raise _full("The disk is full.") from error
        raise


def _full(sentence: str) -> StorageFullError:
    return StorageFullError(
        sentence, hint="Free some space, or lower the retention time, and submit the job again."
    )
