"""Deliveries as flow runs, on a real server, to a real endpoint."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import deno
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import BlockDocumentUpdate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.settings import get_current_settings
from prefect.states import AwaitingRetry
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from blocks.webhook import WebhookNotification
from flows.notifications import deliver_webhook
from tasks.errors import InvalidInputError, SourceNotFoundError
from tasks.jobs.document import JobDocument
from tasks.jobs.slots import NoSlotError
from tasks.webhooks.endpoints import delivery_slot, failing_endpoint, resume
from tasks.webhooks.message import WebhookMessage
from tasks.webhooks.notify import DELIVERY, check_endpoint, notify
from tests.flow.conftest import Configure
from tests.flow.jobs import id_of
from tests.servers.endpoint import Answer, WebhookEndpoint, ended_job

PROJECT = Path(__file__).resolve().parents[2]
FOREIGN_ENDPOINT = PROJECT / "tests" / "servers" / "endpoint.js"
SECRET = "whsec_dW0gc2VncmVkbyBjb21wcmlkbw=="

# Prefect's engine leaves its own connections to the server for the garbage collector to close.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
    ),
]


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


async def test_an_endpoint_that_heals_gets_the_message(
    endpoint: WebhookEndpoint, document: JobDocument
) -> None:
    endpoint.answers = [Answer(500), Answer(302, {"Location": "/elsewhere"}), Answer(200)]
    message = WebhookMessage.of(document)
    state = await deliver_webhook(endpoint.url, message, message.webhook_id, return_state=True)
    assert state.is_completed()
    assert state.message == "Delivered at try 3 (HTTP 200)."
    assert {received.body for received in endpoint.received} == {message.body()}
    assert {received.headers["webhook-id"] for received in endpoint.received} == {message.webhook_id}
    for received in endpoint.received:
        Webhook(SECRET).verify(received.body, received.headers)


@pytest.mark.parametrize(
    ("status", "tries", "said"),
    [
        (500, 3, "Not delivered after 3 tries. The endpoint at {url} failed (HTTP 500)."),
        (410, 1, "Not delivered. The endpoint at {url} wants no more messages (HTTP 410)."),
        (404, 1, "Not delivered. The endpoint at {url} refuses the message (HTTP 404)."),
    ],
)
async def test_an_undelivered_message_is_a_failed_run(
    endpoint: WebhookEndpoint, document: JobDocument, status: int, tries: int, said: str
) -> None:
    endpoint.answers = [Answer(status)]
    message = WebhookMessage.of(document)
    state = await deliver_webhook(endpoint.url, message, message.webhook_id, return_state=True)
    assert state.is_failed()
    assert state.message == said.format(url=endpoint.url)
    assert len(endpoint.received) == tries


async def test_without_a_deployment_the_message_is_sent_from_here(
    endpoint: WebhookEndpoint, document: JobDocument
) -> None:
    endpoint.answers = [Answer(503), Answer(200)]
    await notify(document, endpoint.url)
    assert len(endpoint.received) == 2


async def test_a_delivery_that_fails_is_a_warning(
    endpoint: WebhookEndpoint,
    document: JobDocument,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoint.answers = [Answer(400)]
    monkeypatch.setattr(logging.getLogger("prefect"), "propagate", True)
    with caplog.at_level(logging.WARNING):
        await notify(document, endpoint.url + "?token=geheim")
    assert "was not delivered" in caplog.text
    assert "geheim" not in caplog.text


async def test_a_long_wait_outlives_its_process(
    endpoint: WebhookEndpoint, document: JobDocument, configure: Configure
) -> None:
    configure(webhook_retry_delays="0,7200")
    endpoint.answers = [Answer(500), Answer(500), Answer(200)]
    deployment = await _deploy()
    try:
        await notify(document, endpoint.url)
        await notify(document, endpoint.url)
        assert endpoint.received == []
        [run] = await _runs(deployment)

        _execute(run.id)
        [waiting] = await _runs(deployment)
        assert len(endpoint.received) == 2, waiting.state
        assert waiting.state is not None
        assert (waiting.state.type, waiting.state.name) == (StateType.SCHEDULED, "AwaitingRetry")
        assert waiting.next_scheduled_start_time is not None
        assert waiting.next_scheduled_start_time > datetime.now(UTC) + timedelta(hours=1.7)

        async with get_client() as client:
            await client.set_flow_run_state(
                run.id, AwaitingRetry(scheduled_time=datetime.now(UTC)), force=True
            )
        _execute(run.id)
        [ended] = await _runs(deployment)
        assert ended.state is not None
        assert ended.state.message == "Delivered at try 3 (HTTP 200)."
        assert {received.headers["webhook-id"] for received in endpoint.received} == {run.name}
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
        return await client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
        )


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


async def delivered(url: str, document: JobDocument) -> str:
    message = WebhookMessage.of(document)
    state = await deliver_webhook(url, message, message.webhook_id, return_state=True)
    return str(state.message)


async def test_an_endpoint_that_is_gone_gets_nothing_until_a_message_is_replayed(
    endpoint: WebhookEndpoint, document: JobDocument
) -> None:
    endpoint.answers = [Answer(410), Answer(200)]
    url = f"{endpoint.url}?token=geheim"
    assert "HTTP 410" in await delivered(url, document)
    second = await delivered(url, document)
    assert "wants no more messages" in second
    assert "geheim" not in second
    assert len(endpoint.received) == 1
    assert "Delivered" in await delivered(endpoint.url, document), (
        "another address of that host is not paused"
    )
    with get_client(sync_client=True) as client:
        assert resume(client, url).paused == "gone"
        with pytest.raises(SourceNotFoundError, match="token=\\*\\*\\*"):
            resume(client, url)
    assert "Delivered" in await delivered(url, document)


async def test_an_endpoint_that_fails_for_days_is_paused_and_one_that_heals_is_not(
    endpoint: WebhookEndpoint, document: JobDocument, configure: Configure
) -> None:
    configure(webhook_retry_delays="0", webhook_pause_after_days=3)
    endpoint.answers = [Answer(500)]
    assert "after 2 tries" in await delivered(endpoint.url, document)
    failing = await failing_endpoint(endpoint.url)
    assert failing is not None
    assert failing.paused is None
    # Some days later …
    configure(webhook_pause_after_days=0.0000001)
    assert "after 2 tries" in await delivered(endpoint.url, document)
    paused = await failing_endpoint(endpoint.url)
    assert paused is not None
    assert paused.paused == "failing"
    assert "is paused" in await delivered(endpoint.url, document)
    assert len(endpoint.received) == 4
    with get_client(sync_client=True) as client:
        resume(client, endpoint.url)
    endpoint.answers = [Answer(500), Answer(200)]
    await delivered(endpoint.url, document)
    assert await failing_endpoint(endpoint.url) is None


async def test_a_saved_block_keeps_the_address_out_of_the_parameters(
    endpoint: WebhookEndpoint, document: JobDocument
) -> None:
    block = WebhookNotification(
        url=SecretStr(f"{endpoint.url}?token=geheim"),
        secrets=SecretStr(SECRET),
        allowed_private_hosts="127.0.0.1",
    )
    await block.save("caixa", overwrite=True)
    await check_endpoint("webhook-notification/caixa")
    message = WebhookMessage.of(document)
    state = await deliver_webhook(
        "webhook-notification/caixa", message, message.webhook_id, return_state=True
    )
    assert state.is_completed(), state.message
    [received] = endpoint.received
    Webhook(SECRET).verify(received.body, received.headers)
    assert "geheim" in received.path
    async with get_client() as client:
        run = await client.read_flow_run(id_of(state))
    assert "geheim" not in str(run.parameters)
    await _change_secrets(block, "whsec_")
    with pytest.raises(
        InvalidInputError, match='"webhook-notification/caixa" cannot be used: secrets must have a key'
    ):
        await check_endpoint("webhook-notification/caixa")
    with pytest.raises(InvalidInputError, match="no saved block"):
        await check_endpoint("webhook-notification/nobody")


async def _change_secrets(block: WebhookNotification, secrets: str) -> None:
    """As the web page does it, where nothing looks at them."""
    document = block._block_document_id
    assert document is not None
    async with get_client() as client:
        known = await client.read_block_document(document, include_secrets=True)
        data = {**known.data, "secrets": secrets}
        await client.update_block_document(
            document, BlockDocumentUpdate(data=data, merge_existing_data=False)
        )


async def test_a_slow_server_is_no_reason_to_go_without_a_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.webhooks.endpoints._SLOT_SECONDS", 0.0)
    # A host of its own: deliveries of other tests, which go to this machine, set how many it may have.
    async with delivery_slot("https://slow.example/hook", 1):
        with pytest.raises(NoSlotError):
            async with delivery_slot("https://slow.example/hook", 1):
                pass


async def test_so_many_deliveries_to_a_host_and_no_more() -> None:
    async with delivery_slot("https://busy.example/hook", 1):
        with pytest.raises(NoSlotError):
            async with delivery_slot("https://busy.example/other", 1):
                pass
    async with delivery_slot("https://busy.example/hook", 1):
        pass


@pytest.fixture
def foreign() -> Iterator[subprocess.Popen[str]]:
    program = [deno.find_deno_bin(), "run", "--quiet", "--no-remote", "--allow-net=127.0.0.1"]
    with subprocess.Popen(
        [*program, str(FOREIGN_ENDPOINT), SECRET],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as running:
        yield running
        running.terminate()


async def test_an_endpoint_in_another_language_takes_what_is_genuine(
    foreign: subprocess.Popen[str], document: JobDocument, configure: Configure
) -> None:
    assert foreign.stdout is not None
    url = f"http://127.0.0.1:{foreign.stdout.readline().strip()}/hook"
    assert "Delivered" in await delivered(url, document)
    taken = json.loads(foreign.stdout.readline())
    assert taken["message"]["jobId"] == document.job_id
    assert taken["id"] == WebhookMessage.of(document).webhook_id
    configure(webhook_secret="whsec_b3V0cm8gc2VncmVkbyBjb21wcmlkbw==")
    assert "HTTP 401" in await delivered(url, document)
