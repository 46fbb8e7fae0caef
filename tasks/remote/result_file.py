"""The file that a remote job made, streamed to disk."""

import errno
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from tasks.errors import LimitExceededError, StorageFullError, TransientError
from tasks.net.headers import content_length
from tasks.net.http import REQUEST_ERRORS, request_error, status_error
from tasks.net.urls import mask_url

_CHUNK_BYTES = 1 << 18


@dataclass(frozen=True)
class FetchedFile:
    """A file fetched from a stage service."""

    path: Path
    size: int
    """Bytes."""
    sha256: str
    content_type: str | None


@dataclass(frozen=True)
class ResultFile:
    """A file at a URL and where it is to lie."""

    client: httpx.Client
    url: str
    headers: Mapping[str, str]
    target: Path
    max_bytes: int
    report: Callable[[float], None]
    """Told the fraction that has arrived; what it raises ends the transfer."""

    def fetch(self) -> FetchedFile:
        """Fetches it once. The target appears whole or not at all."""
        self.target.parent.mkdir(parents=True, exist_ok=True)
        partial = self.target.with_name(f".{self.target.name}.part")
        try:
            with self.client.stream("GET", self.url, headers=dict(self.headers)) as response:
                if error := status_error(response):
                    raise error
                size, sha256 = self._write(response, partial)
            partial.replace(self.target)
        except REQUEST_ERRORS as error:
            raise request_error(error, self.url) from error
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise StorageFullError(
                    f'The disk is full: "{self.target.name}" could not be fetched.', hint="Free some space."
                ) from error
            raise
        finally:
            partial.unlink(missing_ok=True)
        return FetchedFile(self.target, size, sha256, response.headers.get("Content-Type"))

    def _write(self, response: httpx.Response, partial: Path) -> tuple[int, str]:
        encoded = "Content-Encoding" in response.headers
        expected = None if encoded else content_length(response.headers)
        self._check(expected or 0)
        size, digest = 0, hashlib.sha256()
        with partial.open("wb") as file:
            for chunk in response.iter_bytes(_CHUNK_BYTES):
                size += len(chunk)
                self._check(size)
                digest.update(chunk)
                file.write(chunk)
                self.report(size / expected if expected else 0.0)
        if expected is not None and size != expected:
            raise TransientError(f"The connection to {mask_url(self.url)} was cut.")
        return size, digest.hexdigest()

    def _check(self, size: int) -> None:
        if size > self.max_bytes:
            raise LimitExceededError(
                f"The file at {mask_url(self.url)} is larger than {self.max_bytes / (1 << 20):.0f} MiB.",
                hint="Raise CONTRAPONTO_MAX_DOWNLOAD_MB.",
            )
