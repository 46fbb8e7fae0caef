"""Ends of runs as the listener finds them: each dealt with once it is certain, whatever fails meanwhile."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect import State
from prefect.client.orchestration import PrefectClient, SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Completed, Crashed, Failed, Running, Scheduled

from deployments.listener import ends
from deployments.listener.ends import EndWatch
from tasks.errors import InvalidInputError, TransientError
from tasks.recovery.ends import RESTARTS


class Watching:
    """What a watch was told to deal with."""

    def __init__(self, client: PrefectClient, tag: str) -> None:
        self.seen: list[tuple[UUID, str]] = []
        self.trouble: dict[UUID, Exception] = {}
        self.watch = EndWatch(client, [tag], f"contraponto_test_{uuid4().hex}", self._deal, 0.01)

    async def _deal(self, run: FlowRun) -> None:
        if run.id in self.trouble:
            raise self.trouble[run.id]
        assert run.state is not None
        self.seen.append((run.id, run.state.type.value))


@pytest.fixture
def client() -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as connected:
        yield connected


@pytest.fixture
def deployment(client: SyncPrefectClient) -> Iterator[UUID]:
    try:
        client.read_work_pool("idle")
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name="idle", type="process"))
    name = f"ended-{uuid4().hex}"
    made = client.create_deployment(
        client.create_flow_from_name(name), name=name, tags=[name], work_pool_name="idle"
    )
    yield made
    client.delete_deployment(made)


def make(client: SyncPrefectClient, deployment: UUID, *states: Any) -> UUID:
    later: State[Any] = Scheduled(scheduled_time=datetime.now(UTC) + timedelta(hours=1))
    run = client.create_flow_run_from_deployment(deployment, state=later)
    for state in states:
        client.set_flow_run_state(run.id, state, force=True)
    return run.id


async def test_each_end_is_dealt_with_once_and_by_a_successor_again(
    client: SyncPrefectClient, deployment: UUID
) -> None:
    tag = client.read_deployment(deployment).tags[0]
    make(client, deployment, Completed())
    async with get_client() as connected:
        watching = Watching(connected, tag)
        await watching.watch.poll()
        assert watching.seen == [], "nobody was there when it ended"

        ended = {
            make(client, deployment, Running(), Completed()): "COMPLETED",
            make(client, deployment, Running(), Failed(message="Não deu.")): "FAILED",
            make(client, deployment, Cancelled()): "CANCELLED",
        }
        make(client, deployment, Running())
        odd, early = (make(client, deployment, Completed()) for _ in range(2))
        watching.trouble = {
            odd: InvalidInputError("It has no name."),
            early: TransientError("The bus is away."),
        }
        for _ in range(2):
            await watching.watch.poll()
        assert dict(watching.seen) == ended
        assert len(watching.seen) == len(ended)

        watching.trouble = {}
        await watching.watch.poll()
        assert watching.seen[-1] == (early, "COMPLETED")
        assert odd not in dict(watching.seen), "what would fail each time is tried once"

        last = make(client, deployment, Completed())
        successor = Watching(connected, tag)
        successor.watch.variable = watching.watch.variable
        await successor.watch.poll()
        assert {*ended, early, last} <= {*dict(successor.seen)}


async def test_a_crash_is_an_end_where_nobody_restarts_the_run(
    client: SyncPrefectClient, deployment: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag = client.read_deployment(deployment).tags[0]
    async with get_client() as connected:
        watching = Watching(connected, tag)
        await watching.watch.poll()
        run = make(client, deployment, Running(), Crashed(message="The machine is gone."))
        # As `restart` does: first the label. It is still the first crash.
        await watching.watch.poll()
        client.update_flow_run_labels(run, {RESTARTS: 1})
        await watching.watch.poll()
        client.set_flow_run_state(run, Scheduled(), force=True)
        await watching.watch.poll()
        assert watching.seen == []
        assert watching.watch._mark is not None
        assert watching.watch._mark.open == [], "a run that goes on is not waited for"

        client.set_flow_run_state(run, Crashed(message="Once more."), force=True)
        await watching.watch.poll()
        assert watching.seen == []
        monkeypatch.setattr(ends, "_SETTLED_SECONDS", 0.0)
        for _ in range(2):
            await watching.watch.poll()
        assert watching.seen == [(run, "CRASHED")]
