"""Whether a file on disk is the file that was meant."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tasks.models.manifest import ModelFile


@dataclass(frozen=True)
class Digest:
    """A file's published digest."""

    kind: Literal["sha256", "git-blob"]
    """`git-blob` is what hubs publish for small files: SHA-1 over git's header and the content."""
    value: str

    def matches(self, path: Path) -> bool:
        """Whether the file's content has this digest."""
        return digest_of(path, self.kind).value == self.value


def digest_of(path: Path, kind: Literal["sha256", "git-blob"] = "sha256") -> Digest:
    """The digest of a file's content (the whole file is read, in pieces)."""
    with path.open("rb") as stream:
        if kind == "sha256":
            return Digest(kind, hashlib.file_digest(stream, "sha256").hexdigest())
        blob = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
        while piece := stream.read(1 << 20):
            blob.update(piece)
        return Digest(kind, blob.hexdigest())


def fault(path: Path, file: ModelFile) -> str | None:
    """What is wrong with `path` as the manifest's `file`, or None: missing, wrong size, wrong content."""
    if not path.is_file():
        return f"{file.path} is missing"
    size = path.stat().st_size
    if file.size is not None and size != file.size:
        return f"{file.path} has {size:,} bytes instead of {file.size:,}"
    if file.sha256 is not None and not Digest("sha256", file.sha256).matches(path):
        return f"the checksum of {file.path} does not match"
    return None
