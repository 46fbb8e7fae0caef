"""A submit that Prefect's client sends again after a lost connection is the same job, with a key given or not.

The server is a small one that loses each first submit after it has read it; the client is Prefect's own.
"""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.client.submit import submit_job

DEPLOYMENT = {
    "id": str(uuid4()),
    "created": datetime.now(UTC).isoformat(),
    "updated": datetime.now(UTC).isoformat(),
    "name": "short",
    "flow_id": str(uuid4()),
    "parameter_openapi_schema": {"type": "object", "properties": {}},
}


class Forgetful(ThreadingHTTPServer):
    """Answers what a submit asks, and ends the connection of the first submit without an answer."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.submits: list[dict[str, Any]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Forgetful

    def do_GET(self) -> None:
        if "/deployments/name/" in self.path:
            self._answer(200, DEPLOYMENT)
        else:
            self._answer(422, {"detail": "CSRF protection is disabled."})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.submits.append(json.loads(body))
        if len(self.server.submits) == 1:
            self.close_connection = True
        else:
            self._answer(201, {"id": str(uuid4())})

    def _answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Forgetful]:
    with Forgetful() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join(10)


@pytest.mark.parametrize("key", [None, "mine"])
def test_a_submit_that_is_sent_again_has_the_same_key(
    server: Forgetful, key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)  # Prefect waits two seconds
    url = f"http://127.0.0.1:{server.server_address[1]}/api"
    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
        submit_job(client, "short", {}, idempotency_key=key)
    first, second = server.submits
    assert first["idempotency_key"] == second["idempotency_key"] == (key or first["idempotency_key"])
    assert first["idempotency_key"]
