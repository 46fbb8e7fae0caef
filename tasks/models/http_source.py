"""Fetching model files over HTTP: resumable, checked, quick to give up on a host that is out of reach."""

import os
import re
import socket
import threading
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tasks.models.digests import Digest, fault
from tasks.models.manifest import HubRepository, ModelFile
from tasks.models.sources import BytesHere, SourceFailedError, require_space

CONNECT_TIMEOUT = 5.0
"""Seconds: a machine without the hub must not wait long before it turns to another source."""
READ_TIMEOUT = 20.0
"""Seconds without a byte after which a transfer counts as cut and is resumed."""
_ATTEMPTS_WITHOUT_A_BYTE = 4


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
        failures = 0
        while True:
            before = part.stat().st_size if part.exists() else 0
            try:
                return self._receive(address, part, file, bytes_here)
            except (
                httpx.ConnectError,
                httpx.ConnectTimeout,
                httpx.ProxyError,
                httpx.UnsupportedProtocol,
            ) as error:
                self._unreachable[host] = _reason(error)
                raise SourceFailedError(f"{host} cannot be reached ({_reason(error)})") from error
            except (httpx.RequestError, _BusyServerError) as error:
                arrived = (part.stat().st_size if part.exists() else 0) > before
                failures = 0 if arrived else failures + 1
                if failures >= _ATTEMPTS_WITHOUT_A_BYTE:
                    raise SourceFailedError(
                        f"the transfer of {file.path} from {host} kept breaking ({_reason(error)})"
                    ) from error
                _wait(0.5 * 2**failures, partial(bytes_here, before))

    def _receive(self, address: str, part: Path, file: ModelFile, bytes_here: BytesHere) -> Digest | None:
        """One request: append what is missing from `part`. Gives the digest that the server publishes."""
        have = part.stat().st_size if part.exists() else 0
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
                raise _BusyServerError("the server refused to continue the transfer")
            if response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.status_code >= 500:
                raise _BusyServerError(f"it answered {response.status_code}")
            if response.status_code >= 400:
                raise SourceFailedError(f"{_host(address)} answered {response.status_code} for {file.path}")
            continues = response.status_code == httpx.codes.PARTIAL_CONTENT and _start(response) == have
            if response.status_code == httpx.codes.PARTIAL_CONTENT and not continues:
                part.unlink()
                raise _BusyServerError("the server continued at another place than asked")
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


class _BusyServerError(Exception):
    """The server may answer better in a moment."""


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


def _wait(seconds: float, still_wanted: Callable[[], None]) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        still_wanted()
        time.sleep(min(left, 0.5))


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
    if found := re.search(r"/(\d+)$", response.headers.get("Content-Range", "")):
        return int(found[1])
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() and response.status_code == httpx.codes.OK else None


def _start(response: httpx.Response) -> int | None:
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(found[1]) if found else None
