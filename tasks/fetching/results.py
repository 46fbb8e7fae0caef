"""What fetching takes and gives."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class DownloadLimits:
    """How much may be downloaded. Going over is a LimitExceededError, raised before or while downloading."""

    max_bytes: int = 2048 * 1024 * 1024
    max_seconds: float = 120 * 60
    """Duration of the recording in seconds, where the source tells it (sites do, bare files do not)."""


@dataclass(frozen=True)
class Download:
    """A downloaded file."""

    path: Path
    size: int
    sha256: str
    title: str
    duration: float | None
    """Seconds as the source states them; None if it does not."""
    content_type: str | None
    source: Literal["direct", "site"]
    extractor: str | None
    """Which site extractor read the page; None for a direct download."""
    url: str
    """Where the bytes came from (after redirects), credentials masked."""


@dataclass(frozen=True)
class WebPage:
    """The answer of a URL that leads to a page, a playlist or other text instead of a media file."""

    url: str
    content_type: str | None


@dataclass(frozen=True)
class Fingerprint:
    """What a server says about the version of a file, without the file."""

    url: str
    etag: str | None
    last_modified: str | None
    length: int | None

    @property
    def key(self) -> str:
        """A hash that changes when the file behind the URL does."""
        text = "\n".join((self.url, self.etag or "", self.last_modified or "", str(self.length)))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class SourceEntry:
    """One recording of a playlist or channel."""

    url: str
    title: str
    id: str
    duration: float | None
