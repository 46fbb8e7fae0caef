"""Endpoints that hold up whoever posts to them: every try ends in the right outcome, in time and in little memory."""

import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from blocks.webhook import WebhookNotification
from tasks.errors import TransientError
from tasks.jobs.document import JobDocument
from tasks.net.addresses import AddressPolicy
from tasks.webhooks.delivery import Delivered, Outcome, Retry, attempt
from tasks.webhooks.headers import signed_headers
from tasks.webhooks.message import WebhookMessage
from tests.servers.hostile import WAYS, HostileEndpoint, Peer, good, gzip_bomb, self_signed

OUTCOMES: dict[str, type[Outcome]] = {
    "silent": Retry,
    "one byte of the head a second": Retry,
    # The status decides: it was there.
    "one byte of the body a second": Delivered,
    "endless headers": Retry,
    "endless interim answers": Retry,
    "100 MB": Delivered,
    "gzip bomb": Delivered,
    "reset after the body": Retry,
    "nonsense": Retry,
}
_MEMORY = 16 * 2**20
_PATIENCE = 10.0
_SHORT_PATIENCE = 1.0
"""For those that never answer."""

Listen = Callable[..., HostileEndpoint]


@pytest.fixture
def listen() -> Iterator[Listen]:
    gzip_bomb()
    running: list[HostileEndpoint] = []

    def start(
        answer: Callable[[Peer], None], address: str = "127.0.0.1", certificate: Path | None = None
    ) -> HostileEndpoint:
        running.append(HostileEndpoint(answer, address, certificate))
        return running[-1]

    yield start
    for endpoint in running:
        endpoint.close()


async def post(document: JobDocument, url: str, seconds: float = _PATIENCE) -> Outcome:
    message = WebhookMessage.of(document)
    headers = signed_headers(message, message.webhook_id, timestamp=int(time.time()))
    policy = AddressPolicy(("127.0.0.1", "::1"))
    return await attempt(url, message.body(), headers, policy=policy, timeout=seconds)


def test_no_way_is_left_out() -> None:
    assert set(OUTCOMES) == set(WAYS)


@pytest.mark.parametrize("way", WAYS)
async def test_every_try_ends_and_takes_little(way: str, document: JobDocument, listen: Listen) -> None:
    endpoint = listen(WAYS[way])
    tracemalloc.start()
    try:
        outcome = await post(
            document, endpoint.url, _PATIENCE if OUTCOMES[way] is Delivered else _SHORT_PATIENCE
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(outcome, OUTCOMES[way]), outcome
    assert endpoint.connections == 1
    assert peak < _MEMORY
    # The kernel takes some more than is read.
    assert endpoint.sent < 2 * _MEMORY


@pytest.mark.parametrize("way", WAYS)
async def test_a_notification_of_the_block_ends_too(way: str, listen: Listen) -> None:
    endpoint = listen(WAYS[way])
    ends = OUTCOMES[way] is Delivered and "a second" not in way
    block = WebhookNotification(
        url=SecretStr(endpoint.url),
        allowed_private_hosts="127.0.0.1",
        request_timeout=_PATIENCE if ends else _SHORT_PATIENCE,
    )
    tracemalloc.start()
    try:
        if ends:
            assert len((await block.call({"a": 1})).content) <= 65_536
        else:
            with pytest.raises(TransientError):
                await block.call({"a": 1})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < _MEMORY


@pytest.mark.parametrize("way", ["endless headers", "endless interim answers"])
async def test_what_never_ends_is_cut_before_its_time_is_over(
    way: str, document: JobDocument, listen: Listen
) -> None:
    outcome = await post(document, listen(WAYS[way]).url, 120)
    assert isinstance(outcome, Retry)
    assert "within" not in outcome.reason


async def test_a_certificate_that_nobody_vouches_for(
    tmp_path: Path, document: JobDocument, listen: Listen
) -> None:
    endpoint = listen(good, certificate=self_signed(tmp_path))
    outcome = await post(document, endpoint.url)
    assert isinstance(outcome, Retry)
    assert "no valid TLS certificate" in outcome.reason


async def test_an_endpoint_with_ipv6_only(document: JobDocument, listen: Listen) -> None:
    assert await post(document, listen(good, "::1").url) == Delivered(204)
