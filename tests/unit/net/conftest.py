"""A scripted web server, and the one policy that lets it be reached."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tasks.net.addresses import AddressPolicy
from tests.servers.media import MediaServer, wav


@pytest.fixture
def server() -> Iterator[MediaServer]:
    running = MediaServer()
    yield running
    running.close()


@pytest.fixture(scope="session")
def tone() -> bytes:
    return wav()


@pytest.fixture
def loopback() -> AddressPolicy:
    """The policy that lets tests reach the server above, and no other private address."""
    return AddressPolicy(("127.0.0.1",))
