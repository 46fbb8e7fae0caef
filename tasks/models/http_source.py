"""Fetching model files over HTTP: resumable, checked, quick to give up on a host that is out of reach.

The client is our own and not huggingface_hub's, measured with its version 2.4 against a local hub: a call that was
cancelled at 10 MB of 20 left nothing behind and the next began at byte 0; a line that was cut after every 4 MB never
got beyond byte 0, because less than 10 MiB of a piece is thrown away; and progress (with it cancellation) was told
once per 10 MiB, 5.3 s apart at 2 MB/s. It retries no 503, and it does not fetch from release pages, which need a
client like this one anyway.
"""

import os
import re
import socket
import threading
import urllib.request
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tasks.errors import TransientError
from tasks.models.digests import Digest, fault
from tasks.models.manifest import HubRepository, ModelFile
from tasks.models.sources import BytesHere, SourceFailedError, require_space
from tasks.net.deadline import Deadline
from tasks.net.headers import content_length, content_range
from tasks.net.http import retry_after
from tasks.net.retry import RetryPolicy

CONNECT_TIMEOUT = 5.0
"""Seconds: a machine without the hub must not wait long before it turns to another source."""
READ_TIMEOUT = 20.0
"""Seconds without a byte after which a transfer counts as cut and is resumed."""
RETRIES = RetryPolicy(retries=3, backoff=1.0, longest_pause=60.0)
"""Of transfers that broke without a new byte; a busier server is left for the next source."""
_OUT_OF_REACH = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


def hub_address(hub: HubRepository, path: str) -> str:
    """Where the hub serves a file of the pinned revision. HF_ENDPOINT names another hub or a mirror."""
    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"
    return f"{endpoint}/{hub.repository}/resolve/{hub.revision}/{path}"


def hub_is_offline() -> bool:
    """Whether the user forbade the hub (HF_HUB_OFFLINE)."""
    return os.environ.get("HF_HUB_OFFLINE", "").strip().upper() in {"1", "ON", "YES", "TRUE"}


class HttpSource:
    """One connection pool for one call; it remembers which hosts turned out to be unreachable."""

    def __init__(self) -> None:
        self._client = httpx.Client(
            follow_redirects=True,
            timeout=httpx.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT),
            # Stored bytes are what the digests are about: no transfer compression.
            headers={"User-Agent": "contraponto", "Accept-Encoding": "identity"},
        )
        self._unreachable: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def fetch(self, address: str, target: Path, file: ModelFile, bytes_here: BytesHere) -> None:
        """Fetch `address` to `target`, continuing an interrupted `target.part`, and check it.

        The content must have the manifest's size and SHA-256, or, where the manifest has none, the digest
        that the server publishes. Raises StorageFullError, and SourceFailedError when the file cannot be had:
        an incomplete `.part` then stays for the next time, a wrong one is removed.
        """
        part = target.with_name(target.name + ".part")
        resumed = part.exists()
        published = self._transfer(address, part, file, bytes_here)
        wrong = self._wrong(part, file, published)
        if wrong and resumed:
            # The piece from last time may have been of other content: once more from the start.
            part.unlink()
            published = self._transfer(address, part, file, bytes_here)
            wrong = self._wrong(part, file, published)
        if wrong:
            part.unlink()
            raise SourceFailedError(f"{wrong} (from {_host(address)})")
        part.replace(target)

    @staticmethod
    def _wrong(part: Path, file: ModelFile, published: Digest | None) -> str | None:
        if file.sha256 is None:
            if published is None:
                return f"the server publishes no checksum for {file.path}, so it cannot be trusted"
            if not published.matches(part):
                return f"the checksum of {file.path} does not match the published one"
        return fault(part, file)

    def _transfer(self, address: str, part: Path, file: ModelFile, bytes_here: BytesHere) -> Digest | None:
        host = _host(address)
        self._require_reachable(address)
        here = partial(_size_of, part)
        # While it waits for a retry, the caller is still asked whether the model is wanted.
        pauses = Deadline(lambda _: bytes_here(here()))
        try:
            return RETRIES.call(lambda: self._attempt(address, part, file, bytes_here), pauses, here)
        except _OUT_OF_REACH as error:
            self._unreachable[host] = _reason(error)
            raise SourceFailedError(f"{host} cannot be reached ({_reason(error)})") from error
        except TransientError as error:
            raise SourceFailedError(
                f"the transfer of {file.path} from {host} kept breaking ({error.message})"
            ) from error

    def _attempt(self, address: str, part: Path, file: ModelFile, bytes_here: BytesHere) -> Digest | None:
        """As `_receive`. Raises TransientError where another request may bring more."""
        try:
            return self._receive(address, part, file, bytes_here)
        except _OUT_OF_REACH:
            raise
        except httpx.RequestError as error:
            raise TransientError(_reason(error)) from error

    def _receive(self, address: str, part: Path, file: ModelFile, bytes_here: BytesHere) -> Digest | None:
        """One request: append what is missing from `part`. Gives the digest that the server publishes."""
        have = _size_of(part)
        if file.size is not None and have > file.size:
            part.unlink()
            have = 0
        with self._client.stream(
            "GET", address, headers={"Range": f"bytes={have}-"} if have else {}
        ) as response:
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                if _total(response) == have:
                    return _published_digest(response)
                part.unlink()
                raise TransientError("the server refused to continue the transfer")
            if response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
                raise _busy(response)
            if response.status_code >= 400:
                raise SourceFailedError(f"{_host(address)} answered {response.status_code} for {file.path}")
            partial_content = response.status_code == httpx.codes.PARTIAL_CONTENT
            continues = partial_content and content_range(response.headers)[0] == have
            if partial_content and not continues:
                part.unlink(missing_ok=True)
                raise TransientError("the server continued at another place than asked")
            have = have if continues else 0
            total = _total(response)
            if file.size is not None and total is not None and total != file.size:
                part.unlink(missing_ok=True)
                raise SourceFailedError(
                    f"{_host(address)} offers {total:,} bytes for {file.path} instead of {file.size:,}"
                )
            if total is not None:
                require_space(part.parent, total - have, file.path)
            with part.open("ab" if continues else "wb") as stream:
                for piece in response.iter_raw():
                    stream.write(piece)
                    have += len(piece)
                    if file.size is not None and have > file.size:
                        raise SourceFailedError(
                            f"{_host(address)} sends more than {file.size:,} bytes for {file.path}"
                        )
                    bytes_here(have)
            return _published_digest(response)

    def _require_reachable(self, address: str) -> None:
        url = httpx.URL(address)
        if url.host not in self._unreachable and not _behind_proxy(url):
            # The resolver has its own patience, often half a minute, which no socket timeout bounds.
            lookup = threading.Thread(target=_look_up, args=(url.host,), daemon=True)
            lookup.start()
            lookup.join(CONNECT_TIMEOUT)
            if lookup.is_alive():
                self._unreachable[url.host] = "its name is not resolved"
        if url.host in self._unreachable:
            raise SourceFailedError(f"{url.host} cannot be reached ({self._unreachable[url.host]})")


def _busy(response: httpx.Response) -> TransientError:
    asked = retry_after(response)
    reason = f"it answered {response.status_code}"
    return TransientError(
        reason if asked is None else f"{reason} and asks to wait {asked:.0f} s", retry_after=asked
    )


def _size_of(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _look_up(host: str) -> None:
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return  # The request itself will say so, in better words.


def _behind_proxy(url: httpx.URL) -> bool:
    return url.scheme in urllib.request.getproxies() and not urllib.request.proxy_bypass(url.host)


def _host(address: str) -> str:
    return httpx.URL(address).host


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _published_digest(response: httpx.Response) -> Digest | None:
    """The digest in the hub's own headers; what a content network behind a redirect says is not asked."""
    answers = [*response.history, response]
    for answer in answers:
        if linked := _digest(answer.headers.get("X-Linked-Etag")):
            return linked
    hub = answers[0].url.host
    for answer in answers:
        if answer.url.host == hub and (own := _digest(answer.headers.get("ETag"))):
            return own
    return None


def _digest(etag: str | None) -> Digest | None:
    value = (etag or "").removeprefix("W/").strip('"').lower()
    if re.fullmatch(r"[0-9a-f]{64}", value):
        return Digest("sha256", value)
    if re.fullmatch(r"[0-9a-f]{40}", value):
        return Digest("git-blob", value)
    return None


def _total(response: httpx.Response) -> int | None:
    """Bytes of the whole file, as far as this answer tells."""
    _, total = content_range(response.headers)
    whole = response.status_code == httpx.codes.OK
    return total if total is not None else content_length(response.headers) if whole else None
