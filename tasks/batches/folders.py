"""Files and recordings in a folder of this machine."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.batches.document import LeftOut
from tasks.errors import InvalidInputError, SourceNotFoundError
from tasks.fetching.content import SNIFFED_BYTES, is_media_name, kind_of

_LINK_OUT = "It is a link out of the folders that jobs may read."
_LINK_TO_FOLDER = "It is a link to a folder, which is not followed: name that folder as a source of its own."


def recordings_in(folder: Path, allowed: Sequence[Path]) -> Iterator[Path | LeftOut]:
    """The media files in a folder and the folders below it; of every other file why it is left out.

    Otherwise as `files_in`. A file in the folder's place is the one that is wanted, whatever it is.
    """
    alone = folder.is_file()
    for found in files_in(folder, allowed):
        if isinstance(found, LeftOut) or alone or is_media_name(found.name) or _begins_as_media(found):
            yield found
        else:
            yield LeftOut(source=str(found), reason="It is no media file.")


def files_in(folder: Path, allowed: Sequence[Path]) -> Iterator[Path | LeftOut]:
    """The files in a folder and the folders below it, by name, and why others are left out.

    A job may name only folders that the administrator has opened: `allowed`, and what is below them. Links that lead
    out of them are left out, and so is what is hidden. A file in their place is the one that is wanted. Raises
    InvalidInputError and SourceNotFoundError.
    """
    roots = [root.resolve() for root in allowed]
    place = folder.resolve()
    if not any(place.is_relative_to(root) for root in roots):
        raise InvalidInputError(
            f"The folder {folder} may not be read by jobs.",
            hint=f"Put the files below {' or '.join(map(str, allowed))}, "
            "or open the folder with CONTRAPONTO_IMPORT_FOLDERS.",
        )
    if place.is_file():
        yield place
        return
    if not place.is_dir():
        raise SourceNotFoundError(f"There is no folder {folder} on this machine.", hint="Check its name.")
    # Not by recursion: folders may lie deeper than Python can call.
    open_folders = [_entries(place)]
    while open_folders:
        path = next(open_folders[-1], None)
        if path is None:
            open_folders.pop()
        elif isinstance(path, LeftOut):
            yield path
        else:
            try:
                is_folder = path.is_dir() and not path.is_symlink()
                reason = _why_not(path, roots, is_folder=is_folder)
            except OSError as error:  # its folder may be listed and not entered, its path too long
                is_folder, reason = False, f"It cannot be looked at: {error.strerror}."
            if reason:
                yield LeftOut(source=f"{path}/" if is_folder else str(path), reason=reason)
            elif is_folder:
                open_folders.append(_entries(path))
            else:
                yield path


def _entries(folder: Path) -> Iterator[Path | LeftOut]:
    try:
        with os.scandir(folder) as found:
            # By the bytes of the name: one that is no text has its place, too.
            paths = sorted((folder / entry.name for entry in found), key=os.fsencode)
    except OSError as error:
        yield LeftOut(source=str(folder), reason=f"The folder cannot be read: {error.strerror}.")
        return
    # The folder is closed by now: of deep ones there would be too many open.
    yield from paths


def _why_not(path: Path, roots: Sequence[Path], *, is_folder: bool) -> str | None:
    if path.name.startswith("."):
        return "The folder is hidden." if is_folder else "It is hidden."
    if is_folder:
        return None
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
    return None if path.is_file() else "It is no file."


def _begins_as_media(path: Path) -> bool:
    """For names that do not tell. What cannot be read is no recording as far as anybody can tell."""
    try:
        with path.open("rb") as file:
            return kind_of(None, file.read(SNIFFED_BYTES)) == "media"
    except OSError:
        return False
