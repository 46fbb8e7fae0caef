"""Every kind of alert, from what happens on a real server to a mailbox; and what nobody is to be alerted to."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.settings import PREFECT_API_URL
from prefect.states import Completed, Crashed, Failed, Pending, Running
from pydantic import SecretStr

from blocks.alerts import AlertsNotification
from blocks.settings import Settings
from deployments.server import alerts
from deployments.server.alerts import PREFIX, ensure_alerts
from deployments.server.saved_blocks import DOCUMENT, ensure_blocks
from flows.job import job_flow
from tasks.errors import InvalidInputError
from tasks.recovery.ends import JOB_TAG
from tests.flow.jobs import end_of
from tests.servers.mailbox import Mailbox
from tests.waiting import wait_until

Make = Callable[..., UUID]

_PAUSE_SECONDS = 20
"""In which all that this file has happen has happened."""


@job_flow(operation="alarming", stages=["work"])
async def alarming(fault: str) -> Any:
    """A job with a fault.

    Args:
        fault: What it says when it fails.
    """
    if fault.startswith("bad input"):
        raise InvalidInputError(fault)
    raise RuntimeError(fault)


@pytest.fixture
def client() -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as connected:
        yield connected


@pytest.fixture
def make(client: SyncPrefectClient) -> Iterator[Make]:
    """Makes a run of a deployment of this name, and puts it into these states."""
    client.create_work_pool(WorkPoolCreate(name="conversations", type="process"))
    made: dict[str, UUID] = {}

    def run(name: str, *states: Any, pool: str | None = None) -> UUID:
        if name not in made:
            flow = client.create_flow_from_name(name)
            tags = [] if name == "deliver-webhook" else [JOB_TAG]
            made[name] = client.create_deployment(flow, name, work_pool_name=pool, tags=tags)
        found = client.create_flow_run_from_deployment(made[name])
        for state in states:
            client.set_flow_run_state(found.id, state, force=True)
        return found.id

    yield run
    for deployment in made.values():
        client.delete_deployment(deployment)


@pytest.fixture
def alerted(client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The automations, with ten seconds, the least that Prefect takes, where others have minutes and hours."""
    monkeypatch.setattr(alerts, "_WITHOUT_WORKERS", timedelta(seconds=10))
    settings = Settings(
        alerts_to=SecretStr("mailto:ops@example.org"),
        alerts_smtp=SecretStr("smtp+insecure://127.0.0.1:25"),
    ).model_copy(update={"alerts_pending_minutes": 1 / 6, "alerts_running_hours": 1 / 300})
    ensure_blocks(PREFECT_API_URL.value(), settings)
    AlertsNotification(pause_seconds=_PAUSE_SECONDS).save(DOCUMENT, overwrite=True)
    ensure_alerts(client, settings)
    yield
    ensure_alerts(client, Settings())
    assert not [found for found in client.read_automations() if found.name.startswith(PREFIX)]


@pytest.mark.usefixtures("alerted")
async def test_each_kind_reaches_a_mailbox_and_nothing_else_does(
    client: SyncPrefectClient, mailbox: Mailbox, make: Make
) -> None:
    def subjects() -> Counter[str]:
        return Counter(str(mail["Subject"]).removeprefix("Contraponto: ") for mail in mailbox.received)

    # What is nobody's fault here, or as it should be.
    await end_of(alarming, "bad input of a caller")
    make("fine", Running(), Completed())
    make("talk", Running(), pool="conversations")

    client.create_work_pool(WorkPoolCreate(name="lonely", type="process"))
    client.send_worker_heartbeat("lonely", "one", 1)
    hanging, endless = make("hanging", Pending()), make("endless", Running(), pool="lonely")

    for number in range(3):  # of each kind one message goes out at once, and then one about the others
        make("fallen", Running(), Crashed(message=f"no heartbeat {number}"))
        make("deliver-webhook", Running(), Failed(message="410 Gone"))
        make("process-documents", Running(), Failed(message="The record store does not answer."))
        await end_of(alarming, "the disk is on fire")
    expected = {
        "a job has failed unexpectedly",
        "a job has crashed",
        "a webhook message is a dead letter",
        "the cycle over the record store fails",
        "a pool has no worker",
        "a job is pending and does not start",
        "a job runs for very long",
    }
    several = {
        "a job has failed unexpectedly",
        "a job has crashed",
        "a webhook message is a dead letter",
    }
    awaited = Counter(expected) + Counter(several)
    wait_until(lambda: subjects() >= awaited, f"{awaited}", seconds=120)
    assert subjects() == awaited
    texts: dict[str, str] = {}
    for mail in mailbox.received:
        texts[str(mail["Subject"])] = f"{texts.get(str(mail['Subject']), '')}{mail.get_content()}"
    assert "(RuntimeError)" in texts["Contraponto: a job has failed unexpectedly"]
    assert "The pool " in texts["Contraponto: a pool has no worker"]
    crashed = texts["Contraponto: a job has crashed"]
    assert "2 more since the last message" in crashed
    assert [crashed.count(f"no heartbeat {number}") for number in range(3)] == [1, 1, 1]
    assert str(hanging) in texts["Contraponto: a job is pending and does not start"]
    assert str(endless) in texts["Contraponto: a job runs for very long"]


def test_a_pause_that_somebody_has_set_is_kept() -> None:
    ensure_blocks(PREFECT_API_URL.value(), Settings())
    AlertsNotification(pause_seconds=60).save(DOCUMENT, overwrite=True)
    ensure_blocks(PREFECT_API_URL.value(), Settings())
    block = AlertsNotification.load(DOCUMENT)
    assert isinstance(block, AlertsNotification)
    assert block.pause_seconds == 60
