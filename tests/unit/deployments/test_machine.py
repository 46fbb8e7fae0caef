"""Checks of the machine and its settings."""

import pytest

from blocks.settings import Settings
from deployments.checks.machine import machine
from tasks.webhooks.attempts import retry_delays


def retries(**settings: object) -> Settings:
    return Settings.model_validate(settings)


@pytest.mark.parametrize(
    ("most", "used"),
    [(None, (1, 5, 300)), (0, ()), (2, (1, 5)), (3, (1, 5, 300)), (5, (1, 5, 300, 300, 300))],
)
def test_retries_are_as_many_as_asked(most: int | None, used: tuple[float, ...]) -> None:
    assert retry_delays(retries(webhook_max_retries=most, webhook_retry_delays=(1, 5, 300))) == used


def test_retries_without_delays_are_none() -> None:
    assert retry_delays(retries(webhook_max_retries=3, webhook_retry_delays=())) == ()


def test_a_schedule_that_is_cut_is_named() -> None:
    cut = retries(webhook_max_retries=2, webhook_retry_delays=(1, 5, 300))
    (check,) = (check for check in machine(cut) if check.subject == "webhook retries")
    assert check.well
    assert "2 of 3 delays" in check.remark
    assert "after 6 s" in check.remark
    whole = retries(webhook_retry_delays=(1, 5, 300))
    assert "webhook retries" not in {check.subject for check in machine(whole)}
