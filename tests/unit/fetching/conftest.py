"""A scripted web server for the downloads, and what it serves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.fetching.results import DownloadLimits
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


@pytest.fixture(scope="session")
def long_tone() -> bytes:
    return wav(seconds=20)


@pytest.fixture
def loopback() -> AddressPolicy:
    """The policy that lets tests reach the server above, and no other private address."""
    return AddressPolicy(("127.0.0.1",))


@pytest.fixture
def limits() -> DownloadLimits:
    return DownloadLimits(max_bytes=10_000_000, max_seconds=600)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "downloads"
