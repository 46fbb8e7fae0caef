"""The process that runs yt-dlp for `tasks.fetching.sites`: reads one request, answers in JSON lines, ends.

It is a process of its own because yt-dlp runs code for hundreds of sites: here all of it can be held to the
address policy, be stopped at once, and leave nothing behind.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from tasks.errors import (
    BlockedAddressError,
    ContrapontoError,
    InvalidInputError,
    LimitExceededError,
    NotMediaError,
    TransientError,
)
from tasks.fetching._guard import guard_process
from tasks.fetching._protocol import (
    AllDescribed,
    Described,
    Downloaded,
    Entry,
    Failed,
    Listed,
    NotDescribed,
    ProgressMade,
    Reply,
    Request,
    Surveyed,
)
from tasks.fetching._ytdlp_facts import OPTIONS as FACTS_ALONE
from tasks.fetching._ytdlp_facts import survey, video_facts
from tasks.fetching.lifeline import end_with_parent
from tasks.net.addresses import AddressPolicy
from tasks.net.urls import mask_url, mask_urls

SOCKET_TIMEOUT = 30.0
RETRIES = 3
_LIST_KEYS = frozenset({"YoutubeTab", "YoutubePlaylist"})


def main() -> None:
    end_with_parent()
    replies = _take_stdout()
    request = Request.model_validate_json(sys.stdin.readline())
    runtime = _javascript_runtime()
    refusals = guard_process(AddressPolicy(request.allowed), frozenset({runtime} if runtime else ()))
    try:
        reply: Reply = _run(request, runtime, replies, refusals)
    except ContrapontoError as error:
        reply = _failed(error)
    _say(replies, reply)


def _failed(error: ContrapontoError) -> Failed:
    asked = error.retry_after if isinstance(error, TransientError) else None
    return Failed(code=error.code, message=mask_urls(error.message), hint=error.hint, retry_after=asked)


def _take_stdout() -> TextIO:
    """Keeps standard output for replies: whatever a library prints goes to standard error."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return replies


def _say(replies: TextIO, reply: Reply) -> None:
    replies.write(reply.model_dump_json() + "\n")
    replies.flush()


def _javascript_runtime() -> str | None:
    # The PyPI package "deno" puts its binary beside Python's, which need not be on the PATH.
    return shutil.which("deno", path=sysconfig.get_path("scripts")) or shutil.which("deno")


def _run(
    request: Request, runtime: str | None, replies: TextIO, refusals: Sequence[BlockedAddressError]
) -> Reply:
    # After the guard: whatever the import itself opens is held to the policy too.
    import yt_dlp  # noqa: PLC0415
    from yt_dlp.utils import YoutubeDLError  # noqa: PLC0415

    from tasks.fetching import _ytdlp_errors as errors  # noqa: PLC0415

    where = mask_url(request.url)
    session = _Session(request, replies)
    try:
        with yt_dlp.YoutubeDL(_options(request, runtime, session)) as ydl:
            if request.action == "list":
                return Listed(entries=tuple(_entries(ydl, request)))
            if request.action == "survey":
                return Surveyed(survey=survey(ydl, request.url, request.max_items))
            if request.action == "describe":
                for number, url in enumerate(request.urls):
                    _say(replies, _described(ydl, number, url, session, refusals))
                return AllDescribed()
            info = ydl.extract_info(request.url, download=True)
    except (YoutubeDLError, OSError) as error:
        if session.refusal is not None:
            raise session.refusal from error
        raise errors.translate(
            error, where, runtime_missing=session.runtime_missing, refusals=refusals
        ) from error
    video = _only_video(info, where)
    files = [Path(d["filepath"]) for d in video.get("requested_downloads") or () if d.get("filepath")]
    if not files or not files[0].is_file():
        raise errors.no_media(where)
    if files[0].stat().st_size == 0:
        raise NotMediaError(
            f"The file at {where} is empty (0 bytes).", hint="Give the address of a recording."
        )
    return Downloaded(
        path=str(files[0]),
        # What yt-dlp calls a recording without a name is made of its address.
        title=mask_urls(str(video.get("title") or video.get("id") or files[0].stem)),
        duration=_seconds(video),
        extractor=str(video.get("extractor_key") or ""),
        url=mask_url(str(video.get("webpage_url") or request.url)),
    )


def _options(request: Request, runtime: str | None, session: _Session) -> dict[str, Any]:
    options: dict[str, Any] = {
        "quiet": True,
        "noprogress": True,
        "color": "no_color",
        "logger": session,
        "allowed_extractors": ["default", "-generic"] if request.dedicated_only else ["default"],
        "noplaylist": True,
        "socket_timeout": SOCKET_TIMEOUT,
        "retries": RETRIES,
        "fragment_retries": RETRIES,
        "extractor_retries": RETRIES,
        "file_access_retries": 0,
        "skip_unavailable_fragments": False,  # a recording with a hole is not the recording
        "cachedir": False,
        "cookiefile": request.cookies,
        "proxy": request.proxy or "",
        "js_runtimes": {"deno": {"path": runtime}} if runtime else {},
        # Nothing is cut, merged or repaired here: no ffmpeg runs, so none can open addresses or files by
        # itself.
        "external_downloader": "native",
        "fixup": "never",
        "postprocessors": [],
    }
    if request.action == "describe":
        return options | FACTS_ALONE
    if request.action in ("list", "survey"):
        listing = {
            "extract_flat": "in_playlist",
            "skip_download": True,
            "noplaylist": False,
            "playlist_items": f"1:{request.max_items}",
        }
        return options | listing | (FACTS_ALONE if request.action == "survey" else {})
    return options | {
        "format": "bestaudio/best",
        "paths": {"home": request.directory},
        "outtmpl": {"default": "media.%(ext)s"},
        "overwrites": True,
        "updatetime": False,
        "playlist_items": "1:2",
        "match_filter": session.refuse_unfit,
        "progress_hooks": [session.on_progress],
    }


def _described(
    ydl: Any, number: int, url: str, session: _Session, refusals: Sequence[BlockedAddressError]
) -> Described | NotDescribed:
    """The facts about one video, or why there are none: the others go on."""
    from yt_dlp.utils import ExtractorError, YoutubeDLError  # noqa: PLC0415

    from tasks.fetching import _ytdlp_errors as errors  # noqa: PLC0415

    session.warnings.clear()
    where = mask_url(url)
    try:
        info = ydl.extract_info(url, download=False)
        if info is None or (info.get("_type", "video") == "video" and not info.get("fulltitle")):
            # Of a video that is private or gone the extractor knows but the warning.
            raise ExtractorError(". ".join(session.warnings) or "no video formats found", expected=True)
        return Described(number=number, video=video_facts(info, url))
    except ContrapontoError as error:
        failed = error
    except (YoutubeDLError, OSError) as error:
        failed = errors.translate(error, where, runtime_missing=False, refusals=refusals)
    return NotDescribed(number=number, failed=_failed(failed))


class _Session:
    """One download: its log, its progress, its limits."""

    def __init__(self, request: Request, replies: TextIO) -> None:
        self._request = request
        self._replies = replies
        self._where = mask_url(request.url)
        self._said = float("-inf")
        self.refusal: ContrapontoError | None = None
        """Why the download was stopped from here."""
        self.runtime_missing = False
        self.warnings: list[str] = []

    def debug(self, message: str) -> None:
        self._log(message)

    def info(self, message: str) -> None:
        self._log(message)

    def warning(self, message: str) -> None:
        if "JavaScript runtime" in message:
            self.runtime_missing = True
        self.warnings.append(message)
        self._log(f"warning: {message}")

    def error(self, message: str) -> None:
        self._log(f"error: {message}")

    def _log(self, message: str) -> None:
        sys.stderr.write(mask_urls(message.strip()) + "\n")

    def refuse_unfit(self, info: Mapping[str, Any], *, incomplete: object = False) -> None:  # noqa: ARG002
        """Stops before the download where what was found is not one finished recording within the limits."""
        if (info.get("n_entries") or 0) > 1:
            self._refuse(several(self._where))
        if info.get("is_live") or info.get("live_status") in ("is_live", "is_upcoming", "post_live"):
            from tasks.fetching._ytdlp_errors import live  # noqa: PLC0415

            self._refuse(live(self._where))
        seconds = _seconds(info)
        if seconds is not None and seconds > self._request.max_seconds:
            self._refuse(
                LimitExceededError(
                    f"The recording at {self._where} lasts {seconds / 60:.0f} min; "
                    f"the limit is {self._request.max_seconds / 60:.0f} min.",
                    hint="Give a shorter recording, or raise the duration limit.",
                )
            )
        self._check_size(info.get("filesize"))

    def on_progress(self, status: Mapping[str, Any]) -> None:
        self._check_size(status.get("total_bytes"))
        done = status.get("downloaded_bytes") or 0
        self._check_size(done)
        total = status.get("total_bytes") or status.get("total_bytes_estimate")
        now = time.monotonic()
        if total and now - self._said >= 0.5:
            self._said = now
            _say(self._replies, ProgressMade(fraction=min(done / total, 1.0)))

    def _check_size(self, size: float | None) -> None:
        if size is not None and size > self._request.max_bytes:
            self._refuse(
                LimitExceededError(
                    f"The recording at {self._where} is larger than the limit of "
                    f"{self._request.max_bytes:,} bytes.",
                    hint="Give a smaller file, or raise the size limit.",
                )
            )

    def _refuse(self, reason: ContrapontoError) -> None:
        from yt_dlp.utils import DownloadCancelled  # noqa: PLC0415

        self.refusal = reason
        raise DownloadCancelled(reason.message)


def several(where: str) -> InvalidInputError:
    return InvalidInputError(
        f"{where} leads to several recordings.",
        hint="Submit one of them, or the list as a transcribe-batch job.",
    )


def _only_video(info: Mapping[str, Any] | None, where: str) -> Mapping[str, Any]:
    from tasks.fetching._ytdlp_errors import no_media  # noqa: PLC0415

    while info is not None and info.get("_type") in ("playlist", "multi_video"):
        entries = [entry for entry in info.get("entries") or () if entry]
        if len(entries) > 1:
            raise several(where)
        info = entries[0] if entries else None
    if info is None:
        raise no_media(where)
    return info


def _entries(ydl: Any, request: Request) -> list[Entry]:
    found: list[Entry] = []
    _collect(ydl, ydl.extract_info(request.url, download=False), request, found, depth=0)
    if not found:
        from tasks.fetching._ytdlp_errors import no_media  # noqa: PLC0415

        raise no_media(mask_url(request.url))
    return found


def _collect(
    ydl: Any,
    info: Mapping[str, Any] | None,
    request: Request,
    found: list[Entry],
    *,
    depth: int,
    page: str = "",
) -> None:
    """Adds the recordings of a listing (`page` is its address); a channel is a list of lists."""
    from yt_dlp.utils import unsmuggle_url  # noqa: PLC0415

    if info is None or len(found) >= request.max_items:
        return
    kind = info.get("_type", "video")
    if kind in ("playlist", "multi_video"):
        for entry in info.get("entries") or ():
            _collect(
                ydl, entry, request, found, depth=depth, page=str(info.get("webpage_url") or request.url)
            )
        return
    if kind in ("url", "url_transparent"):
        url = info.get("url")
        if info.get("ie_key") in _LIST_KEYS and depth < 2:
            _collect(ydl, ydl.extract_info(url, download=False), request, found, depth=depth + 1)
            return
    else:
        url = _address_of(info, page)
    if url:
        # What one extractor tells another within an address is no part of it.
        url, _ = unsmuggle_url(str(url))
    if url and all(entry.url != url for entry in found):
        name = mask_urls(str(info.get("id") or url))
        title = mask_urls(str(info.get("title") or name))
        found.append(Entry(url=url, title=title, id=name, duration=_seconds(info)))


def _address_of(info: Mapping[str, Any], page: str) -> str | None:
    """Where a recording can be fetched alone: one of several in a page has only its file's address."""
    own = info.get("webpage_url")
    if own and own != page:
        return str(own)
    formats: list[dict[str, Any]] = info.get("formats") or [{}]
    return info.get("url") or formats[-1].get("url") or own


def _seconds(info: Mapping[str, Any]) -> float | None:
    duration = info.get("duration")
    return float(duration) if isinstance(duration, int | float) and duration > 0 else None


if __name__ == "__main__":
    main()
