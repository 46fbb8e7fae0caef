"""Downloads files by plain HTTP: resumed after a cut, hashed while written, within limits."""

from __future__ import annotations

from pathlib import Path

from tasks.errors import StageTimeoutError
from tasks.fetching.content import kind_of
from tasks.fetching.http_transfer import HttpTransfer
from tasks.fetching.part_file import PartFile
from tasks.fetching.results import Download, Fingerprint, TransferOptions, WebPage
from tasks.net.addresses import AddressPolicy
from tasks.net.deadline import Deadline
from tasks.net.headers import content_length, content_range
from tasks.net.http import REQUEST_ERRORS, safe_client
from tasks.net.urls import CheckedUrl
from tasks.progress import Progress, ignore_progress

_LONGEST_LOOK = 2
"""Times as long as the silence that is borne, for both requests together."""


def download_file(
    url: CheckedUrl, directory: Path, options: TransferOptions, progress: Progress = ignore_progress
) -> Download | WebPage:
    """Downloads the media file at `url` into `directory`.

    Cut connections, timeouts, 429 and 5xx are retried, going on where the file was cut if the server can.

    Returns:
        The file; or a `WebPage` (and no file) where the URL leads to a page, playlist or text instead of media.

    Raises:
        NotMediaError: An empty file, an image, an archive …
        LimitExceededError, SourceNotFoundError, SourceForbiddenError, BlockedAddressError, InvalidInputError,
            StorageFullError, StageTimeoutError, TransientError.
    """
    return _download(url, directory, options, progress, media_only=True)


def download_any(
    url: CheckedUrl, directory: Path, options: TransferOptions, progress: Progress = ignore_progress
) -> Download:
    """As `download_file`, for files of every kind: what they are is for the caller to find out."""
    found = _download(url, directory, options, progress, media_only=False)
    assert isinstance(found, Download)  # noqa: S101 - only media are told from pages
    return found


def _download(
    url: CheckedUrl, directory: Path, options: TransferOptions, progress: Progress, *, media_only: bool
) -> Download | WebPage:
    deadline = Deadline(progress, options.deadline, late=options.too_late(url), hint=options.late_hint)
    with PartFile(directory) as part, safe_client(options.policy, watch=deadline.check) as client:
        transfer = HttpTransfer(
            client, url, part, deadline, max_bytes=options.limits.max_bytes, media_only=media_only
        )
        result = options.retry.call(transfer.run, deadline, lambda: part.size)
    if isinstance(result, Download):
        progress(1.0)
    return result


def fingerprint(
    url: CheckedUrl, policy: AddressPolicy, *, pages: bool = False, timeout: float = 15.0
) -> Fingerprint | None:
    """What the server states about the version of the file at `url`, without its content.

    Args:
        url: Where the file is.
        policy: Which addresses may be reached.
        pages: Whether pages are wanted for themselves; the version of a page says nothing of the media in it.
        timeout: Seconds of silence that are borne, and half of those that the whole may take.

    Returns:
        None when the server states neither an ETag nor a modification time, when it cannot be asked, or when
        the URL leads to a page and `pages` are not wanted.

    Raises:
        BlockedAddressError: The URL leads to an address that may not be reached.
    """
    headers = {"Accept-Encoding": "identity"}
    # A server that sends a byte now and then is never silent.
    deadline = Deadline(
        ignore_progress, _LONGEST_LOOK * timeout, late=f"{url.masked} does not say its version."
    )
    with safe_client(policy, watch=deadline.check, connect_timeout=timeout, read_timeout=timeout) as client:
        try:
            response = client.head(url.text, headers=headers)
            if not response.is_success:
                with client.stream("GET", url.text, headers={**headers, "Range": "bytes=0-0"}) as response:
                    pass
        except (*REQUEST_ERRORS, StageTimeoutError):
            return None
    etag, modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
    if not response.is_success or not (etag or modified):
        return None
    if not pages and kind_of(response.headers.get("Content-Type"), b"") == "page":
        return None
    length = content_range(response.headers)[1] or content_length(response.headers)
    return Fingerprint(url.text, etag, modified, length)
