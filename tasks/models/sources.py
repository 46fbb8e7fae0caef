"""What every source of models has in common."""

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

from tasks.errors import StorageFullError

BytesHere = Callable[[int], None]
"""Called with the number of bytes of the model that are here by now. It may raise CancelledError."""

_MARGIN = 64 << 20
"""Bytes that stay free: a disk filled to the last byte breaks everything else on the machine."""


class SourceFailedError(Exception):
    """One source could not give the model; the next may. The message is a clause for the final error."""


def require_space(directory: Path, size: int, what: str) -> None:
    """Raise StorageFullError unless `size` more bytes fit on the disk of `directory`."""
    free = shutil.disk_usage(directory).free
    if free < size + _MARGIN:
        raise StorageFullError(
            f"{what} needs {(size + _MARGIN) / 1e6:,.0f} MB and {directory} has {free / 1e6:,.0f} MB free.",
            hint="Free some disk space, or set CONTRAPONTO_MODELS_DIR to a directory on a larger disk.",
        )


def storage_full(error: OSError, directory: Path) -> StorageFullError | None:
    """The StorageFullError for an OSError that means a full disk or quota; None for any other OSError."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return None
    return StorageFullError(
        f"The disk of {directory} filled up while a model was being written.",
        hint="Free some disk space and run the same command again: it continues where it stopped.",
    )
