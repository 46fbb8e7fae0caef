"""A job of each kind of the chaos run, on a real stack."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.webhooks import ENDS, FailingEndpoint, make_checkout, run
from tests.system.checkout import Checkout

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]


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


def test_every_end_is_notified_or_a_dead_letter(checkout: Checkout, endpoint: FailingEndpoint) -> None:
    outcome = run(checkout, endpoint, jobs=len(ENDS))
    assert outcome.notified + outcome.dead_letters == outcome.jobs
