"""The media store in a folder, the default."""

import errno
import hashlib
import io
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from pydantic import BaseModel, Field, ValidationError
from typing_extensions import override

from blocks.media_store import (
    COPY_CHUNK_BYTES,
    LINK_SECONDS,
    MediaStore,
    PurgeReport,
    StoredFile,
    content_type_of,
    sha256_of,
)
from blocks.store_keys import check_store_key, check_store_prefix
from tasks.errors import ContrapontoError, InvalidInputError, SourceNotFoundError, StorageFullError

# No part of a key begins with a dot (`blocks.store_keys`): these are never in the way of a file.
_FACTS_FOLDER = ".facts"
_UNFINISHED = ".unfinished-"
_UNFINISHED_LIFETIME = timedelta(days=1)
"""An older one is taken to be what a killed writer left."""
_SHOWN_FILE, _SHOWN_FOLDER, _PASSABLE = 0o644, 0o755, 0o011
_CREATE_TRIES = 100
"""Each fails only if another process removes the folder at that very moment."""


class _Facts(BaseModel):
    """What is remembered about a stored file, valid as long as its size and time are the file's."""

    size: int
    modified_ns: int
    sha256: str
    content_type: str


class LocalMediaStore(MediaStore):
    """Keeps files in a folder. Keys never lead out of it, not by symbolic links either."""

    _block_type_name = "Local Media Store"
    _block_type_slug = "local-media-store"
    _description = "Keeps media, transcripts and results in a folder of this machine or a shared disk."

    root: Path = Field(title="Folder", description="Where the files are kept; made when first needed.")
    base_url: str | None = Field(
        default=None,
        title="Public address",
        description="Address under which a web server shows the folder; empty: links are file:// addresses.",
    )

    @override
    def put_file(self, path: Path, key: str) -> StoredFile:
        try:
            with path.open("rb") as source:
                return self._put(source, key, content_type_of(key))
        except FileNotFoundError as error:
            raise SourceNotFoundError(f'There is no file "{path}" to store.') from error

    @override
    def copy_file(self, source: str, key: str) -> StoredFile:
        with self._file(source).open("rb") as content:
            return self._put(content, key, content_type_of(key))

    @override
    def put_bytes(self, data: bytes, key: str, *, content_type: str | None = None) -> StoredFile:
        return self._put(io.BytesIO(data), key, content_type or content_type_of(key))

    def _put(self, source: BinaryIO, key: str, content_type: str) -> StoredFile:
        target = self._path(check_store_key(key, new=True))
        with self._explained(key):
            digest = _write_whole(target, source)
            if self.base_url:
                _show(target, self._root())
            self._remember(key, target.stat(), digest, content_type)
        return self.stat(key)

    @override
    @contextmanager
    def open_local(self, key: str) -> Iterator[Path]:
        yield self._file(key)

    @override
    def read_bytes(self, key: str) -> bytes:
        return self._file(key).read_bytes()

    @override
    def stat(self, key: str) -> StoredFile:
        path = self._file(key)
        status = path.stat()
        facts = self._recall(key, status)
        if facts is None:
            facts = self._remember(key, status, sha256_of(path), content_type_of(key))
        return _stored(key, status, facts)

    @override
    def exists(self, key: str) -> bool:
        return self._path(check_store_key(key)).is_file()

    @override
    def list(self, prefix: str = "") -> Iterator[StoredFile]:
        check_store_prefix(prefix)
        folder = prefix.rpartition("/")[0]
        yield from self._walk(self._path(folder) if folder else self._root(), prefix)

    def _walk(self, folder: Path, prefix: str) -> Iterator[StoredFile]:
        try:
            entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
        except (FileNotFoundError, NotADirectoryError):
            return
        # A folder sorts as its name with the slash, so that the keys come out in order.
        for entry in sorted(
            entries, key=lambda e: f"{e.name}/" if e.is_dir(follow_symlinks=False) else e.name
        ):
            key = Path(entry.path).relative_to(self._root()).as_posix()
            if entry.is_dir(follow_symlinks=False):
                if f"{key}/".startswith(prefix) or prefix.startswith(f"{key}/"):
                    yield from self._walk(Path(entry.path), prefix)
            elif entry.is_file(follow_symlinks=False) and key.startswith(prefix):
                with suppress(FileNotFoundError):  # deleted since the folder was read
                    status = entry.stat(follow_symlinks=False)
                    yield _stored(key, status, self._recall(key, status))

    @override
    def remove(self, key: str) -> None:
        path = self._path(check_store_key(key))
        with self._explained(key):
            for file in (path, self._facts_path(key)):
                file.unlink(missing_ok=True)
                _remove_empty(file.parent, self._root())

    @override
    def url(self, key: str, expires: int = LINK_SECONDS) -> str:
        path = self._file(key)
        return f"{self.base_url.rstrip('/')}/{quote(key)}" if self.base_url else path.as_uri()

    @override
    def purge(self, older_than: timedelta, prefix: str = "", *, dry_run: bool = False) -> PurgeReport:
        if not dry_run:
            self._remove_unfinished()
        return super().purge(older_than, prefix, dry_run=dry_run)

    def _remove_unfinished(self) -> None:
        """Removes what killed processes left half-written."""
        limit = (datetime.now(UTC) - _UNFINISHED_LIFETIME).timestamp()
        for path in self._root().rglob(f"{_UNFINISHED}*"):
            with suppress(FileNotFoundError):
                if path.lstat().st_mtime < limit:
                    path.unlink()

    def _root(self) -> Path:
        return self.root.expanduser().resolve()

    def _path(self, key: str) -> Path:
        path = self._root() / key
        try:
            direct = path.resolve() == path
        except RuntimeError:  # a link that leads to itself
            direct = False
        if not direct:
            raise InvalidInputError(
                f'The store key "{key}" leads through a symbolic link, which is not followed.'
            )
        return path

    def _file(self, key: str) -> Path:
        path = self._path(check_store_key(key))
        if not path.is_file():
            raise SourceNotFoundError(
                f'There is no file "{key}" in the media store {self._root()}.',
                hint="Check the key, or upload the file.",
            )
        return path

    @contextmanager
    def _explained(self, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise _explain(error, key, self._root()) from error

    def _facts_path(self, key: str) -> Path:
        # Names on a disk need not be text.
        name = hashlib.sha256(os.fsencode(key)).hexdigest()
        return self._path(f"{_FACTS_FOLDER}/{name[:2]}/{name[2:]}.json")

    def _remember(self, key: str, status: os.stat_result, sha256: str, content_type: str) -> _Facts:
        facts = _Facts(
            size=status.st_size, modified_ns=status.st_mtime_ns, sha256=sha256, content_type=content_type
        )
        with suppress(PermissionError):  # a folder that may only be read is a store as well
            _write_whole(self._facts_path(key), io.BytesIO(facts.model_dump_json().encode()))
        return facts

    def _recall(self, key: str, status: os.stat_result) -> _Facts | None:
        try:
            facts = _Facts.model_validate_json(self._facts_path(key).read_bytes())
        except (FileNotFoundError, NotADirectoryError, ValidationError):
            return None
        return facts if (facts.size, facts.modified_ns) == (status.st_size, status.st_mtime_ns) else None


def _stored(key: str, status: os.stat_result, facts: _Facts | None) -> StoredFile:
    return StoredFile(
        key=key,
        size=status.st_size,
        sha256=facts.sha256 if facts else None,
        content_type=facts.content_type if facts else content_type_of(key),
        modified=datetime.fromtimestamp(status.st_mtime, UTC),
    )


def _write_whole(target: Path, source: BinaryIO) -> str:
    """Writes the content beside the target and renames it over. Returns its SHA-256."""
    unfinished = target.with_name(f"{_UNFINISHED}{uuid.uuid4().hex[:12]}")
    digest = hashlib.sha256()
    try:
        with _create(unfinished) as copy:
            while chunk := source.read(COPY_CHUNK_BYTES):
                digest.update(chunk)
                copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return digest.hexdigest()


def _show(file: Path, root: Path) -> None:
    """Lets the web server read what has a public address, whatever the umask of the process that wrote it."""
    file.chmod(_SHOWN_FILE)
    for folder in (parent for parent in file.parents if parent == root or root in parent.parents):
        if folder.stat().st_mode & _PASSABLE != _PASSABLE and folder.stat().st_uid == os.geteuid():
            folder.chmod(_SHOWN_FOLDER)


def _create(path: Path) -> BinaryIO:
    # Whoever removes the last file of a folder removes the folder too, at any moment: make it again then.
    for _ in range(_CREATE_TRIES):
        with suppress(FileNotFoundError, FileExistsError):
            path.parent.mkdir(parents=True, exist_ok=True)
            return path.open("xb")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("xb")


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root and root in folder.parents:
        try:
            folder.rmdir()
        except OSError:  # not empty, or gone already
            return
        folder = folder.parent


def _explain(error: OSError, key: str, root: Path) -> ContrapontoError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageFullError(
            f'The disk of the media store {root} is full: "{key}" could not be written.',
            hint="Free some space, run the clean-up, or point CONTRAPONTO_STORE elsewhere.",
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return InvalidInputError(
            f'The store key "{key}" is in the way of another: a file and a folder share a name.'
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return InvalidInputError(
            f"The media store {root} may not be written to.",
            hint="Check the owner and the mode of that folder.",
        )
    return ContrapontoError(f'The media store {root} failed on "{key}": {error.strerror}.')
