"""A stack with jobs that end in every way, and an endpoint that is notified of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.webhooks import FailingEndpoint, make_checkout
from tests.system.checkout import Checkout


@pytest.fixture
def endpoint() -> Iterator[FailingEndpoint]:
    running = FailingEndpoint(seed=1)
    yield running
    running.close()


@pytest.fixture
def checkout(tmp_path: Path, endpoint: FailingEndpoint) -> Iterator[Checkout]:
    copy = make_checkout(tmp_path / "project", endpoint.port)
    try:
        copy.contraponto("up")
        yield copy
    finally:
        copy.contraponto("down")
