"""Brings the recording of a job into the media store."""

import asyncio
import hashlib
import mimetypes
import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict

from blocks.from_settings import media_store, remote_stage
from blocks.media_store import MediaStore
from blocks.scratch import scratch_directory
from blocks.settings import Settings, get_settings
from tasks.errors import LimitExceededError, SourceNotFoundError
from tasks.fetching.direct import download_any, fingerprint
from tasks.fetching.download import download, is_known_site
from tasks.fetching.length import check_length, stop_if_too_long
from tasks.fetching.options import transfer_options
from tasks.fetching.results import DownloadLimits
from tasks.jobs.requests import StepRequest
from tasks.jobs.step import step
from tasks.jobs.tracker import current_stage
from tasks.media.probe import MediaInfo, probe, require_audio, require_video
from tasks.net.addresses import AddressPolicy
from tasks.net.urls import CheckedUrl, check_url
from tasks.progress import Progress, part_of
from tasks.remote.protocol import DownloadedMedia, DownloadRequest

_SNIFFED = 0.98
"""Share of the progress that is the transfer; the rest is probing the file and storing it."""


Track = Literal["audio", "video", "media"]
"""What a recording must have to be of use; media: sound or a picture."""

_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?/", re.IGNORECASE)
"""How an address begins that lacks its scheme."""


class FileRequest(StepRequest):
    """A file of any kind to fetch."""

    source: str
    """URL, or a key of the media store."""
    edition: str | None
    """What tells this edition of the source from later ones; None if nothing does."""
    max_bytes: int
    """Larger files are refused."""

    def cache_key(self) -> str | None:
        """None for a URL whose server does not say when the file changes: it is fetched again."""
        return super().cache_key() if self.edition else None


class FetchRequest(FileRequest):
    """A recording to fetch."""

    needs: Track = "audio"
    """The track without which it is of no use."""
    max_seconds: float
    """Longer recordings are refused."""


class FetchedFile(BaseModel):
    """A file in the media store; what it is nobody has checked yet."""

    model_config = ConfigDict(frozen=True)

    key: str
    sha256: str
    size: int
    """Bytes."""
    source: str
    """Where it came from, credentials masked."""

    def store_keys(self) -> Iterable[str]:
        """The files that must be there for the result to be used again; see `StepResult`."""
        return (self.key,)


class FetchedMedia(FetchedFile):
    """A recording in the media store."""

    duration: float
    """Seconds."""
    title: str


def is_url(source: str) -> bool:
    """Whether a source is a URL; anything else is a key of the media store."""
    return "://" in source


async def fetch_request(
    source: str, needs: Track = "audio", max_seconds: float | None = None
) -> FetchRequest:
    """The request for a recording; asks the source for its edition, without fetching it.

    Args:
        source: URL, or a key of the media store.
        needs: The track without which it is of no use.
        max_seconds: The longest recording; without it the setting `max_duration_minutes` decides.

    Raises:
        InvalidInputError, BlockedAddressError, SourceNotFoundError.
    """
    settings = get_settings()
    edition = await asyncio.to_thread(_edition, source, settings)
    return FetchRequest(
        source=source,
        edition=edition,
        max_bytes=settings.max_download_mb * 1024 * 1024,
        needs=needs,
        max_seconds=max_seconds or settings.max_duration_minutes * 60,
    )


def _edition(source: str, settings: Settings, *, any_file: bool = False) -> str | None:
    """`any_file`: a page is a file too, and not where a video is shown."""
    if not is_url(source):
        try:
            stored = media_store(settings).stat(source)
        except SourceNotFoundError as error:
            if _HOST.match(source):
                raise SourceNotFoundError(
                    error.message, hint="If it is an address, write https:// at its beginning."
                ) from error
            raise
        return stored.sha256 or f"{stored.size} {stored.modified.isoformat()}"
    url = check_url(source)
    if is_known_site(url) and not any_file:
        return "published"  # The address of a published video names one recording for good.
    found = fingerprint(url, AddressPolicy(allowed=settings.allowed_private_hosts), pages=any_file)
    return found.key if found else None


@step("download")
def fetch_media(request: FetchRequest, progress: Progress) -> FetchedMedia:
    """Fetches a recording, checks that it is one and within the limits, and stores it by its content.

    Raises the errors of `tasks.fetching.download.download`, `tasks.media.probe` and LimitExceededError.
    """
    settings = get_settings()
    store = media_store(settings)
    if not is_url(request.source):
        return _stored(request, store)
    url = check_url(request.source)
    with scratch_directory(settings.home, "download") as folder:
        path, title = _transfer(request, url, folder, settings, part_of(progress, 0.0, _SNIFFED))
        info = _checked(path, request)
        ending = (
            path.suffix.lower() or mimetypes.guess_extension(f"{request.needs}/{info.container}") or ".media"
        )
        digest, size = _digest(path)
        key = f"media/{digest[:2]}/{digest}{ending}"
        if not store.exists(key):
            store.put_file(path, key)
    return FetchedMedia(
        key=key,
        sha256=digest,
        size=size,
        duration=info.duration,
        title=title,
        source=url.masked,
    )


def _transfer(
    request: FetchRequest, url: CheckedUrl, folder: Path, settings: Settings, progress: Progress
) -> tuple[Path, str]:
    """The file, and its title."""
    limits = DownloadLimits(max_bytes=request.max_bytes, max_seconds=request.max_seconds)
    if service := remote_stage(settings, "download"):
        finished = service.run(
            DownloadRequest(url=url.text, **asdict(limits)),
            idempotency_key=request.cache_key() or folder.name,
            deadline=settings.download_timeout,
            progress=part_of(progress, 0.0, 0.8),
            submitted=current_stage().done_by,
        )
        fetched = service.fetch(
            finished,
            folder / "media",
            max_bytes=limits.max_bytes,
            deadline=settings.download_timeout,
            progress=part_of(progress, 0.8, 1.0),
        )
        return fetched.path, finished.read(DownloadedMedia).title
    found = download(
        url,
        folder,
        transfer_options(settings, limits),
        stop_if_too_long(progress, folder, limits.max_seconds, request.source),
    )
    return found.path, found.title


def _stored(request: FetchRequest, store: MediaStore) -> FetchedMedia:
    """A recording that is in the store already stays where it is."""
    key = request.source
    with store.open_local(key) as path:
        info = _checked(path, request)
        digest, size = _digest(path)
    return FetchedMedia(
        key=key, sha256=digest, size=size, duration=info.duration, title=PurePosixPath(key).stem, source=key
    )


async def file_request(source: str, max_bytes: int) -> FileRequest:
    """The request for a file of any kind; asks the source for its edition, without fetching it.

    Args:
        source: URL, or a key of the media store.
        max_bytes: Larger files are refused.

    Raises:
        InvalidInputError, BlockedAddressError, SourceNotFoundError.
    """
    settings = get_settings()
    edition = await asyncio.to_thread(_edition, source, settings, any_file=True)
    return FileRequest(source=source, edition=edition, max_bytes=max_bytes)


@step("download")
def fetch_file(request: FileRequest, progress: Progress) -> FetchedFile:
    """Fetches a file and stores it by its content. Raises the errors of `tasks.fetching.direct.download_any`."""
    settings = get_settings()
    store = media_store(settings)
    if not is_url(request.source):
        stored = store.stat(request.source)
        if stored.size > request.max_bytes:
            raise LimitExceededError(
                f'The file "{request.source}" has {stored.size:,} bytes; {request.max_bytes:,} is the most.'
            )
        with store.open_local(request.source) as path:
            digest, size = _digest(path)
        return FetchedFile(key=request.source, sha256=digest, size=size, source=request.source)
    url = check_url(request.source)
    options = transfer_options(settings, DownloadLimits(max_bytes=request.max_bytes))
    with scratch_directory(settings.home, "download") as folder:
        found = download_any(url, folder, options, part_of(progress, 0.0, _SNIFFED))
        key = f"files/{found.sha256[:2]}/{found.sha256}{found.path.suffix.lower()}"
        if not store.exists(key):
            store.put_file(found.path, key)
    return FetchedFile(key=key, sha256=found.sha256, size=found.size, source=url.masked)


def _checked(path: Path, request: FetchRequest) -> MediaInfo:
    """What the file is, if it is of use and short enough."""
    info = probe(path)
    if request.needs == "audio":
        require_audio(info)
    elif request.needs == "video":
        require_video(info)
    check_length(info.duration, request.max_seconds, request.source)
    return info


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
