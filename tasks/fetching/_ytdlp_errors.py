"""Turns what yt-dlp raises into the product's errors."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Sequence

from yt_dlp.networking.exceptions import CertificateVerifyError, HTTPError, TransportError
from yt_dlp.utils import GeoRestrictedError, UnsupportedError, UserNotLive

from tasks.errors import (
    BlockedAddressError,
    ContrapontoError,
    EngineError,
    InvalidInputError,
    MissingEngineError,
    NotMediaError,
    SourceForbiddenError,
    SourceNotFoundError,
    StorageFullError,
    TransientError,
)
from tasks.fetching._guard import BlockedConnectionError
from tasks.net.retry_after import seconds_to_wait

SIGN_IN_HINT = "Give a public link, or configure a cookies file of an account that may see it."

_FORBIDDEN = re.compile(
    r"private video|video is private|this (?:video|post|account|content) is private|members[- ]only|"
    r"join this channel|"
    r"sign in|log ?in|logged[- ]in|"
    r"requires? (?:an? )?(?:account|authentication|password|subscription|purchase)|"
    r"age[- ]restrict|confirm your age|inappropriate for some users|geo[- ]?restrict|"
    r"available (?:in|from) your|"
    r"blocked it (?:in|on)|drm|premium|paid|subscribers? only|protected by a password|use --cookies",
    re.IGNORECASE,
)
_GONE = re.compile(
    r"(?:has been|was|been) (?:removed|deleted|terminated)|no longer (?:available|exists?)|"
    r"does(?:n't| not) exist|"
    r"video (?:is )?unavailable|not found|isn't available|is not available|"
    r"account (?:has been )?(?:terminated|suspended)",
    re.IGNORECASE,
)
_STATUS = re.compile(r"HTTP Error (\d{3})")
_RUNTIME = re.compile(r"javascript runtime|js runtime|n challenge|ejs", re.IGNORECASE)
_NO_MEDIA = re.compile(
    r"no video formats? found|no media found|"
    r"no suitable extractor|requested format is not available|no video in",
    re.IGNORECASE,
)
_LIVE = re.compile(
    r"live event will begin|premieres? in|is(?:n't| not) (?:currently )?live|live stream", re.IGNORECASE
)
_BUSY = re.compile(
    r"rate[- ]limit|too many requests|try again later|timed? ?out|temporarily|"
    r"connection (?:reset|refused|aborted)|failed to establish|more expected|remote end closed|got error",
    re.IGNORECASE,
)


def translate(
    error: BaseException, where: str, *, runtime_missing: bool, refusals: Sequence[BlockedAddressError] = ()
) -> ContrapontoError:
    """The product's error for one raised by yt-dlp; `where` is the URL to show.

    `refusals` are what the process's guard refused: yt-dlp keeps of some errors their text alone.
    """
    chain = list(causes(error))
    for cause in chain:
        if (found := _by_type(cause, where)) is not None:
            return found
    text = " ".join(str(cause) for cause in chain)
    if (refusal := next((r for r in refusals if r.message in text), None)) is not None:
        return refusal
    if (status := _STATUS.search(text)) is not None:
        return _by_status(int(status.group(1)), where)
    if any(isinstance(cause, TransportError | TimeoutError | ConnectionError) for cause in chain):
        return TransientError(f"The connection to {where} failed or was cut.", hint="Try again later.")
    return _by_text(text, where, runtime_missing=runtime_missing)


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what led to it, through Python's links and yt-dlp's own."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        info = getattr(current, "exc_info", None)
        linked = [
            getattr(current, "cause", None),
            info[1] if info else None,
            getattr(current, "reason", None),
        ]
        linked += [current.__cause__, current.__context__, *current.args]
        waiting += [link for link in linked if isinstance(link, BaseException)]


def _by_type(cause: BaseException, where: str) -> ContrapontoError | None:
    match cause:
        case ContrapontoError():
            return cause
        case BlockedConnectionError():
            return cause.reason
        case OSError() if cause.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return StorageFullError("The disk is full.", hint="Free some space and submit the job again.")
        case UnsupportedError():
            return no_media(where)
        case GeoRestrictedError():
            return SourceForbiddenError(f"{where} is not available in this region.", hint=SIGN_IN_HINT)
        case UserNotLive():
            return live(where)
        case HTTPError():
            return _by_status(cause.status, where, cause.response.headers.get("Retry-After"))
        case CertificateVerifyError():
            return InvalidInputError(
                f"The server of {where} has no valid TLS certificate.", hint="Ask its owner to renew it."
            )
        case _:
            return None


def _by_status(status: int, where: str, retry_after: str | None = None) -> ContrapontoError:
    if status in (404, 410):
        return SourceNotFoundError(f"Nothing is at {where} (HTTP {status}).", hint="Check the address.")
    if status in (401, 402, 403, 407, 451):
        return SourceForbiddenError(f"The site refuses access to {where} (HTTP {status}).", hint=SIGN_IN_HINT)
    if status in (408, 425, 429) or status >= 500:
        return TransientError(
            f"The site of {where} is not available at the moment (HTTP {status}).",
            hint="Try again later.",
            retry_after=seconds_to_wait(retry_after),
        )
    return InvalidInputError(
        f"The site refuses the request for {where} (HTTP {status}).", hint="Check the address."
    )


def _by_text(text: str, where: str, *, runtime_missing: bool) -> ContrapontoError:
    if _LIVE.search(text):
        return live(where)
    if runtime_missing and (_RUNTIME.search(text) or _NO_MEDIA.search(text)):
        return missing_runtime(where)
    if _FORBIDDEN.search(text):
        return SourceForbiddenError(f"{where} is private or restricted.", hint=SIGN_IN_HINT)
    if "file is empty" in text or "Did not get any data blocks" in text:
        return NotMediaError(
            f"The file at {where} is empty (0 bytes).", hint="Give the address of a recording."
        )
    if "nsupported url scheme" in text or "file:// URLs are disabled" in text:
        return InvalidInputError(
            f"{where} leads to something that is not a web address.", hint="Give the address of a recording."
        )
    if "No space left on device" in text:
        return StorageFullError("The disk is full.", hint="Free some space and submit the job again.")
    if _BUSY.search(text):
        return TransientError(f"The site of {where} is not available at the moment.", hint="Try again later.")
    if _GONE.search(text):
        return SourceNotFoundError(f"{where} is not available any more.", hint="Check the address.")
    if _NO_MEDIA.search(text):
        return no_media(where)
    return EngineError(
        f"The recording at {where} could not be read from its site.",
        hint="The site may have changed: update yt-dlp, or give the address of the media file itself.",
    )


def no_media(where: str) -> NotMediaError:
    return NotMediaError(
        f"The page at {where} has no audio or video.", hint="Give the address of a recording."
    )


def live(where: str) -> InvalidInputError:
    return InvalidInputError(
        f"{where} is a live stream or has not begun.", hint="Submit it again when it has ended."
    )


def missing_runtime(where: str) -> MissingEngineError:
    return MissingEngineError(
        f"Reading {where} needs a JavaScript runtime, which is not installed.",
        hint="Install it with: pip install deno",
    )
