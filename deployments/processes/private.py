"""What keeps the data of a home from other users of the machine.

A folder that nobody else may enter hides all that lies below it, whatever the modes of the files: the home itself is
that folder. What a process of the stack writes is private besides (`PRIVATE_UMASK`).
"""

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

PRIVATE_UMASK = 0o077
"""Of every service of a stack: what it writes is its owner's alone."""

OWNER_ONLY = 0o700
_PASSED_THROUGH = 0o711
"""A web server may reach a folder in it that is meant for it, and list nothing."""
_SHOWN = 0o755
_ENTERED_BY_OTHERS = 0o011
_READ_BY_OTHERS = 0o044
_OWN_FILE = 0o600

STORE = "store"
"""The folder of the local media store in a home."""
RECORDS = ("records.db", "records.db-wal", "records.db-shm")
"""Files of the embedded record store, which lie in the home itself."""
OURS = frozenset(
    {
        *(
            "backups",
            "demo",
            "fonts",
            "inbox",
            "locks",
            "logs",
            "models",
            "postgres",
            "postgres.unfinished",
            "prefect",
        ),
        *("results", "run", "scratch", STORE, "tmp", "valkey"),
        *("api-auth", "stack.lock"),
        *("pipelines.yaml", "report-fonts", *RECORDS),
    }
)
"""What lies in a home. A folder with anything else in it is somebody's own, as a home directory or /srv is."""


def make_private_home(home: Path) -> None:
    """Have the folder there; one that is made now is its owner's alone, one that is there stays as it is."""
    home.parent.mkdir(parents=True, exist_ok=True)
    home.mkdir(mode=OWNER_ONLY, exist_ok=True)


def keep_private(home: Path, *, store_is_shown: bool = False) -> None:
    """Have the folder there and keep everybody else out of it; no mode of a file within its folders is changed.

    Where it holds more than a home's things, or is a volume, each of those things is closed instead of the folder, the
    files of the records as well.
    What belongs to another user is left; `doctor` names it.

    Args:
        home: The home.
        store_is_shown: A web server of this machine shows the media store in it (setting `store_base_url`).
    """
    make_private_home(home)
    if _is_ours_alone(home):
        home.chmod(_PASSED_THROUGH if store_is_shown else OWNER_ONLY)
    for folder in _own_folders(home):
        folder.chmod(_SHOWN if store_is_shown and folder.name == STORE else OWNER_ONLY)
    for file in (home / name for name in RECORDS):
        with contextlib.suppress(FileNotFoundError):  # one that comes and goes with its users
            if _is_own(file, stat.S_ISREG):
                file.chmod(_OWN_FILE)


def open_places(home: Path, *, store_is_shown: bool = False) -> list[Path]:
    """What other users get at: own folders that they can enter, and records. Empty where the home keeps them out."""
    if not home.is_dir() or not _lets_others_in(home):
        return []
    records = [home / name for name in RECORDS if (home / name).is_file()]
    return [file for file in records if file.stat().st_mode & _READ_BY_OTHERS] + [
        folder
        for folder in sorted(home.iterdir())
        if folder.name in OURS
        and folder.is_dir()
        and not folder.is_symlink()
        and _lets_others_in(folder)
        and not (store_is_shown and folder.name == STORE)
    ]


def _is_ours_alone(home: Path) -> bool:
    return (
        _is_own(home, stat.S_ISDIR)
        and not home.is_mount()
        and all(entry.name in OURS or entry.name.startswith(".") for entry in home.iterdir())
    )


def _own_folders(home: Path) -> Iterator[Path]:
    yield from (
        entry for entry in sorted(home.iterdir()) if entry.name in OURS and _is_own(entry, stat.S_ISDIR)
    )


def _is_own(path: Path, kind: Callable[[int], bool]) -> bool:
    """Whether it is a folder, or a file, of this user, itself and not by a link."""
    status = path.lstat()
    return kind(status.st_mode) and status.st_uid == os.geteuid()


def _lets_others_in(folder: Path) -> bool:
    return bool(folder.stat().st_mode & _ENTERED_BY_OTHERS)
