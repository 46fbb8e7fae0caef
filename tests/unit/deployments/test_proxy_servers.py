"""The proxy before two servers in a real nginx: what is lost with one of them, and what another is asked."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from tests import nginx
from tests.nginx import Proxy

pytestmark = pytest.mark.skipif(nginx.PROGRAM is None, reason="nginx is not installed")

SUBMIT = "/deployments/0192f0a0-0000-7000-8000-000000000000/create_flow_run"
KEY = {"Idempotency-Key": "k"}
DEAD, ALIVE = "the dead one was asked", "the living one was asked"


class Two:
    """A server that answers, and one that ends when it has read a request."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self._dead = socket.create_server(("127.0.0.1", 0))
        self._living = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(self._answer, log_level="error", lifespan="off", interface="asgi3")
        self._server = uvicorn.Server(config)
        self._threads = [
            threading.Thread(target=self._server.run, kwargs={"sockets": [self._living]}),
            threading.Thread(target=self._hang_up, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def upstream(self) -> str:
        # nginx leaves one that has failed out for a while, which would hide it from the next test.
        places = ("{}:{}".format(*each.getsockname()) for each in (self._dead, self._living))
        return "; server ".join(f"{place} max_fails=0" for place in places)

    def close(self) -> None:
        self._server.should_exit = True
        self._threads[0].join(30)
        self._dead.close()

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        self.asked.append((ALIVE, scope["method"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    def _hang_up(self) -> None:
        while True:
            try:
                connection, _ = self._dead.accept()
            except OSError:
                return
            with connection:
                self.asked.append((DEAD, connection.recv(65_536).decode().partition(" ")[0]))


@pytest.fixture(scope="module")
def two() -> Iterator[Two]:
    servers = Two()
    yield servers
    servers.close()


@pytest.fixture(scope="module")
def proxy(two: Two, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder: Path = tmp_path_factory.mktemp("nginx")
    with nginx.before(two.upstream, folder, {}) as running:
        yield running


@pytest.mark.parametrize(
    ("method", "path", "headers", "statuses"),
    [
        ("POST", SUBMIT, {}, {200, 502}),
        ("POST", SUBMIT, KEY, {200}),
        ("GET", "/health", {}, {200}),
        ("POST", "/flow_runs/filter", {}, {200, 502}),
    ],
)
def test_another_server_is_asked_where_that_makes_no_second_job(
    two: Two, proxy: Proxy, method: str, path: str, headers: dict[str, str], statuses: set[int]
) -> None:
    two.asked.clear()
    with proxy.client() as caller:
        answers = [caller.request(method, path, json={}, headers=headers) for _ in range(12)]
    assert {answer.status_code for answer in answers} == statuses
    assert {who for who, _ in two.asked} == {DEAD, ALIVE}
    lost = sum(answer.status_code == httpx.codes.BAD_GATEWAY for answer in answers)
    assert [who for who, _ in two.asked].count(ALIVE) == len(answers) - lost


@pytest.mark.parametrize("headers", [{}, KEY], ids=["without a key", "with a key"])
def test_who_submits_too_fast_is_told_when_to_come_back(
    two: Two, tmp_path: Path, headers: dict[str, str]
) -> None:
    with (
        nginx.before(two.upstream, tmp_path, {"rate=20r/s": "rate=1r/m", "burst=100": "burst=1"}) as running,
        running.client() as caller,
    ):
        answers = [caller.post(SUBMIT, json={}, headers=headers) for _ in range(6)]
    held = [answer for answer in answers if answer.status_code == httpx.codes.TOO_MANY_REQUESTS]
    assert len(held) >= 3
    assert {answer.headers.get("retry-after") for answer in held} == {"1"}
    assert {answer.json()["detail"] for answer in held} == {
        "Too many requests from this address: wait a second."
    }
