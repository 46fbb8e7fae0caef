"""Downloads from sites through yt-dlp, which runs in a process of its own (`_ytdlp_child`)."""

from __future__ import annotations

import hashlib
import logging
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Literal, cast
from urllib.parse import urlsplit

from tasks.errors import (
    ContrapontoError,
    EngineError,
    InvalidInputError,
    StageTimeoutError,
    TransientError,
    kind_of_error,
)
from tasks.fetching._protocol import (
    REPLY,
    AllDescribed,
    Described,
    Downloaded,
    Failed,
    Listed,
    NotDescribed,
    ProgressMade,
    Reply,
    Request,
    Surveyed,
)
from tasks.fetching.content import safe_name
from tasks.fetching.lifeline import PARENT
from tasks.fetching.results import Download, SourceEntry, TransferOptions
from tasks.fetching.site_facts import Survey, VideoFacts
from tasks.net.addresses import AddressPolicy
from tasks.net.urls import CheckedUrl, mask_url, mask_urls
from tasks.progress import Progress, ignore_progress

_logger = logging.getLogger(__name__)

_TICK = 0.5
_LOG_TAIL = 8_000


def download_from_site(
    url: CheckedUrl,
    directory: Path,
    options: TransferOptions,
    progress: Progress = ignore_progress,
    *,
    dedicated_only: bool = False,
) -> Download:
    """Downloads the best audio of the recording that the page at `url` shows.

    Args:
        url: The page.
        directory: Where the file is to lie.
        options: Limits, time and access.
        progress: Told the fraction that has arrived.
        dedicated_only: Take no generic look at the page: a site without an extractor of its own is a
            NotMediaError.

    Returns:
        The file.

    Raises:
        InvalidInputError: Several recordings, live streams.
        NotMediaError, LimitExceededError, SourceNotFoundError, SourceForbiddenError, BlockedAddressError,
            MissingEngineError, StorageFullError, StageTimeoutError, TransientError, EngineError.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".site-", dir=directory) as scratch:
        request = Request(
            action="download",
            url=url.text,
            directory=scratch,
            allowed=_with_proxy(options.policy, options.proxy),
            max_bytes=options.limits.max_bytes,
            max_seconds=options.limits.max_seconds,
            max_items=1,
            dedicated_only=dedicated_only,
            cookies=_copy_of(options.cookies, Path(scratch)),
            proxy=options.proxy,
        )
        reply = _converse(request, url, options, progress)
        if not isinstance(reply, Downloaded):
            raise _unexpected(url)
        found = Path(reply.path)
        size, digest = found.stat().st_size, _digest(found, progress)
        path = directory / (safe_name(f"{reply.title}{found.suffix}") or f"download{found.suffix}")
        found.replace(path)
    progress(1.0)
    return Download(
        path=path,
        size=size,
        sha256=digest,
        title=reply.title,
        duration=reply.duration,
        content_type=None,
        source="site",
        extractor=reply.extractor,
        url=reply.url,
    )


def list_entries(
    url: CheckedUrl,
    options: TransferOptions,
    progress: Progress = ignore_progress,
    *,
    max_items: int = 500,
) -> list[SourceEntry]:
    """The recordings of a playlist, channel or page (at most `max_items`, in the site's order), unread.

    The URL of a single recording gives a list of one. Raises as `download_from_site`.
    """
    with tempfile.TemporaryDirectory(prefix="contraponto-list-") as scratch:
        request = Request(
            action="list",
            url=url.text,
            directory=scratch,
            allowed=_with_proxy(options.policy, options.proxy),
            max_bytes=0,
            max_seconds=0,
            max_items=max_items,
            dedicated_only=False,
            cookies=_copy_of(options.cookies, Path(scratch)),
            proxy=options.proxy,
        )
        reply = _converse(request, url, options, progress)
    if not isinstance(reply, Listed):
        raise _unexpected(url)
    return [SourceEntry(e.url, e.title, e.id, e.duration) for e in reply.entries]


def survey_site(
    url: CheckedUrl, options: TransferOptions, progress: Progress = ignore_progress, *, most: int = 500
) -> Survey:
    """What is at an address: a video, or a channel or playlist with at most `most` videos of each list in it.

    Nothing but what the list itself tells is read. Raises as `download_from_site`.
    """
    with tempfile.TemporaryDirectory(prefix="contraponto-list-") as scratch:
        reply = _converse(_facts_request("survey", url, (), options, scratch, most), url, options, progress)
    if not isinstance(reply, Surveyed):
        raise _unexpected(url)
    return reply.survey


def describe_videos(
    urls: Sequence[CheckedUrl], options: TransferOptions, progress: Progress = ignore_progress
) -> list[VideoFacts | ContrapontoError]:
    """The facts about each video, in their order; in the place of one that has none to give, the reason.

    `options.deadline` is for all of them: those that are not reached get a StageTimeoutError. Raises TransientError
    if the process was killed.
    """
    if not urls:
        return []
    found: dict[int, VideoFacts | ContrapontoError] = {}

    def hear(reply: Reply) -> None:
        match reply:
            case Described():
                found[reply.number] = reply.video
            case NotDescribed():
                found[reply.number] = _error(reply.failed)
        progress(len(found) / len(urls))

    with tempfile.TemporaryDirectory(prefix="contraponto-list-") as scratch:
        texts = tuple(url.text for url in urls)
        request = _facts_request("describe", urls[0], texts, options, scratch, 1)
        missing: ContrapontoError | None = None
        try:
            _converse(request, urls[0], options, progress, hear)
        except StageTimeoutError as error:
            missing = error
    return [
        found.get(number) or missing or EngineError(f"Nothing was said of {url.masked}.")
        for number, url in enumerate(urls)
    ]


def _facts_request(
    action: Literal["survey", "describe"],
    url: CheckedUrl,
    urls: tuple[str, ...],
    options: TransferOptions,
    scratch: str,
    most: int,
) -> Request:
    return Request(
        action=action,
        url=url.text,
        urls=urls,
        directory=scratch,
        allowed=_with_proxy(options.policy, options.proxy),
        max_bytes=0,
        max_seconds=0,
        max_items=most,
        dedicated_only=False,
        cookies=_copy_of(options.cookies, Path(scratch)),
        proxy=options.proxy,
    )


def _ignore(reply: Reply) -> None:
    """Most conversations have nothing but a last reply."""


def _converse(
    request: Request,
    url: CheckedUrl,
    options: TransferOptions,
    progress: Progress,
    hear: Callable[[Reply], None] = _ignore,
) -> Reply:
    """Runs the child to its last reply; it is gone when this returns or raises."""
    ends = time.monotonic() + options.deadline
    fraction = 0.0
    progress(fraction)
    with tempfile.TemporaryFile() as log:
        child = _start(Path(request.directory), log)
        try:
            question, answers = cast(BinaryIO, child.stdin), cast(BinaryIO, child.stdout)
            question.write(request.model_dump_json().encode() + b"\n")
            question.close()
            for line in _lines(answers):
                if time.monotonic() >= ends:
                    raise StageTimeoutError(options.too_late(url), hint=options.late_hint)
                reply = REPLY.validate_json(line) if line else None
                match reply:
                    case ProgressMade():
                        fraction = reply.fraction
                    case Downloaded() | Listed() | Surveyed() | AllDescribed():
                        return reply
                    case Described() | NotDescribed():
                        hear(reply)
                        continue
                    case Failed():
                        _log(log, url)
                        raise _error(reply)
                progress(fraction)
        except BrokenPipeError:
            pass  # it ended before reading: the log says why
        else:
            _await_exit(child)
        finally:
            _end(child)
        _log(log, url)
    sentence = f"The process that downloads {url.masked} ended without an answer."
    if child.returncode is not None and child.returncode < 0:
        raise TransientError(sentence, hint="This machine may be short of memory. Try again.")
    raise EngineError(sentence, hint="The log has its last words.")


def _start(scratch: Path, log: BinaryIO) -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parents[2])
    environment = {
        key: os.environ[key]
        for key in ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR")
        if key in os.environ
    }
    environment |= {
        # An empty home: no configuration, cookies, plugins or netrc of this machine take part.
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "YTDLP_NO_PLUGINS": "1",
        "PYTHONPATH": root,
        "PYTHONIOENCODING": "utf-8",
        PARENT: str(os.getpid()),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tasks.fetching._ytdlp_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        bufsize=0,
        cwd=scratch,
        env=environment,
        process_group=0,
    )


def _await_exit(child: subprocess.Popen[bytes]) -> None:
    """Gives a child that closed its output two seconds to end by itself, so that its exit code tells why."""
    for _ in range(20):
        # WNOWAIT leaves the child's number taken until its group has been killed.
        if os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return
        time.sleep(0.1)


def _end(child: subprocess.Popen[bytes]) -> None:
    # The child leads its own group and is not yet waited for, so the number cannot have gone to another
    # group.
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """The stream's lines as they come, and an empty one whenever half a second brought none."""
    buffered = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            if not selector.select(_TICK):
                yield b""
                continue
            data = os.read(stream.fileno(), 65536)
            if not data:
                return
            *complete, buffered = (buffered + data).split(b"\n")
            yield from complete


def _error(reply: Failed) -> ContrapontoError:
    if reply.code == TransientError.code:
        return TransientError(reply.message, hint=reply.hint, retry_after=reply.retry_after)
    return (kind_of_error(reply.code) or EngineError)(reply.message, hint=reply.hint)


def _unexpected(url: CheckedUrl) -> EngineError:
    return EngineError(f"The process that reads {url.masked} gave an answer to another question.")


def _log(log: BinaryIO, url: CheckedUrl) -> None:
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - _LOG_TAIL))
    text = mask_urls(log.read().decode(errors="replace")).strip()
    if text:
        _logger.warning("yt-dlp on %s:\n%s", url.masked, text)


def _with_proxy(policy: AddressPolicy, proxy: str | None) -> tuple[str, ...]:
    """The policy's entries and the proxy: whoever configured it means it to be reached."""
    if proxy is None:
        return policy.allowed
    parts = urlsplit(proxy)
    if not parts.hostname:
        raise InvalidInputError(
            f'The proxy "{mask_url(proxy)}" is not a URL.', hint="Write it like http://proxy.lan:3128."
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 1080)
    return (*policy.allowed, f"{host}:{port}")


def _copy_of(cookies: Path | None, scratch: Path) -> str | None:
    """A copy, because yt-dlp writes the cookies it was given back: two jobs would fight over the file."""
    if cookies is None:
        return None
    if not cookies.is_file():
        raise InvalidInputError(
            f"There is no cookies file at {cookies}.", hint="Export one in Netscape format."
        )
    copy = scratch / "cookies.txt"
    shutil.copyfile(cookies, copy)
    copy.chmod(0o600)
    return str(copy)


def _digest(path: Path, progress: Progress) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(4 * 1024 * 1024):
            digest.update(block)
            progress(1.0)
    return digest.hexdigest()
