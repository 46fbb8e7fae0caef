import time
from typing import Any

import pytest

from tasks.errors import BlockedAddressError
from tasks.fetching.direct import fingerprint
from tasks.net.addresses import AddressPolicy
from tasks.net.urls import check_url
from tests.servers.hostile import WAYS, HostileEndpoint


def test_a_fingerprint_follows_the_file(server: Any, loopback: AddressPolicy, tone: bytes) -> None:
    server.say("/a.wav", tone, headers={"ETag": '"v1"'})
    url = server.say("/a.wav", tone)
    server._answers["/a.wav"] = server._answers["/a.wav"][:1]
    first, again = fingerprint(check_url(url), loopback), fingerprint(check_url(url), loopback)
    server.say("/a.wav", tone, headers={"ETag": '"v2"'})
    changed = fingerprint(check_url(url), loopback)
    assert first is not None
    assert again is not None
    assert changed is not None
    assert first.key == again.key != changed.key
    assert (first.etag, first.length) == ('"v1"', len(tone))
    assert {a.method for a in server.asked} == {"HEAD"}


def test_a_server_without_head_is_asked_for_one_byte(
    server: Any, loopback: AddressPolicy, tone: bytes
) -> None:
    server.say("/a.wav", b"", 405)
    url = server.say("/a.wav", tone, ranges=True, headers={"Last-Modified": "Sat, 01 Aug 2026 10:00:00 GMT"})
    found = fingerprint(check_url(url), loopback)
    assert found is not None
    assert found.length == len(tone)
    assert server.asked[-1].headers["range"] == "bytes=0-0"


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"status": 404, "headers": {"ETag": '"x"'}},
        {"content_type": "text/html", "headers": {"ETag": '"x"'}},
    ],
)
def test_no_fingerprint_without_a_version_of_a_file(
    server: Any, loopback: AddressPolicy, answer: dict[str, Any]
) -> None:
    assert fingerprint(check_url(server.say("/a", b"words", **answer)), loopback) is None


@pytest.mark.parametrize("way", ["silent", "one byte of the head a second", "nonsense"])
def test_a_server_that_never_says_is_not_waited_for(loopback: AddressPolicy, way: str) -> None:
    endpoint = HostileEndpoint(WAYS[way])
    try:
        began = time.monotonic()
        assert fingerprint(check_url(endpoint.url), loopback, timeout=1.5) is None
        assert time.monotonic() - began < 10
    finally:
        endpoint.close()


def test_a_fingerprint_is_no_way_around_the_policy(server: Any) -> None:
    with pytest.raises(BlockedAddressError):
        fingerprint(check_url(server.say("/a", b"x")), AddressPolicy())
    assert server.asked == []
