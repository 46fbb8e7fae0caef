"""What is downloaded, within which limits, and where to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.fetching.results import DownloadLimits
from tests.servers.media import wav


@pytest.fixture(scope="session")
def long_tone() -> bytes:
    return wav(seconds=20)


@pytest.fixture
def limits() -> DownloadLimits:
    return DownloadLimits(max_bytes=10_000_000, max_seconds=600)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "downloads"
