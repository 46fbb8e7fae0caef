"""Where the product keeps files: one interface, on a folder (`LocalMediaStore`) or a bucket (`S3MediaStore`).

Files have keys ("talks/entrevista.mp3", see `store_keys`). A file appears under its key whole or not at all.
The stores are also Prefect result storage: results lie under `RESULTS_PREFIX`.
"""

import abc
import hashlib
import mimetypes
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio.to_thread
from prefect.filesystems import WritableFileSystem

RESULTS_PREFIX = "results/"
COPY_CHUNK_BYTES = 1 << 20
LINK_SECONDS = 86_400
"""How long the links in results are good."""

# What the standard table lacks or gets wrong on some machines; browsers and players go by these.
_CONTENT_TYPES = {
    ".ass": "text/x-ssa",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".mkv": "video/x-matroska",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".srt": "application/x-subrip",
    ".tsv": "text/tab-separated-values",
    ".vtt": "text/vtt",
    ".wav": "audio/wav",
    ".webm": "video/webm",
}


@dataclass(frozen=True)
class StoredFile:
    """A file in a media store."""

    key: str
    size: int
    """Bytes."""
    sha256: str | None
    """Hex digest. None if the store does not know it without reading the file: in listings, and for files that
    something else put into a bucket."""
    content_type: str
    modified: datetime
    """With its time zone (UTC)."""


@dataclass(frozen=True)
class PurgeReport:
    """What a purge removed, or would remove."""

    count: int
    bytes: int


class MediaStore(WritableFileSystem, abc.ABC):
    """Keeps files under keys.

    Methods raise InvalidInputError for a key that is none and for a store that is set up wrong,
    SourceNotFoundError for a key without a file, StorageFullError when there is no room, TransientError when
    the store cannot be reached.
    """

    @abc.abstractmethod
    def put_file(self, path: Path, key: str) -> StoredFile:
        """Copies a file into the store, replacing what was under the key."""

    @abc.abstractmethod
    def put_bytes(self, data: bytes, key: str, *, content_type: str | None = None) -> StoredFile:
        """Stores bytes; the content type follows from the key's ending if not given."""

    def put_text(self, text: str, key: str) -> StoredFile:
        """Stores a text as UTF-8."""
        return self.put_bytes(text.encode(), key, content_type=f"{content_type_of(key)}; charset=utf-8")

    @abc.abstractmethod
    def copy_file(self, source: str, key: str) -> StoredFile:
        """Stores the content of one key under another, replacing what was there."""

    @abc.abstractmethod
    def open_local(self, key: str) -> AbstractContextManager[Path]:
        """A local file with the content of the key, to be read, never written, in the `with` block.

        The folder store hands out the stored file itself; the bucket store a copy that goes away.
        """

    @abc.abstractmethod
    def read_bytes(self, key: str) -> bytes:
        """The content of a small file."""

    @abc.abstractmethod
    def stat(self, key: str) -> StoredFile:
        """What is known about a file."""

    @abc.abstractmethod
    def exists(self, key: str) -> bool:
        """Whether there is a file under the key."""

    @abc.abstractmethod
    def list(self, prefix: str = "") -> Iterator[StoredFile]:
        """The files whose keys begin with the prefix, in the order of their keys."""

    @abc.abstractmethod
    def remove(self, key: str) -> None:
        """Removes a file; that there is none is no error.

        Not called `delete`: that name is Prefect's, and deletes the block.
        """

    @abc.abstractmethod
    def url(self, key: str, expires: int = LINK_SECONDS) -> str:
        """A link to the file: for a bucket a signed one that is good for `expires` seconds."""

    def purge(self, older_than: timedelta, prefix: str = "", *, dry_run: bool = False) -> PurgeReport:
        """Removes the files under the prefix that were last written longer ago than `older_than`."""
        limit = datetime.now(UTC) - older_than
        count = size = 0
        for file in self.list(prefix):
            if file.modified < limit:
                if not dry_run:
                    self.remove(file.key)
                count += 1
                size += file.size
        return PurgeReport(count, size)

    # As Prefect's result storage: synchronous code calls `read_path` with `_sync`, asynchronous code calls
    # `aread_path`. The base class declares only an asynchronous `read_path`, which is never called.

    def read_path(self, path: str, *, _sync: bool = True) -> bytes:  # type: ignore[override]
        """Reads a Prefect result."""
        return self.read_bytes(RESULTS_PREFIX + path)

    def write_path(  # type: ignore[override]
        self, path: str, content: bytes, *, _sync: bool = True
    ) -> None:
        """Writes a Prefect result."""
        self.put_bytes(content, RESULTS_PREFIX + path)

    def _resolve_path(self, path: str) -> None:  # noqa: ARG002
        # Prefect asks stores that are not saved as blocks for a path; with None it takes keys as they are.
        return None

    async def aread_path(self, path: str) -> bytes:
        """`read_path` that does not hold up an event loop."""
        return await anyio.to_thread.run_sync(self.read_path, path)

    async def awrite_path(self, path: str, content: bytes) -> None:
        """`write_path` that does not hold up an event loop."""
        await anyio.to_thread.run_sync(self.write_path, path, content)


def content_type_of(key: str) -> str:
    """The content type that follows from a key's ending."""
    suffix = Path(key).suffix.lower()
    return (
        _CONTENT_TYPES.get(suffix) or mimetypes.guess_type(f"file{suffix}")[0] or "application/octet-stream"
    )


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex, read in chunks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
