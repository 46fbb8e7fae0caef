"""Deliveries as flow runs, on a real server, to a real receiver."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.settings import get_current_settings
from prefect.states import AwaitingRetry
from standardwebhooks.webhooks import Webhook

from flows.notifications import deliver_webhook
from tasks.jobs.document import JobDocument
from tasks.webhooks.message import WebhookMessage
from tasks.webhooks.steps import DELIVERY, announce
from tests.flow.conftest import Configure
from tests.unit.webhooks.conftest import Answer, Receiver, ended_job

PROJECT = Path(__file__).resolve().parents[2]
SECRET = "whsec_c2VncmVkbw=="

# Prefect's engine leaves its own connections to the server for the garbage collector to close.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
    ),
]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.close()


@pytest.fixture
def document() -> JobDocument:
    return ended_job(job_id=str(uuid4()))


@pytest.fixture(autouse=True)
def settings(configure: Configure) -> None:
    configure(
        allowed_private_hosts="127.0.0.1",
        webhook_secret=f"new secret,{SECRET}",
        webhook_retry_delays="0,0.1",
    )


async def test_a_receiver_that_heals_gets_the_message(receiver: Receiver, document: JobDocument) -> None:
    receiver.answers = [Answer(500), Answer(302, {"Location": "/elsewhere"}), Answer(200)]
    message = WebhookMessage.of(document)
    state = await deliver_webhook(receiver.url, message, message.webhook_id, return_state=True)
    assert state.is_completed()
    assert state.message == "Delivered at try 3 (HTTP 200)."
    assert {received.body for received in receiver.received} == {message.body()}
    assert {received.headers["webhook-id"] for received in receiver.received} == {message.webhook_id}
    for received in receiver.received:
        Webhook(SECRET).verify(received.body, received.headers)


@pytest.mark.parametrize(
    ("status", "tries", "said"),
    [
        (500, 3, "Not delivered after 3 tries. The receiver at {url} failed (HTTP 500)."),
        (410, 1, "Not delivered. The receiver at {url} wants no more messages (HTTP 410)."),
        (404, 1, "Not delivered. The receiver at {url} refuses the message (HTTP 404)."),
    ],
)
async def test_an_undelivered_message_is_a_failed_run(
    receiver: Receiver, document: JobDocument, status: int, tries: int, said: str
) -> None:
    receiver.answers = [Answer(status)]
    message = WebhookMessage.of(document)
    state = await deliver_webhook(receiver.url, message, message.webhook_id, return_state=True)
    assert state.is_failed()
    assert state.message == said.format(url=receiver.url)
    assert len(receiver.received) == tries


async def test_without_a_deployment_the_message_is_sent_from_here(
    receiver: Receiver, document: JobDocument
) -> None:
    receiver.answers = [Answer(503), Answer(200)]
    await announce(document, receiver.url)
    assert len(receiver.received) == 2


async def test_a_delivery_that_fails_is_a_warning(
    receiver: Receiver,
    document: JobDocument,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receiver.answers = [Answer(400)]
    monkeypatch.setattr(logging.getLogger("prefect"), "propagate", True)
    with caplog.at_level(logging.WARNING):
        await announce(document, receiver.url + "?token=geheim")
    assert "was not delivered" in caplog.text
    assert "geheim" not in caplog.text


async def test_a_long_wait_outlives_its_process(
    receiver: Receiver, document: JobDocument, configure: Configure
) -> None:
    configure(webhook_retry_delays="0,7200")
    receiver.answers = [Answer(500), Answer(500), Answer(200)]
    deployment = await _deploy()
    try:
        await announce(document, receiver.url)
        await announce(document, receiver.url)
        assert receiver.received == []
        [run] = await _runs(deployment)

        _execute(run.id)
        [waiting] = await _runs(deployment)
        assert len(receiver.received) == 2
        assert waiting.state is not None
        assert (waiting.state.type, waiting.state.name) == (StateType.SCHEDULED, "AwaitingRetry")
        assert waiting.next_scheduled_start_time is not None
        assert waiting.next_scheduled_start_time - datetime.now(UTC) > timedelta(hours=1.7)

        async with get_client() as client:
            await client.set_flow_run_state(
                run.id, AwaitingRetry(scheduled_time=datetime.now(UTC)), force=True
            )
        _execute(run.id)
        [ended] = await _runs(deployment)
        assert ended.state is not None
        assert ended.state.message == "Delivered at try 3 (HTTP 200)."
        assert {received.headers["webhook-id"] for received in receiver.received} == {run.name}
    finally:
        async with get_client() as client:
            await client.delete_deployment(deployment)


async def _deploy() -> UUID:
    flow_name, _, name = DELIVERY.partition("/")
    async with get_client() as client:
        flow_id = await client.create_flow_from_name(flow_name)
        return await client.create_deployment(
            flow_id,
            name=name,
            pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": str(PROJECT)}}],
            entrypoint="flows/notifications.py:deliver_webhook",
            enforce_parameter_schema=False,
        )


async def _runs(deployment: UUID) -> list[FlowRun]:
    async with get_client() as client:
        runs = await client.read_flow_runs()
    return [run for run in runs if run.deployment_id == deployment]


def _execute(run: UUID) -> None:
    """What a process worker does with a run whose time has come."""
    environment = {**os.environ, **get_current_settings().to_environment_variables(exclude_unset=True)}
    subprocess.run(
        [sys.executable, "-m", "prefect.engine", str(run)],
        cwd=PROJECT,
        env=environment,
        check=True,
        timeout=200,
        capture_output=True,
    )
