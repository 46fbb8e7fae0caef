import pytest

from tasks.batches.ledger import PERMANENT, Ledger


def test_a_finished_item_is_known_to_the_next_run() -> None:
    ledger = Ledger()
    ledger.record("a", "job-1", None)
    again = Ledger.model_validate_json(ledger.model_dump_json())
    assert again.knows("a")
    assert not again.knows("b")


@pytest.mark.parametrize("code", sorted(PERMANENT))
def test_what_will_never_work_is_not_tried_again(code: str) -> None:
    ledger = Ledger()
    ledger.record("a", "job-1", code)
    assert ledger.knows("a")


@pytest.mark.parametrize(
    "code", ["temporarily_unavailable", "missing_engine", "storage_full", "blocked_address"]
)
def test_what_may_work_next_time_is_tried_again(code: str) -> None:
    ledger = Ledger()
    ledger.record("a", "job-1", code)
    assert not ledger.knows("a")
