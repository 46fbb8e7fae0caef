"""Recordings in a folder of this machine."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.batches.document import LeftOut
from tasks.errors import InvalidInputError, SourceNotFoundError
from tasks.fetching.content import SNIFFED_BYTES, is_media_name, kind_of

_LINK_OUT = "It is a link out of the folders that jobs may read."
_LINK_TO_FOLDER = "It is a link to a folder, which is not followed: name that folder as a source of its own."


def recordings_in(folder: Path, allowed: Sequence[Path]) -> Iterator[Path | LeftOut]:
    """The media files in a folder and the folders below it, by name; of every other file why it is left out.

    A job may name only folders that the administrator has opened: `allowed`, and what is below them. Links that lead
    out of them are left out, and so is what is hidden. A file in their place is the one that is wanted. Raises
    InvalidInputError and SourceNotFoundError.
    """
    roots = [root.resolve() for root in allowed]
    place = folder.resolve()
    if not any(place.is_relative_to(root) for root in roots):
        raise InvalidInputError(
            f"The folder {folder} may not be read by jobs.",
            hint=f"Put the recordings below {' or '.join(map(str, allowed))}, "
            "or open the folder with CONTRAPONTO_IMPORT_FOLDERS.",
        )
    if place.is_file():
        yield place
        return
    if not place.is_dir():
        raise SourceNotFoundError(f"There is no folder {folder} on this machine.", hint="Check its name.")
    yield from _below(place, roots)


def _below(folder: Path, roots: Sequence[Path]) -> Iterator[Path | LeftOut]:
    try:
        with os.scandir(folder) as found:
            # By the bytes of the name: one that is no text has its place, too.
            paths = sorted((folder / entry.name for entry in found), key=os.fsencode)
    except OSError as error:
        yield LeftOut(source=str(folder), reason=f"The folder cannot be read: {error.strerror}.")
        return
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            if path.name.startswith("."):
                yield LeftOut(source=f"{path}/", reason="The folder is hidden.")
            else:
                yield from _below(path, roots)
        elif reason := _why_not(path, roots):
            yield LeftOut(source=str(path), reason=reason)
        else:
            yield path


def _why_not(path: Path, roots: Sequence[Path]) -> str | None:
    if path.name.startswith("."):
        return "It is hidden."
    try:
        target = path.resolve()
    except RuntimeError:
        return "It is a link that leads to itself."
    if not any(target.is_relative_to(root) for root in roots):
        return _LINK_OUT
    if path.is_dir():
        return _LINK_TO_FOLDER
    if not path.exists():
        return "It is a link to nothing."
    if not path.is_file():
        return "It is no file."
    return None if is_media_name(path.name) or _begins_as_media(path) else "It is no media file."


def _begins_as_media(path: Path) -> bool:
    """For names that do not tell. What cannot be read is no recording as far as anybody can tell."""
    try:
        with path.open("rb") as file:
            return kind_of(None, file.read(SNIFFED_BYTES)) == "media"
    except OSError:
        return False
