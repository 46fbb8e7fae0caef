"""What is installed: the marker file in each model's directory."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tasks.models.digests import digest_of
from tasks.models.manifest import Model, ModelFile, SourceKind

MARKER = "installed.json"


class InstalledFile(BaseModel):
    """One file as it was when the model was installed."""

    model_config = ConfigDict(frozen=True)
    path: str
    size: int
    sha256: str


class InstalledModel(BaseModel):
    """What was installed, from where and when."""

    model_config = ConfigDict(frozen=True)
    name: str
    version: str
    licence: str
    source: SourceKind
    origin: str
    """The source in words: the directory, the repository and revision, or the packages."""
    installed_at: datetime
    files: tuple[InstalledFile, ...]

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files)


def write_marker(
    directory: Path, model: Model, files: Iterable[ModelFile], source: SourceKind, origin: str
) -> InstalledModel:
    """Record `files` of `directory` (hashing them), and what was made from them, as the installed `model`."""
    paths = [file.path for file in files]
    paths += [made.creates for made in model.post_install]
    record = InstalledModel(
        name=model.name,
        version=model.version,
        licence=model.licence,
        source=source,
        origin=origin,
        installed_at=datetime.now(UTC).replace(microsecond=0),
        files=tuple(
            InstalledFile(
                path=path, size=(directory / path).stat().st_size, sha256=digest_of(directory / path).value
            )
            for path in paths
        ),
    )
    temporary = directory / f".{MARKER}.tmp"
    temporary.write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")
    temporary.replace(directory / MARKER)
    return record


def read_marker(directory: Path, model: Model) -> InstalledModel | None:
    """The record of a directory whose files are all there with their recorded sizes; None otherwise.

    Nothing is hashed: this is asked before every job.
    """
    try:
        record = InstalledModel.model_validate_json((directory / MARKER).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return None
    if (record.name, record.version) != (model.name, model.version):
        return None
    whole = all(_has_size(directory / file.path, file.size) for file in record.files)
    return record if whole and record.files else None


def looks_complete(directory: Path, model: Model) -> SourceKind | None:
    """The source whose files a directory without a marker holds, judged by their sizes; None if something is missing.

    Such a directory was copied by hand, or lies in a read-only image.
    """
    if not all((directory / made.creates).is_file() for made in model.post_install):
        return None
    return holds_files(directory, model)


def holds_files(directory: Path, model: Model) -> SourceKind | None:
    """The source whose files `directory` holds, judged by their sizes."""
    for source in model.sources:
        if all(_has_size(directory / file.path, file.size) for file in model.files_from(source)):
            return source
    return None


def _has_size(path: Path, size: int | None) -> bool:
    try:
        found = path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return False
    return found == size if size is not None else found > 0
