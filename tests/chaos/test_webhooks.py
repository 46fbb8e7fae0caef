"""A job of each kind of the chaos run, on a real stack."""

import pytest

from tests.chaos.webhooks import ENDS, FailingEndpoint, run
from tests.system.checkout import Checkout

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]


def test_every_end_is_notified_or_a_dead_letter(checkout: Checkout, endpoint: FailingEndpoint) -> None:
    outcome = run(checkout, endpoint, jobs=len(ENDS))
    assert outcome.notified + outcome.dead_letters == outcome.jobs
