"""What the server learns of runs that were lost with a worker."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from prefect import State
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import StateType
from prefect.settings import PREFECT_API_URL
from prefect.states import Cancelling, Completed, Crashed, Pending, Running, Scheduled

from deployments.launcher.lost_runs import report_all
from deployments.launcher.taken import take
from deployments.server.api import Api


@pytest.fixture
def client() -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as connected:
        yield connected


@pytest.fixture
def raw() -> Iterator[httpx.Client]:
    with Api(str(PREFECT_API_URL.value())).client(seconds=30) as connected:
        yield connected


@pytest.fixture
def deployment(client: SyncPrefectClient) -> Iterator[UUID]:
    made = client.create_deployment(
        client.create_flow_from_name("lost"), name="lost", enforce_parameter_schema=False
    )
    yield made
    client.delete_deployment(made)


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    directory = tmp_path / "taken"
    directory.mkdir()
    return directory


def _run_in(client: SyncPrefectClient, deployment: UUID, state: State[None]) -> UUID:
    run = client.create_flow_run_from_deployment(deployment)
    client.set_flow_run_state(run.id, state, force=True)
    return run.id


@pytest.mark.parametrize(
    ("state", "end"),
    [
        (Pending(), "CRASHED"),
        (Running(), "CRASHED"),
        (Cancelling(), "CANCELLED"),
        (Completed(), "COMPLETED"),
        (Scheduled(), "SCHEDULED"),
    ],
)
def test_what_goes_on_has_ended_and_nothing_else_changes(
    client: SyncPrefectClient,
    raw: httpx.Client,
    deployment: UUID,
    marks: Path,
    state: State[None],
    end: str,
) -> None:
    run = _run_in(client, deployment, state)
    take(marks, str(run)).close()
    assert report_all(raw, marks) == 0
    found = client.read_flow_run(run).state
    assert found is not None
    assert found.type == end
    assert list(marks.iterdir()) == []


def test_a_later_start_of_the_run_is_not_ended(
    client: SyncPrefectClient, raw: httpx.Client, deployment: UUID, marks: Path
) -> None:
    run = _run_in(client, deployment, Running())
    mark = take(marks, str(run))
    long_ago = (datetime.now(UTC) - timedelta(minutes=2)).timestamp()
    os.utime(mark.path, (long_ago, long_ago))
    mark.close()
    assert report_all(raw, marks) == 0
    found = client.read_flow_run(run).state
    assert found is not None
    assert found.is_running()
    assert list(marks.iterdir()) == []


def test_a_loss_is_reported_once_though_the_run_has_started_again_at_once(
    client: SyncPrefectClient, raw: httpx.Client, deployment: UUID, marks: Path
) -> None:
    """The answer to the first report came too late, so it is made once more."""
    run = _run_in(client, deployment, Running())
    mark = take(marks, str(run))
    moments_ago = (datetime.now(UTC) - timedelta(seconds=1)).timestamp()
    os.utime(mark.path, (moments_ago, moments_ago))
    kept = mark.path.with_name(f"{mark.path.name}-again")
    os.link(mark.path, kept)
    mark.close()
    kept.rename(marks / f".{kept.name}")
    assert report_all(raw, marks) == 0
    assert client.read_flow_run(run).state_type is StateType.CRASHED
    client.set_flow_run_state(run, Running(), force=True)  # restarted within the second
    (marks / f".{kept.name}").rename(kept)
    assert report_all(raw, marks) == 0
    assert client.read_flow_run(run).state_type is StateType.RUNNING
    assert list(marks.iterdir()) == []


def test_a_run_that_has_told_its_end_itself_is_not_ended_when_it_has_started_again(
    client: SyncPrefectClient, raw: httpx.Client, deployment: UUID, marks: Path
) -> None:
    """Its first process said so, and took its time to end: its last sign of life came afterwards."""
    run = _run_in(client, deployment, Running())
    mark = take(marks, str(run))
    client.set_flow_run_state(run, Crashed(), force=True)
    mark.touch()
    client.set_flow_run_state(run, Running(), force=True)  # restarted meanwhile
    mark.close()
    assert report_all(raw, marks) == 0
    assert client.read_flow_run(run).state_type is StateType.RUNNING
    assert list(marks.iterdir()) == []


def test_a_run_that_was_deleted_is_forgotten(raw: httpx.Client, marks: Path) -> None:
    take(marks, str(uuid4())).close()
    assert report_all(raw, marks) == 0
    assert list(marks.iterdir()) == []


def test_while_the_server_is_away_nothing_is_forgotten(marks: Path) -> None:
    take(marks, str(uuid4())).close()
    with Api("http://127.0.0.1:9/api").client(seconds=5) as nobody:
        assert report_all(nobody, marks) == 1
    assert len(list(marks.iterdir())) == 1
