"""Recordings in a folder of this machine."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.errors import InvalidInputError, SourceNotFoundError
from tasks.fetching.content import has_media_extension


def recordings_in(folder: Path, allowed: Sequence[Path]) -> Iterator[Path]:
    """The media files in a folder and the folders below it, by name; hidden ones are left out.

    A job may name only folders that the administrator has opened: `allowed`, and what is below them. Links that lead
    out of them are left out. Raises InvalidInputError and SourceNotFoundError.
    """
    roots = [root.resolve() for root in allowed]
    place = folder.resolve()
    if not any(place.is_relative_to(root) for root in roots):
        raise InvalidInputError(
            f"The folder {folder} may not be read by jobs.",
            hint=f"Put the recordings below {' or '.join(map(str, allowed))}, "
            "or open the folder with CONTRAPONTO_IMPORT_FOLDERS.",
        )
    if not place.is_dir():
        raise SourceNotFoundError(f"There is no folder {folder} on this machine.", hint="Check its name.")
    for path in sorted(place.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(place).parts)
        inside = any(path.resolve().is_relative_to(root) for root in roots)
        if path.is_file() and inside and not hidden and has_media_extension(path.name):
            yield path
