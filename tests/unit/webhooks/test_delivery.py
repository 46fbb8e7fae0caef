"""One try against a real endpoint, and the waits between tries."""

import socket
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from tasks.errors import BlockedAddressError, InvalidInputError
from tasks.jobs.document import JobDocument
from tasks.net.addresses import AddressPolicy
from tasks.webhooks.delivery import (
    JITTER,
    LONGEST_WAIT,
    Delivered,
    Outcome,
    Rejected,
    Retry,
    attempt,
    check_webhook_url,
    wait_before_retry,
)
from tasks.webhooks.headers import signed_headers
from tasks.webhooks.message import WebhookMessage
from tests.servers.endpoint import Answer, WebhookEndpoint


@pytest.fixture
def message(document: JobDocument) -> WebhookMessage:
    return WebhookMessage.of(document)


async def send(message: WebhookMessage, url: str, policy: AddressPolicy, seconds: float = 10) -> Outcome:
    headers = signed_headers(
        message,
        message.webhook_id,
        timestamp=int(time.time()),
        secrets=["whsec_dW0gc2VncmVkbyBjb21wcmlkbw=="],
    )
    return await attempt(url, message.body(), headers, policy=policy, timeout=seconds)


async def test_the_endpoint_gets_what_was_signed(
    message: WebhookMessage, endpoint: WebhookEndpoint, loopback: AddressPolicy
) -> None:
    endpoint.answers = [Answer(204)]
    assert await send(message, endpoint.url, loopback) == Delivered(204)
    [received] = endpoint.received
    assert received.body == message.body()
    assert received.headers["content-type"] == "application/json"
    Webhook("whsec_dW0gc2VncmVkbyBjb21wcmlkbw==").verify(received.body, received.headers)


@pytest.mark.parametrize("status", [500, 502, 504, 408, 425, 301, 302, 307, 308])
async def test_failures_that_may_pass(
    message: WebhookMessage, endpoint: WebhookEndpoint, loopback: AddressPolicy, status: int
) -> None:
    endpoint.answers = [Answer(status, {"Location": "/elsewhere"})]
    outcome = await send(message, endpoint.url, loopback)
    assert isinstance(outcome, Retry)
    assert f"HTTP {status}" in outcome.reason
    # A redirect could lead anywhere, so nothing is sent on.
    assert [received.path for received in endpoint.received] == ["/hook"]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("header", "seconds"), [("120", 120.0), ("soon", None)])
async def test_a_endpoint_may_ask_to_wait(
    message: WebhookMessage,
    endpoint: WebhookEndpoint,
    loopback: AddressPolicy,
    status: int,
    header: str,
    seconds: float | None,
) -> None:
    endpoint.answers = [Answer(status, {"Retry-After": header})]
    outcome = await send(message, endpoint.url, loopback)
    assert isinstance(outcome, Retry)
    assert outcome.retry_after == seconds


@pytest.mark.parametrize(
    ("status", "gone"), [(410, True), (400, False), (401, False), (404, False), (422, False)]
)
async def test_refusals_are_final(
    message: WebhookMessage, endpoint: WebhookEndpoint, loopback: AddressPolicy, status: int, gone: bool
) -> None:
    endpoint.answers = [Answer(status)]
    outcome = await send(message, endpoint.url, loopback)
    assert isinstance(outcome, Rejected)
    assert outcome.gone is gone


async def test_a_silent_endpoint(
    message: WebhookMessage, endpoint: WebhookEndpoint, loopback: AddressPolicy
) -> None:
    endpoint.answers = [Answer(stall="before")]
    outcome = await send(message, endpoint.url, loopback, seconds=0.5)
    assert isinstance(outcome, Retry)
    assert "in time" in outcome.reason or "within 0.5 seconds" in outcome.reason


async def test_the_status_counts_though_the_answer_never_ends(
    message: WebhookMessage, endpoint: WebhookEndpoint, loopback: AddressPolicy
) -> None:
    endpoint.answers = [Answer(200, body=b"a" * 100, stall="after")]
    assert await send(message, endpoint.url, loopback, seconds=0.5) == Delivered(200)


async def test_an_endless_answer_is_not_read(
    message: WebhookMessage, endpoint: WebhookEndpoint, loopback: AddressPolicy
) -> None:
    endpoint.answers = [Answer(200, body=b"a" * 200_000, stall="after")]
    assert await send(message, endpoint.url, loopback, seconds=60) == Delivered(200)


async def test_nobody_listens(message: WebhookMessage, loopback: AddressPolicy) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/hook"
        outcome = await send(message, url, loopback)
    assert isinstance(outcome, Retry)


async def test_private_addresses_get_nothing(message: WebhookMessage, endpoint: WebhookEndpoint) -> None:
    outcome = await send(message, endpoint.url, AddressPolicy())
    assert isinstance(outcome, Rejected)
    assert "CONTRAPONTO_ALLOWED_PRIVATE_HOSTS" in outcome.reason
    assert endpoint.received == []


async def test_credentials_stay_out_of_reasons(
    message: WebhookMessage, endpoint: WebhookEndpoint, loopback: AddressPolicy
) -> None:
    endpoint.answers = [Answer(500)]
    url = endpoint.url.replace("http://", "http://user:geheim@") + "?token=geheim"
    outcome = await send(message, url, loopback)
    assert isinstance(outcome, Retry)
    assert "geheim" not in outcome.reason
    assert endpoint.received[0].headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize("url", ["", "example.com/hook", "ftp://example.com/hook", "http://", "http://a b/"])
async def test_what_is_no_url_is_refused_early(url: str) -> None:
    with pytest.raises(InvalidInputError, match="webhook URL"):
        await check_webhook_url(url, AddressPolicy())


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/hook", "http://2130706433/", "http://[::1]:8080/", "https://169.254.169.254/latest"],
)
async def test_private_addresses_are_refused_early(url: str) -> None:
    with pytest.raises(BlockedAddressError):
        await check_webhook_url(url, AddressPolicy())


async def test_an_allowed_private_address_is_good() -> None:
    assert await check_webhook_url(" http://127.0.0.1:81/hook ", AddressPolicy(("127.0.0.1",))) == (
        "http://127.0.0.1:81/hook"
    )


async def test_a_host_that_is_away_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    monkeypatch.setattr(socket, "getaddrinfo", away)
    assert await check_webhook_url("https://hooks.example/jobs", AddressPolicy())


@given(st.lists(st.floats(0, 40_000), max_size=10), st.integers(1, 12), st.none() | st.floats(0, 1e9))
def test_waits_follow_the_schedule(delays: list[float], failed: int, asked: float | None) -> None:
    seconds = wait_before_retry(failed, delays, asked)
    if failed > len(delays):
        assert seconds is None
    else:
        planned = delays[failed - 1]
        assert seconds is not None
        assert seconds >= planned * (1 - JITTER)
        assert seconds >= min(asked or 0, LONGEST_WAIT)
        assert seconds <= max(planned * (1 + JITTER), min(asked or 0, LONGEST_WAIT))
