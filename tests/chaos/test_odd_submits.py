"""Some of the odd submits of the chaos run, among normal ones, on a real stack."""

import pytest

from tests.chaos.odd_submits import run
from tests.chaos.webhooks import FailingEndpoint
from tests.system.checkout import Checkout

pytestmark = [pytest.mark.system, pytest.mark.timeout(1800)]


def test_odd_submits_stop_nobody(checkout: Checkout, endpoint: FailingEndpoint) -> None:
    outcome = run(checkout, endpoint, odd=150, normal=10)
    assert outcome.notified >= 10
