"""The reverse proxy of `deployments/proxy`, its file as it stands, before a server that wants credentials."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import websockets
from websockets.asyncio.client import connect

from tests import nginx
from tests.nginx import Proxy
from tests.system.checkout import Checkout
from tests.system.docker.conftest import PASSWORD
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

BURST, AT_ONCE = 300, 20


@pytest.fixture(scope="module")
def proxy(stack: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """With the option that leaves callers submits, looks and cancels, and bounds that a slow machine reaches, too."""
    changes = {"rate=20r/s": "rate=2r/s", "burst=100": f"burst={AT_ONCE}", **nginx.SUBMITS_ONLY}
    upstream = stack.address.removeprefix("http://")
    with nginx.before(upstream, tmp_path_factory.mktemp("nginx"), changes) as running:
        yield running
    assert PASSWORD not in running.log.read_text()
    assert "geheim" not in running.log.read_text()


@pytest.fixture
def caller(proxy: Proxy) -> Iterator[httpx.Client]:
    with proxy.client(("contraponto", PASSWORD)) as client:
        yield client


def unhurried(caller: httpx.Client, method: str, path: str, body: object) -> httpx.Response:
    """The answer to one request; the submits of another test may still count."""
    answers: list[httpx.Response] = []

    def is_answered() -> bool:
        answers.append(caller.request(method, path, json=body))
        return answers[-1].status_code != httpx.codes.TOO_MANY_REQUESTS

    wait_until(is_answered, what="the proxy", seconds=40)
    return answers[-1]


def test_a_burst_of_submits_is_held_back_and_none_that_was_taken_is_lost(
    stack: Checkout, proxy: Proxy, caller: httpx.Client
) -> None:
    path = f"/deployments/{stack.deployment_id('transcribe')}/create_flow_run"
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    body = {
        "parameters": {"youtube_url": "https://example.org/talk.mp3"},
        "state": {"type": "SCHEDULED", "state_details": {"scheduled_time": later}},
        "tags": ["burst"],
    }
    counted = {"flow_runs": {"tags": {"all_": ["burst"]}}}

    async def submits() -> tuple[list[httpx.Response], list[httpx.Response]]:
        async with httpx.AsyncClient(
            base_url=caller.base_url, verify=proxy.trust, trust_env=False, auth=caller.auth, timeout=120
        ) as many:
            looks = [many.post("/flow_runs/count", json=counted) for _ in range(20)]
            sent = [many.post(path, json=body) for _ in range(BURST)]
            answers = await asyncio.gather(*sent, *looks)
        return list(answers[:BURST]), list(answers[BURST:])

    sent, looks = asyncio.run(submits())
    taken = [answer for answer in sent if answer.status_code == 201]
    held = [answer for answer in sent if answer.status_code == 429]
    assert len(taken) + len(held) == BURST
    assert AT_ONCE <= len(taken) < BURST / 2
    assert {answer.headers["retry-after"] for answer in held} == {"1"}
    assert "wait a second" in held[0].json()["detail"]
    assert {answer.status_code for answer in looks} == {200}, "looking goes on"
    assert caller.post("/flow_runs/count", json=counted).json() == len(taken)
    several = {caller.post(f"{path}/bulk", json=[]).status_code for _ in range(2 * AT_ONCE)}
    assert 429 in several, "several at once are submits, too"
    for answer in taken:
        stack.api("DELETE", f"/flow_runs/{answer.json()['id']}")


def test_credentials_reach_the_server_and_are_wanted(proxy: Proxy, caller: httpx.Client) -> None:
    assert caller.post("/flow_runs/count?token=geheim", json={}).status_code == 200
    assert caller.post("/flow_runs/count", json={}, auth=("contraponto", "wrong")).status_code == 401


def test_what_is_too_large_never_reaches_the_server(stack: Checkout, caller: httpx.Client) -> None:
    path = f"/deployments/{stack.deployment_id('transcribe')}/create_flow_run"
    assert caller.post(path, content=b" " * (2 << 20)).status_code == 413


def test_events_pass_as_they_happen(proxy: Proxy) -> None:
    async def greet() -> str:
        address = str(proxy.url.join("/api/events/out")).replace("https:", "wss:")
        async with (
            asyncio.timeout(30),
            connect(
                address, ssl=proxy.trust, proxy=None, subprotocols=[websockets.Subprotocol("prefect")]
            ) as socket,
        ):
            await socket.send(f'{{"type": "auth", "token": "contraponto:{PASSWORD}"}}')
            return str(await socket.recv())

    assert "auth_success" in asyncio.run(greet())


def test_the_certificate_is_the_only_way_in(proxy: Proxy) -> None:
    plain = proxy.url.copy_with(scheme="http").join("/api/health")
    assert httpx.get(plain, trust_env=False).status_code == 400


def test_callers_may_submit_look_and_cancel(stack: Checkout, caller: httpx.Client) -> None:
    path = f"/deployments/{stack.deployment_id('transcribe')}/create_flow_run"
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    body = {
        "parameters": {"youtube_url": "https://example.org/talk.mp3"},
        "state": {"type": "SCHEDULED", "state_details": {"scheduled_time": later}},
    }
    taken = unhurried(caller, "POST", path, body)
    assert taken.status_code == 201, taken.text
    run = f"/flow_runs/{taken.json()['id']}"
    assert caller.get(run).json()["state"]["type"] == "SCHEDULED"
    assert caller.post("/flow_runs/filter", json={"limit": 1}).status_code == 200
    assert caller.post("/block_documents/filter", json={}).status_code == 200
    assert caller.post(f"{run}/set_state", json={"state": {"type": "CANCELLED"}}).status_code == 201
    assert caller.get(run).json()["state"]["type"] == "CANCELLED"
    stack.api("DELETE", run)


def test_callers_change_nothing_and_read_no_secrets_whatever_their_credentials(
    stack: Checkout, caller: httpx.Client
) -> None:
    deployment = stack.deployment_id("transcribe")
    for method, path, body in (
        ("POST", "/flows/", {"name": "theirs"}),
        ("PATCH", f"/deployments/{deployment}", {"pull_steps": []}),
        ("POST", "/block_documents/filter", {"include_secrets": True}),
        ("POST", f"/deployments/{deployment}/create_flow_run", {"job_variables": {"env": {"A": "1"}}}),
    ):
        refused = unhurried(caller, method, path, body)
        assert refused.status_code == 403, (method, path, refused.text)
    assert "theirs" not in {flow["name"] for flow in stack.api("POST", "/flows/filter", {}).json()}
