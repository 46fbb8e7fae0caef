"""What fetching takes and gives."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from tasks.net.addresses import AddressPolicy
from tasks.net.retry import RetryPolicy
from tasks.net.urls import CheckedUrl


@dataclass(frozen=True)
class DownloadLimits:
    """How much may be downloaded. Going over is a LimitExceededError, raised before or while downloading."""

    max_bytes: int = 2048 * 1024 * 1024
    max_seconds: float = 120 * 60
    """Duration of the recording in seconds, where the source tells it (sites do, bare files do not)."""


@dataclass(frozen=True)
class TransferOptions:
    """How something is fetched from the internet: one value for every way that it may take."""

    policy: AddressPolicy
    """Which addresses may be reached."""
    limits: DownloadLimits = field(default_factory=DownloadLimits)
    deadline: float = 300.0
    """Seconds for the whole, retries included."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    """For plain HTTP; yt-dlp has its own."""
    cookies: Path | None = None
    """File in Netscape format for yt-dlp, for videos that need an account."""
    proxy: str | None = None
    """URL of a proxy for yt-dlp. It is then the proxy that decides what can be reached: only the connection to it
    is checked here, and permitted."""

    late_hint: ClassVar[str] = "Try again, or raise the time limit for downloads."

    def too_late(self, url: CheckedUrl) -> str:
        """The sentence about a download that did not keep the deadline."""
        return f"{url.masked} could not be downloaded within {self.deadline:.0f} s."


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
    """After redirects, credentials and all."""
    content_type: str | None
    head: bytes = field(default=b"", compare=False, repr=False)
    """How it begins."""


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
