"""One try to deliver a message, and how long to wait for the next."""

import asyncio
import random
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from tasks.errors import BlockedAddressError, InvalidInputError
from tasks.net.addresses import AddressPolicy
from tasks.net.http import CONNECT_TIMEOUT, request_error, retry_after, safe_async_client, secret_address
from tasks.net.standard_webhooks import ANSWER_LIMIT, CONNECTION_LIMIT, USER_AGENT
from tasks.net.urls import check_url, mask_url

JITTER = 0.1
"""Share by which a wait may be longer or shorter, so that deliveries do not all come back at one moment."""
LONGEST_WAIT = 86_400.0
"""Seconds; an endpoint cannot ask for more."""

_ASKS_TO_WAIT = (429, 503)
_TOO_SLOW_OR_EARLY = (408, 425)
"""Of the 4xx these speak of the moment and not of the message."""
_DRAIN_SECONDS = 1.0
"""How long an endpoint may take to finish its answer, of which nothing but the status counts."""


@dataclass(frozen=True)
class Delivered:
    """The endpoint has the message."""

    status: int


@dataclass(frozen=True)
class Retry:
    """The try failed in a way that may pass."""

    reason: str
    """One sentence; the URL in it is masked."""
    retry_after: float | None = None
    """Seconds that the endpoint asked to wait."""


@dataclass(frozen=True)
class Rejected:
    """No further try: the endpoint refuses the message, or may not be reached."""

    reason: str
    """One sentence; the URL in it is masked."""
    gone: bool = False
    """Whether the endpoint wants no messages at all any more (410)."""


Outcome = Delivered | Retry | Rejected


async def check_webhook_url(url: str, policy: AddressPolicy) -> str:
    """The URL without surrounding white space, if messages may be sent to it.

    Raises InvalidInputError for anything but an http(s) URL and BlockedAddressError if its host has none but
    blocked addresses. A host that cannot be looked up now is not an error: it may be there when the job ends.
    """
    hint = "Give a complete address such as https://example.com/hooks/jobs."
    try:
        checked = check_url(url).text
    except InvalidInputError as error:
        raise InvalidInputError(f"The webhook URL cannot be used. {error.message}", hint=hint) from error
    parts = urlsplit(checked)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return checked
    addresses = [str(sockaddr[0]) for *_, sockaddr in found]
    if addresses and not any(policy.permits(host, address, port) for address in addresses):
        policy.check(host, addresses[0], port)
    return checked


async def attempt(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    policy: AddressPolicy,
    timeout: float,  # noqa: ASYNC109 - one limit over everything, also an answer that trickles in
    shown: str | None = None,
    verify: ssl.SSLContext | None = None,
) -> Outcome:
    """Posts the message once; the endpoint has `timeout` seconds. Redirects are not followed.

    The status decides; of what the endpoint says beyond it a bounded part is read and dropped. `shown` is what
    reasons call an endpoint whose whole address is a secret. `verify` replaces the TLS context.
    """
    where = shown or mask_url(url)
    outcome: Outcome | None = None
    try:
        check_url(url)
        with secret_address(shown is not None):
            async with (
                asyncio.timeout(timeout),
                safe_async_client(
                    policy,
                    connect_timeout=min(CONNECT_TIMEOUT, timeout),
                    read_timeout=timeout,
                    follow_redirects=False,
                    verify=verify,
                    most_bytes=CONNECTION_LIMIT,
                ) as client,
                client.stream(
                    "POST",
                    url,
                    content=body,
                    headers={**headers, "User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
                ) as response,
            ):
                outcome = _outcome(response, where)
                await _drain(response)
                return outcome
    except TimeoutError:
        return outcome or Retry(f"The server of {where} did not answer within {timeout:g} seconds.")
    except BlockedAddressError as error:
        return Rejected(str(error))
    except InvalidInputError as error:
        return Rejected(f"The address in {shown} cannot be used." if shown else error.message)
    except (httpx.InvalidURL, UnicodeError) as error:
        return Rejected(request_error(error, where).message)
    except httpx.HTTPError as error:
        return Retry(request_error(error, where).message)


async def _drain(response: httpx.Response) -> None:
    """Lets the endpoint finish its answer, within bounds; the status has decided already."""
    read = 0
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            # As it comes: what is packed may be a thousand times larger.
            async for piece in response.aiter_raw():
                read += len(piece)
                if read > ANSWER_LIMIT:
                    return
    except (httpx.HTTPError, TimeoutError):
        return


def _outcome(response: httpx.Response, where: str) -> Outcome:
    status = response.status_code
    if response.is_success:
        return Delivered(status)
    if status == 410:
        return Rejected(f"The endpoint at {where} wants no more messages (HTTP 410).", gone=True)
    if response.is_redirect:
        return Retry(f"The endpoint at {where} redirects (HTTP {status}), which is not followed.")
    if status in _ASKS_TO_WAIT:
        return Retry(f"The endpoint at {where} asks to wait (HTTP {status}).", retry_after(response))
    if 400 <= status < 500 and status not in _TOO_SLOW_OR_EARLY:
        return Rejected(f"The endpoint at {where} refuses the message (HTTP {status}).")
    return Retry(f"The endpoint at {where} failed (HTTP {status}).", retry_after(response))


def wait_before_retry(failed: int, delays: Sequence[float], asked: float | None = None) -> float | None:
    """Seconds from the `failed`-th failed try (1 is the first) to the next, or None if there is no next.

    Never less than the endpoint asked for, as long as that is no more than `LONGEST_WAIT`.
    """
    if failed > len(delays):
        return None
    spread = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - not a secret
    return max(delays[failed - 1] * spread, min(asked or 0.0, LONGEST_WAIT))
