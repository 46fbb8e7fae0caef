"""Which runs this machine has taken: each a small file, on which the monitor of the run holds a lock.

A monitor that has told the worker how its run ended removes the file. One without a lock belongs to a run that nobody
answers for any more: it was lost with its worker, and `lost_runs` says so to the server.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

TOUCH_SECONDS = 10.0
"""How often the monitor says that the run lives."""


@dataclass(frozen=True)
class TakenRun:
    """The mark of a run, as its monitor holds it."""

    path: Path
    descriptor: int

    def touch(self) -> None:
        """The run lives."""
        os.utime(self.descriptor)

    def remove(self) -> None:
        """Whoever has to know of its end does."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Leave it to the process that this one was forked from."""
        os.close(self.descriptor)


@dataclass(frozen=True)
class LostRun:
    """A run whose monitor has ended without a word."""

    run_id: UUID
    path: Path
    taken: datetime
    """When it was taken."""
    alive: datetime
    """When it was last known to live; at most `TOUCH_SECONDS` before its end."""


def take(directory: Path, run_id: str) -> TakenRun:
    """Mark a run as taken by this process.

    Raises:
        OSError: the directory cannot be written.
    """
    # Nobody finds it before it is locked.
    descriptor, hidden = tempfile.mkstemp(prefix=".", dir=directory)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.write(descriptor, datetime.now(UTC).isoformat().encode())
    path = directory / f"{run_id}{Path(hidden).name}"
    Path(hidden).rename(path)
    return TakenRun(path, descriptor)


def lost(directory: Path) -> Iterator[LostRun]:
    """Every run that was lost; while the caller has one, nobody else gets it. The caller removes its file."""
    for path in sorted(directory.glob("[!.]*")):
        try:
            file = path.open("rb")
        except FileNotFoundError:
            continue
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # It may have been dealt with between the two.
                path.stat()
                alive = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
                run_id = UUID(path.name.partition(".")[0])
                # A mark of an earlier version is empty.
                taken = datetime.fromisoformat(text) if (text := file.read().decode()) else alive
            except (BlockingIOError, FileNotFoundError, ValueError):
                continue
            yield LostRun(run_id, path, taken, alive)
