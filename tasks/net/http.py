"""HTTP clients that can be pointed at URLs from strangers: every connection passes an `AddressPolicy`.

The check sits where the socket is opened, so it holds for redirects, for names that change their answer
between two look-ups and for every spelling of an address. The connection goes to exactly the address that was
checked, while the Host header and the TLS name stay those of the URL.
"""

from __future__ import annotations

import functools
import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import anyio
import httpcore
import httpx

from tasks.errors import (
    ContrapontoError,
    InvalidInputError,
    SourceForbiddenError,
    SourceNotFoundError,
    TransientError,
)
from tasks.net.addresses import AddressPolicy
from tasks.net.retry_after import seconds_to_wait
from tasks.net.urls import mask_url

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 30.0
MAX_REDIRECTS = 5
USER_AGENT = "Mozilla/5.0 (compatible; Contraponto)"

_WATCH_INTERVAL = 0.5

Watch = Callable[[], None]
"""Called at least about once a second while a client waits for data; what it raises ends the request."""


def safe_client(
    policy: AddressPolicy,
    *,
    watch: Watch | None = None,
    connect_timeout: float = CONNECT_TIMEOUT,
    read_timeout: float = READ_TIMEOUT,
    follow_redirects: bool = True,
    verify: ssl.SSLContext | None = None,
) -> httpx.Client:
    """A synchronous client that reaches only what `policy` permits; timeouts in seconds.

    It follows at most five redirects (each hop is checked), ignores proxies and credentials of the
    environment, and raises BlockedAddressError from any request that would reach a blocked address. `verify`
    replaces the TLS context.
    """
    context = verify or _default_context()
    return httpx.Client(
        transport=_GuardedTransport(_GuardedBackend(policy, watch), context),
        timeout=httpx.Timeout(read_timeout, connect=connect_timeout),
        follow_redirects=follow_redirects,
        max_redirects=MAX_REDIRECTS,
        headers={"User-Agent": USER_AGENT},
        trust_env=False,
    )


def safe_async_client(
    policy: AddressPolicy,
    *,
    connect_timeout: float = CONNECT_TIMEOUT,
    read_timeout: float = READ_TIMEOUT,
    follow_redirects: bool = True,
    verify: ssl.SSLContext | None = None,
    most_bytes: int | None = None,
) -> httpx.AsyncClient:
    """The asynchronous twin of `safe_client`. A connection that brings more than `most_bytes` is cut."""
    context = verify or _default_context()
    return httpx.AsyncClient(
        transport=_GuardedAsyncTransport(_GuardedAsyncBackend(policy, most_bytes), context),
        timeout=httpx.Timeout(read_timeout, connect=connect_timeout),
        follow_redirects=follow_redirects,
        max_redirects=MAX_REDIRECTS,
        headers={"User-Agent": USER_AGENT},
        trust_env=False,
    )


@functools.cache
def _default_context() -> ssl.SSLContext:
    # Reading the list of authorities costs more than a small download.
    return httpx.create_ssl_context()


def status_error(response: httpx.Response) -> ContrapontoError | None:
    """The product's error for an answer that is not a success, or None for a success."""
    status = response.status_code
    if response.is_success:
        return None
    where = mask_url(str(response.request.url))
    if status in (404, 410):
        return SourceNotFoundError(f"Nothing is at {where} (HTTP {status}).", hint="Check the address.")
    if status in (401, 403, 407, 451):
        return SourceForbiddenError(
            f"The server refuses access to {where} (HTTP {status}).",
            hint="Give a link that can be opened without signing in.",
        )
    if status in (408, 425, 429) or status >= 500:
        return TransientError(
            f"The server of {where} is not available at the moment (HTTP {status}).",
            hint="Try again later.",
            retry_after=retry_after(response),
        )
    return InvalidInputError(
        f"The server refuses the request for {where} (HTTP {status}).", hint="Check the address."
    )


def retry_after(response: httpx.Response) -> float | None:
    """The seconds that the Retry-After header asks to wait, at most a day; None if it asks for nothing."""
    return seconds_to_wait(response.headers.get("Retry-After"))


REQUEST_ERRORS = (httpx.HTTPError, httpx.InvalidURL, UnicodeError)
"""What requests raise; the last one for hosts that are no names, such as "xn--a"."""


def request_error(error: httpx.HTTPError | httpx.InvalidURL | UnicodeError, url: str) -> ContrapontoError:
    """The product's error for a request that brought no (complete) answer."""
    where = mask_url(url)
    causes = list(_causes(error))
    if any(isinstance(cause, UnicodeError) for cause in causes):
        return InvalidInputError(f"{where} leads to a host that is no name.", hint="Check the address.")
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return InvalidInputError(
            f"The server of {where} has no valid TLS certificate.", hint="Ask its owner to renew it."
        )
    lookup = next((cause for cause in causes if isinstance(cause, socket.gaierror)), None)
    if lookup is not None and lookup.errno in (
        socket.EAI_NONAME,
        getattr(socket, "EAI_NODATA", socket.EAI_NONAME),
    ):
        return SourceNotFoundError(f"The host of {where} does not exist.", hint="Check the address.")
    if lookup is not None:
        return TransientError(
            f"The host of {where} could not be looked up.", hint="Check this machine's network and DNS."
        )
    match error:
        case httpx.TooManyRedirects():
            return InvalidInputError(
                f"{where} redirects more than {MAX_REDIRECTS} times.", hint="Give the final address."
            )
        case httpx.UnsupportedProtocol() | httpx.InvalidURL() | httpx.LocalProtocolError():
            return InvalidInputError(
                f"{where} leads to something that is not a valid http or https URL.",
                hint="Only http and https URLs are downloaded.",
            )
        case httpx.RemoteProtocolError() if "location header" in str(error):
            return InvalidInputError(f"{where} redirects to an invalid URL.", hint="Give the final address.")
        case httpx.DecodingError():
            return InvalidInputError(
                f"The server of {where} says that its answer is packed in a way in which it is not.",
                hint="Tell its owner, or give another address.",
            )
        case httpx.TimeoutException():
            return TransientError(f"The server of {where} does not answer in time.", hint="Try again later.")
        case httpx.ConnectError():
            return TransientError(f"The server of {where} cannot be reached.", hint="Try again later.")
        case _:
            return TransientError(f"The connection to {where} was cut.", hint="Try again later.")


def _causes(error: BaseException) -> Iterable[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _permitted(policy: AddressPolicy, host: str, port: int, found: Iterable[tuple[Any, ...]]) -> list[str]:
    """The addresses among `getaddrinfo` answers that may be connected to, in their order."""
    addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
    permitted = [address for address in addresses if policy.permits(host, address, port)]
    if addresses and not permitted:
        policy.check(host, addresses[0], port)
    return permitted


class _GuardedBackend(httpcore.NetworkBackend):
    """Opens sockets only to permitted addresses."""

    def __init__(self, policy: AddressPolicy, watch: Watch | None) -> None:
        self._policy = policy
        self._watch = watch
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"look-up failed: {error}") from error
        failure = httpcore.ConnectError("no address found")
        for address in _permitted(self._policy, host, port, found):
            if self._watch:
                self._watch()
            try:
                stream = self._inner.connect_tcp(address, port, timeout, local_address, socket_options or ())
            except httpcore.ConnectError as error:
                failure = error
                continue
            return _WatchedStream(stream, self._watch) if self._watch else stream
        raise failure

    def connect_unix_socket(self, *_args: Any, **_kwargs: Any) -> httpcore.NetworkStream:
        raise httpcore.UnsupportedProtocol("Unix sockets are not reachable by URL")

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _WatchedStream(httpcore.NetworkStream):
    """Cuts the wait for data into short pieces, so that a stalled server cannot hold up a cancellation."""

    def __init__(self, inner: httpcore.NetworkStream, watch: Watch) -> None:
        self._inner = inner
        self._watch = watch

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        ends = time.monotonic() + (timeout if timeout is not None else READ_TIMEOUT)
        while True:
            self._watch()
            left = ends - time.monotonic()
            try:
                return self._inner.read(max_bytes, max(0.001, min(_WATCH_INTERVAL, left)))
            except httpcore.ReadTimeout:
                if time.monotonic() >= ends:
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _WatchedStream(self._inner.start_tls(ssl_context, server_hostname, timeout), self._watch)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _GuardedAsyncBackend(httpcore.AsyncNetworkBackend):
    def __init__(self, policy: AddressPolicy, most_bytes: int | None) -> None:
        self._policy = policy
        self._most_bytes = most_bytes
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            with anyio.fail_after(timeout):
                found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("look-up took too long") from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"look-up failed: {error}") from error
        failure = httpcore.ConnectError("no address found")
        for address in _permitted(self._policy, host, port, found):
            try:
                stream = await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options or ()
                )
            except httpcore.ConnectError as error:
                failure = error
                continue
            return stream if self._most_bytes is None else _BoundedAsyncStream(stream, self._most_bytes)
        raise failure

    async def connect_unix_socket(self, *_args: Any, **_kwargs: Any) -> httpcore.AsyncNetworkStream:
        raise httpcore.UnsupportedProtocol("Unix sockets are not reachable by URL")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class _BoundedAsyncStream(httpcore.AsyncNetworkStream):
    """Ends an answer that does not end by itself: a time limit alone leaves it all the processor until then."""

    def __init__(self, inner: httpcore.AsyncNetworkStream, most: int) -> None:
        self._inner = inner
        self._most = most
        self._read = 0

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
    ) -> bytes:
        data = await self._inner.read(max_bytes, timeout)
        self._read += len(data)
        if self._read > self._most:
            raise httpcore.ReadError(f"more than {self._most} bytes")
        return data

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
    ) -> None:
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
    ) -> httpcore.AsyncNetworkStream:
        secure = await self._inner.start_tls(ssl_context, server_hostname, timeout)
        return _BoundedAsyncStream(secure, self._most)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


# httpx offers no argument for httpcore's network backend, so the two transports replace the pool that it
# built.
class _GuardedTransport(httpx.HTTPTransport):
    def __init__(self, backend: httpcore.NetworkBackend, context: ssl.SSLContext) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context, network_backend=backend, keepalive_expiry=5.0
        )


class _GuardedAsyncTransport(httpx.AsyncHTTPTransport):
    def __init__(self, backend: httpcore.AsyncNetworkBackend, context: ssl.SSLContext) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context, network_backend=backend, keepalive_expiry=5.0
        )


_secret: ContextVar[bool] = ContextVar("address_is_a_secret", default=False)


@contextmanager
def secret_address(secret: bool) -> Iterator[None]:
    """Within the block the log has only the hosts of addresses, if they are secrets as a whole."""
    token = _secret.set(secret)
    try:
        yield
    finally:
        _secret.reset(token)


class _MaskUrls(logging.Filter):
    """httpx logs each request with its whole URL; credentials have no place in a log."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_shown(a) if isinstance(a, httpx.URL) else a for a in record.args)
        return True


def _shown(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.host}/***" if _secret.get() else mask_url(str(url))


logging.getLogger("httpx").addFilter(_MaskUrls())
