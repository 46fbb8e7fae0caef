"""Downloads files by plain HTTP: resumed after a cut, hashed while written, within limits."""

from __future__ import annotations

import errno
import hashlib
import random
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import BinaryIO

import httpx

from tasks.errors import (
    ContrapontoError,
    LimitExceededError,
    NotMediaError,
    StageTimeoutError,
    StorageFullError,
    TransientError,
)
from tasks.fetching.content import SNIFFED_BYTES, file_name, kind_of
from tasks.fetching.results import Download, DownloadLimits, Fingerprint, WebPage
from tasks.net.addresses import AddressPolicy
from tasks.net.http import REQUEST_ERRORS, request_error, safe_client, status_error
from tasks.net.urls import check_url, mask_url
from tasks.progress import Progress, ignore_progress

TRIES = 4
"""Failures in a row, without a new byte in between, after which a download gives up."""
LONGEST_PAUSE = 30.0
"""Seconds; a server that asks for a longer one is better tried again by the job's own retries."""

_FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def download_file(
    url: str,
    directory: Path,
    limits: DownloadLimits,
    policy: AddressPolicy,
    progress: Progress = ignore_progress,
    *,
    deadline: float = 300.0,
    backoff: float = 1.0,
) -> Download | WebPage:
    """Downloads the media file at `url` into `directory`, within `deadline` seconds.

    Returns a `WebPage` (and leaves no file) where the URL leads to a page, playlist or text instead of media.
    Cut connections, timeouts, 429 and 5xx are tried again after `backoff` × 1, 2, 4 … seconds, going on where
    the file was cut if the server can.

    Raises NotMediaError (empty file, image, archive …), LimitExceededError, SourceNotFoundError,
    SourceForbiddenError, BlockedAddressError, InvalidInputError, StorageFullError, StageTimeoutError,
    TransientError.
    """
    return _download(url, directory, limits, policy, progress, deadline, backoff, media_only=True)


def download_any(
    url: str,
    directory: Path,
    max_bytes: int,
    policy: AddressPolicy,
    progress: Progress = ignore_progress,
    *,
    deadline: float = 300.0,
    backoff: float = 1.0,
) -> Download:
    """As `download_file`, for files of every kind: what they are is for the caller to find out."""
    limits = DownloadLimits(max_bytes=max_bytes)
    found = _download(url, directory, limits, policy, progress, deadline, backoff, media_only=False)
    assert isinstance(found, Download)  # noqa: S101 - only media are told from pages
    return found


def _download(
    url: str,
    directory: Path,
    limits: DownloadLimits,
    policy: AddressPolicy,
    progress: Progress,
    deadline: float,
    backoff: float,
    *,
    media_only: bool,
) -> Download | WebPage:
    url = check_url(url)
    watch = _Watch(progress, deadline, url)
    with _PartFile(directory) as part, safe_client(policy, watch=watch.look) as client:
        transfer = _Transfer(client, url, part, limits, watch, media_only=media_only)
        failures, furthest = 0, 0
        while True:
            try:
                result = transfer.run()
                break
            except TransientError as error:
                failures = 1 if part.size > furthest else failures + 1
                furthest = max(furthest, part.size)
                pause = error.retry_after
                if pause is None:
                    jitter = random.uniform(0.5, 1.5)  # noqa: S311
                    pause = backoff * 2 ** (failures - 1) * jitter
                if failures >= TRIES or pause > LONGEST_PAUSE:
                    raise
                watch.sleep(pause)
    progress(1.0)
    return result


def fingerprint(
    url: str, policy: AddressPolicy, *, pages: bool = False, timeout: float = 15.0
) -> Fingerprint | None:
    """What the server states about the version of the file at `url`, without its content; `timeout` in s.

    None when it states neither an ETag nor a modification time, when the server cannot be asked, or when the
    URL leads to a page (its version says nothing of the media in it) unless `pages` are wanted for themselves.
    Raises InvalidInputError and BlockedAddressError.
    """
    url = check_url(url)
    headers = {"Accept-Encoding": "identity"}
    with safe_client(policy, connect_timeout=timeout, read_timeout=timeout) as client:
        try:
            response = client.head(url, headers=headers)
            if not response.is_success:
                with client.stream("GET", url, headers={**headers, "Range": "bytes=0-0"}) as response:
                    pass
        except REQUEST_ERRORS:
            return None
    etag, modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
    if not response.is_success or not (etag or modified):
        return None
    if not pages and kind_of(response.headers.get("Content-Type"), b"") == "page":
        return None
    length = _total_of(response.headers.get("Content-Range")) or _number(
        response.headers.get("Content-Length")
    )
    return Fingerprint(url, etag, modified, length)


class _Watch:
    """Reports progress twice a second and ends the work at its deadline."""

    def __init__(self, progress: Progress, deadline: float, url: str) -> None:
        self._progress = progress
        self._deadline = deadline
        self._ends = time.monotonic() + deadline
        self._url = url
        self._reported = float("-inf")
        self.fraction = 0.0

    def look(self) -> None:
        now = time.monotonic()
        if now >= self._ends:
            raise StageTimeoutError(
                f"{mask_url(self._url)} could not be downloaded within {self._deadline:.0f} s.",
                hint="Try again, or raise the time limit for downloads.",
            )
        if now - self._reported >= 0.5:
            self._reported = now
            self._progress(min(self.fraction, 1.0))

    def sleep(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self.look()
            time.sleep(min(0.25, left))


class _PartFile:
    """The file being downloaded, under a temporary name that goes away unless it is kept."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / f".{secrets.token_hex(8)}.part"
        self._file: BinaryIO

    def __enter__(self) -> _PartFile:
        with _storage_errors():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("xb", buffering=0)
        self.restart()
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def restart(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        with _storage_errors():
            while view:
                written = self._file.write(view)
                self._hash.update(view[:written])
                self.size += written
                view = view[written:]

    def reserve(self, more: int) -> None:
        """Raises StorageFullError if the disk has no room for so many more bytes."""
        if more > shutil.disk_usage(self._path.parent).free:
            raise _full(f"The disk has no room for the {_megabytes(more)} of this download.")

    def keep(self, name: str) -> tuple[Path, str]:
        """Gives the complete file its name; returns where it is and its SHA-256."""
        target = self._path.with_name(name)
        self._file.close()
        with _storage_errors():
            self._path.replace(target)
        return target, self._hash.hexdigest()


class _Transfer:
    """One file on its way from one URL, over as many requests as it takes."""

    def __init__(
        self,
        client: httpx.Client,
        url: str,
        part: _PartFile,
        limits: DownloadLimits,
        watch: _Watch,
        *,
        media_only: bool,
    ) -> None:
        self._media_only = media_only
        self._client = client
        self._url = url
        self._part = part
        self._limits = limits
        self._watch = watch
        self._validator: str | None = None
        self._total: int | None = None

    def run(self) -> Download | WebPage:
        """Makes one request for what is missing. Raises TransientError where another may succeed."""
        try:
            with self._client.stream("GET", self._url, headers=self._headers()) as response:
                return self._receive(response)
        except REQUEST_ERRORS as error:
            raise request_error(error, self._url) from error

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if self._part.size and self._validator:
            headers |= {"Range": f"bytes={self._part.size}-", "If-Range": self._validator}
        return headers

    def _receive(self, response: httpx.Response) -> Download | WebPage:
        if response.status_code == 416:
            self._part.restart()
            raise self._cut()
        if error := status_error(response):
            raise error
        self._place(response)
        content_type = response.headers.get("Content-Type")
        self._check_size(self._total)
        body = _body(response)
        head = next(body)
        if self._part.size == 0:
            if not head:
                raise NotMediaError(
                    f"The file at {mask_url(self._url)} is empty (0 bytes).",
                    hint="Check the address.",
                )
            kind = kind_of(content_type, head) if self._media_only else "unknown"
            if kind == "page":
                return WebPage(str(response.url), content_type)
            if kind == "other":
                raise NotMediaError(
                    f"{mask_url(self._url)} is not audio or video but {content_type or 'another kind'}.",
                    hint="Give the address of a recording.",
                )
            if self._total is not None:
                self._part.reserve(self._total)
        self._write(head)
        for chunk in body:
            self._write(chunk)
        if self._total is not None and self._part.size != self._total:
            raise self._cut()
        path, digest = self._part.keep(
            file_name(str(response.url), response.headers.get("Content-Disposition"))
        )
        return Download(
            path=path,
            size=self._part.size,
            sha256=digest,
            title=PurePath(path.name).stem,
            duration=None,
            content_type=content_type,
            source="direct",
            extractor=None,
            url=mask_url(str(response.url)),
        )

    def _place(self, response: httpx.Response) -> None:
        """Settles where the body's first byte belongs, and how large the whole is."""
        if response.status_code == 206:
            start, total = _range_of(response.headers.get("Content-Range"))
            if start != self._part.size or total is None or total != self._total:
                self._part.restart()
                self._validator = None
                raise self._cut()
            return
        self._part.restart()
        encoded = response.headers.get("Content-Encoding", "identity").lower() != "identity"
        self._total = None if encoded else _number(response.headers.get("Content-Length"))
        etag = response.headers.get("ETag", "")
        strong = etag if etag.startswith('"') else None
        # Offsets into an encoded body are not offsets into the file.
        self._validator = (
            None if encoded or self._total is None else strong or response.headers.get("Last-Modified")
        )

    def _write(self, chunk: bytes) -> None:
        self._check_size(self._part.size + len(chunk))
        self._part.write(chunk)
        if self._total:
            self._watch.fraction = self._part.size / self._total
        self._watch.look()

    def _check_size(self, size: int | None) -> None:
        if size is not None and size > self._limits.max_bytes:
            raise LimitExceededError(
                f"The file at {mask_url(self._url)} is larger than the limit "
                f"of {_megabytes(self._limits.max_bytes)}.",
                hint="Give a smaller file, or raise the size limit.",
            )

    def _cut(self) -> ContrapontoError:
        return TransientError(
            f"The download of {mask_url(self._url)} was cut before its end.", hint="Try again later."
        )


def _body(response: httpx.Response) -> Iterator[bytes]:
    """The body in pieces, the first of which is long enough to tell what the file is (or is all there is)."""
    chunks = response.iter_bytes()
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= SNIFFED_BYTES:
            break
    yield head
    yield from chunks


@contextmanager
def _storage_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL_DISK:
            raise _full("The disk is full.") from error
        raise


def _full(sentence: str) -> StorageFullError:
    return StorageFullError(
        sentence, hint="Free some space, or lower the retention time, and submit the job again."
    )


def _megabytes(size: int) -> str:
    return f"{size / 1024**2:,.1f} MB" if size >= 1024**2 // 10 else f"{size:,} bytes"


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() else None


def _range_of(value: str | None) -> tuple[int | None, int | None]:
    """Start and total of a Content-Range header ("bytes 100-199/200")."""
    unit, _, rest = (value or "").partition(" ")
    span, _, total = rest.partition("/")
    return (_number(span.partition("-")[0]), _number(total)) if unit == "bytes" else (None, None)


def _total_of(value: str | None) -> int | None:
    return _range_of(value)[1]
