"""The reverse proxy of `deployments/proxy`, its file as it stands, before a server that wants credentials."""

import asyncio
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import websockets
from websockets.asyncio.client import connect

from deployments.processes.environment import PROJECT
from deployments.processes.sockets import free_port
from tests.system.checkout import Checkout
from tests.system.docker.conftest import PASSWORD
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

FILE = PROJECT / "deployments" / "proxy" / "contraponto.conf"
SEARCHED = f"{os.environ['PATH']}:/usr/sbin"
BURST, AT_ONCE = 300, 20


@dataclass(frozen=True)
class Proxy:
    url: httpx.URL
    trust: ssl.SSLContext
    """Of its certificate, which nobody else has signed."""

    def client(self) -> httpx.Client:
        return httpx.Client(
            base_url=self.url.join("/api"),
            verify=self.trust,
            trust_env=False,
            auth=("contraponto", PASSWORD),
            timeout=60,
        )

    def answers(self) -> bool:
        try:
            with self.client() as client:
                return client.get("/health").is_success
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def proxy(stack: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Only names, ports, paths and the bounds of submits are others than in the file."""
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    port = free_port()
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=localhost",
                "-addext",
                "subjectAltName=IP:127.0.0.1",
            ),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    text = FILE.read_text(encoding="utf-8")
    for written, here in {
        "server 127.0.0.1:4200;": f"server {stack.address.removeprefix('http://')};",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "/etc/ssl/certs/contraponto.pem": str(certificate),
        "/etc/ssl/private/contraponto.key": str(key),
        "/var/log/nginx/contraponto.log": str(folder / "access.log"),
        # Bounds that a slow machine reaches, too.
        "rate=20r/s": "rate=2r/s",
        "burst=100": f"burst={AT_ONCE}",
    }.items():
        assert text.count(written) == 1, written
        text = text.replace(written, here)
    (folder / "contraponto.conf").write_text(text)
    paths = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = folder / "nginx.conf"
    whole.write_text(
        f"daemon off; user root; pid {folder}/pid; error_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\n{paths}include {folder}/contraponto.conf;\n}}\n"
    )
    program = shutil.which("nginx", path=SEARCHED)
    assert program, "nginx is not installed; `make test-engine` installs it on Debian"
    with subprocess.Popen([program, "-c", str(whole), "-e", str(folder / "error.log")]) as server:
        trust = ssl.create_default_context(cafile=certificate)
        running = Proxy(httpx.URL(f"https://127.0.0.1:{port}"), trust)
        try:
            wait_until(running.answers, what="the proxy", seconds=20)
            yield running
        finally:
            server.terminate()
            server.wait(20)
    assert PASSWORD not in (folder / "access.log").read_text()
    assert "geheim" not in (folder / "access.log").read_text()


@pytest.fixture
def caller(proxy: Proxy) -> Iterator[httpx.Client]:
    with proxy.client() as client:
        yield client


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
