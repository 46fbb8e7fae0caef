"""A server whose database is a backup's: nothing goes on there, and no slot is held."""

import pytest
from prefect import State
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, GlobalConcurrencyLimitUpdate
from prefect.client.schemas.objects import StateType
from prefect.states import Cancelling, Completed, Pending, Running, Scheduled

from deployments.server.after_restore import settle

ENDS: dict[str, tuple[State[None], str]] = {
    "Pending": (Pending(), "CRASHED"),
    "Running": (Running(), "CRASHED"),
    # Nobody wants it any more: it is not to be started again.
    "Cancelling": (Cancelling(), "CANCELLED"),
    "Scheduled": (Scheduled(), "SCHEDULED"),
    "Completed": (Completed(), "COMPLETED"),
}


@pytest.fixture(name="client")
def _client() -> SyncPrefectClient:
    return get_client(sync_client=True)


@pytest.mark.parametrize(("state", "end"), ENDS.values(), ids=ENDS)
def test_what_went_on_has_ended(client: SyncPrefectClient, state: State[None], end: str) -> None:
    deployment = client.create_deployment(client.create_flow_from_name("restored"), name="restored")
    run = client.create_flow_run_from_deployment(deployment)
    client.set_flow_run_state(run.id, state, force=True)
    settle()
    found = client.read_flow_run(run.id).state
    assert found is not None
    assert found.type is StateType[end]
    client.delete_flow_run(run.id)


def test_no_slot_is_held(client: SyncPrefectClient) -> None:
    client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name="restored", limit=2))
    client.update_global_concurrency_limit("restored", GlobalConcurrencyLimitUpdate(active_slots=2))
    client.create_concurrency_limit(tag="restored", concurrency_limit=3)
    settle()
    assert client.read_global_concurrency_limit_by_name("restored").active_slots == 0
    assert client.read_concurrency_limit_by_tag("restored").concurrency_limit == 3
    client.delete_global_concurrency_limit_by_name("restored")
    client.delete_concurrency_limit_by_tag("restored")
