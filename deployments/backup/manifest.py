"""What a backup says about itself, and the digests by which a damaged one is known.

A backup is a folder: `manifest.json`, `SHA256SUMS` (as `sha256sum --check` reads it) and one folder or file for each
part. It is made under a name with `.unfinished` and renamed when it is whole.
"""

import errno
import hashlib
import re
import shutil
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from packaging.version import InvalidVersion, Version
from pydantic import BaseModel, ConfigDict, ValidationError

from deployments.processes.environment import PROJECT
from tasks.errors import ContrapontoError

FORMAT = 1
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
UNFINISHED = ".unfinished"
_CHUNK_BYTES = 1_048_576


class BackupError(ContrapontoError):
    """A backup cannot be made, or is damaged, or cannot be restored here."""

    code = "backup_failed"


_ADVICE = {
    errno.ENOSPC: "The disk is full: free some space, or name a folder on a larger one.",
    errno.EDQUOT: "The quota of the disk is used up: free some space, or name a folder elsewhere.",
    errno.EEXIST: "A file is there: name a folder.",
    errno.ENOTDIR: "A file is there: name a folder.",
}


@contextmanager
def explained(failure: str) -> Iterator[None]:
    """Says what a disk refuses within the block: folders are named by people, and may be anything.

    Raises:
        BackupError: instead of an OSError; `failure` begins its sentence.
    """
    try:
        yield
    except OSError as error:
        # Of many files that could not be copied, the first.
        several = error.args[0] if isinstance(error, shutil.Error) else ()
        reason = several[0][2] if isinstance(several, list) else error.strerror or error
        raise BackupError(
            f"{failure}: {f'{error.filename}: ' if error.filename else ''}{reason}.",
            hint=_ADVICE.get(error.errno or 0, "Check that the folder is there and may be written to."),
        ) from error


class Manifest(BaseModel):
    """`manifest.json`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: int = FORMAT
    made_at: datetime
    contraponto: str
    """Version of the project that made it."""
    prefect: str
    parts: tuple[Literal["database", "bus", "store", "records", "settings"], ...]
    left_out: tuple[str, ...] = ()
    """A sentence for each thing that lies elsewhere and is not in here."""
    environment: tuple[str, ...] = ()
    """Settings that were given by the environment: names alone."""
    sums: str
    """SHA-256 of the file `SHA256SUMS`."""


def write_sums(folder: Path, report: Callable[[str], None]) -> str:
    """Write the digest of every file in the folder; the digest of that list."""
    with (folder / SUMS).open("wb") as sums:
        for count, path in enumerate(_files(folder), 1):
            sums.write(_line(_sha256(path), path.relative_to(folder).as_posix()))
            if count % 1000 == 0:
                report(f"digests of {count} files")
    return _sha256(folder / SUMS)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup that this version of the project can restore.

    Raises:
        BackupError: there is none, or a later version of the project made it.
    """
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
    except OSError as error:
        raise BackupError(
            f"{folder} is not a backup: its {MANIFEST} cannot be read ({error.strerror}).",
            hint="Name the folder that `contraponto backup` printed.",
        ) from error
    except UnicodeDecodeError as error:
        raise _damaged_manifest(folder) from error
    try:
        manifest = Manifest.model_validate_json(text)
        for number in (manifest.contraponto, manifest.prefect):
            Version(number)
    except (ValidationError, InvalidVersion) as error:
        raise _damaged_manifest(folder) from error
    here = Manifest(
        made_at=manifest.made_at, contraponto=own_version(), prefect=version("prefect"), parts=(), sums=""
    )
    for name, theirs, ours in (
        ("format", str(manifest.format), str(here.format)),
        ("Contraponto", manifest.contraponto, here.contraponto),
        ("Prefect", manifest.prefect, here.prefect),
    ):
        if Version(theirs) > Version(ours):
            raise BackupError(
                f"The backup was made by a later version ({name} {theirs}) than this one ({ours}).",
                hint="Check out that version of the project, run `make up` once for its packages, `make down`, "
                "and restore again.",
            )
    return manifest


def check_sums(folder: Path, manifest: Manifest, report: Callable[[str], None]) -> None:
    """Compare every file of a backup with its digest.

    Raises:
        BackupError: a file is missing, too many, or not what it was; the first such file is named.
    """
    if not (folder / SUMS).is_file() or _sha256(folder / SUMS) != manifest.sums:
        raise _damaged(folder, SUMS)
    left = {path.relative_to(folder).as_posix() for path in _files(folder)}
    lines = (folder / SUMS).read_bytes().split(b"\n")[:-1]
    for count, line in enumerate(lines, 1):
        digest, name = _digest_and_name(line)
        if name not in left or _sha256(folder / name) != digest:
            raise _damaged(folder, name)
        left.remove(name)
        if count % 1000 == 0:
            report(f"{count} files are as they were")
    if left:
        raise _damaged(folder, min(left))


def own_version() -> str:
    """Of this project: what its checkout says, which may be newer than what was installed of it."""
    project = PROJECT / "pyproject.toml"
    if not project.is_file():
        return version("contraponto")
    found: str = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"]
    return found


_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}


def _line(digest: str, name: str) -> bytes:
    """As `sha256sum` writes it: a backslash before a line whose name has escapes."""
    escaped = re.sub(r"[\\\n\r]", lambda found: _ESCAPES[found[0]], name)
    mark = "" if escaped == name else "\\"
    return f"{mark}{digest}  {escaped}\n".encode("utf-8", "surrogateescape")


def _digest_and_name(line: bytes) -> tuple[str, str]:
    digest, _, name = line.decode("utf-8", "surrogateescape").partition("  ")
    if not digest.startswith("\\"):
        return digest, name
    plain = {escape: letter for letter, escape in _ESCAPES.items()}
    return digest[1:], re.sub(r"\\[\\nr]", lambda found: plain[found[0]], name)


def _damaged_manifest(folder: Path) -> BackupError:
    return BackupError(f"{folder / MANIFEST} is damaged.", hint="Take another backup.")


def _damaged(folder: Path, name: str) -> BackupError:
    return BackupError(
        f'The backup {folder} is damaged: "{name}" is missing or is not what it was.',
        hint="Nothing was restored. Take another copy of it, or another backup.",
    )


def _files(folder: Path) -> Iterator[Path]:
    about = {folder / MANIFEST, folder / SUMS}
    yield from sorted(path for path in folder.rglob("*") if path.is_file() and path not in about)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
