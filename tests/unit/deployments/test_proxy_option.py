"""The proxy's option in a real nginx: no spelling of an address or a header gets past it."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from deployments.guard.submits_only import SubmitsOnly
from tests import nginx
from tests.nginx import Proxy

pytestmark = pytest.mark.skipif(nginx.PROGRAM is None, reason="nginx is not installed")

DEPLOYMENT = "0192f0a0-0000-7000-8000-000000000000"
REACHED: list[str] = []


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Remembers what it was asked."""
    while (await receive()).get("more_body"):
        pass
    REACHED.append(f"{scope['method']} {scope['path']}")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(SubmitsOnly(application), log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        upstream = "{}:{}".format(*listener.getsockname())
        folder: Path = tmp_path_factory.mktemp("nginx")
        try:
            with nginx.before(upstream, folder, nginx.SUBMITS_ONLY) as running:
                yield running
        finally:
            server.should_exit = True
            thread.join(30)


@pytest.fixture
def caller(proxy: Proxy) -> Iterator[httpx.Client]:
    REACHED.clear()
    with proxy.client() as client:
        yield client


def test_a_submit_a_look_and_a_cancel_pass(caller: httpx.Client) -> None:
    for path in (
        f"/deployments/{DEPLOYMENT}/create_flow_run",
        "/flow_runs/filter",
        f"/flow_runs/{DEPLOYMENT}/set_state",
    ):
        assert caller.post(path, json={}).status_code == 200
    assert caller.get(f"/flow_runs/{DEPLOYMENT}").status_code == 200
    assert len(REACHED) == 4


@pytest.mark.parametrize("value", [[], ["0"], [""], ["0", "0"]])
@pytest.mark.parametrize(
    "name", ["X-Contraponto-Submits-Only", "x-contraponto-submits-only", "X_Contraponto_Submits_Only"]
)
def test_a_caller_cannot_take_the_header_away(caller: httpx.Client, name: str, value: list[str]) -> None:
    headers = [*((name, each) for each in value), ("Connection", f"keep-alive, {name}")]
    assert caller.post("/flows/", json={"name": "theirs"}, headers=headers).status_code == 403
    assert REACHED == []


@pytest.mark.parametrize(
    "target",
    [
        "/api/flows/",
        "/api/%66lows/",
        "/api//flows/",
        "/api/x/../flows/",
        "/api/flows/%2e%2e/flows/",
        "/api/flows/?x=/filter",
        "/api/flows/#/filter",
        "/api/flows/%23/../../filter",
        "http://other.example/api/flows/",
        "/api/flows%2F",
    ],
)
def test_no_spelling_of_an_address_gets_past(proxy: Proxy, target: str) -> None:
    """Sent byte for byte: clients would tidy it up."""
    REACHED.clear()
    request = (
        f"POST {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
        "Content-Length: 2\r\n\r\n{}"
    )
    assert proxy.url.port is not None
    with (
        socket.create_connection((proxy.url.host, proxy.url.port), timeout=30) as plain,
        proxy.trust.wrap_socket(plain, server_hostname=proxy.url.host) as connection,
    ):
        connection.sendall(request.encode())
        answer = b""
        with contextlib.suppress(ssl.SSLEOFError):
            while part := connection.recv(65_536):
                answer += part
    status = int(answer.split()[1])
    assert status in (400, 403, 404), answer
    assert REACHED == []
