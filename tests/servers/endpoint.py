"""An endpoint of webhooks whose answers a test scripts, and a job that has ended."""

import http.server
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tasks.jobs.document import JobDocument, JobStatus
from tests.servers.http import LoopbackServer


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True)
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    stall: str = ""
    """`before` or `after` the head of the answer: the endpoint is silent until the test ends."""


class WebhookEndpoint(LoopbackServer):
    """Gives the answers in turn; the last one stays."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: list[Answer] = [Answer()]
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}/hook"

    def serve(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        answer = self.answers[min(len(self.received), len(self.answers) - 1)]
        self.received.append(Received(handler.path, headers, body))
        if answer.stall == "before":
            self.closing.wait(30)
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(answer.body) + (1 if answer.stall else 0)))
        handler.end_headers()
        handler.wfile.write(answer.body)
        if answer.stall == "after":
            handler.wfile.flush()
            self.closing.wait(30)
            handler.close_connection = True


def ended_job(**changes: Any) -> JobDocument:
    fields: dict[str, Any] = {
        "job_id": "8d4e3c1a-0000-4000-8000-000000000001",
        "operation": "transcribe",
        "status": JobStatus.COMPLETED,
        "created_at": datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
        "updated_at": datetime(2026, 3, 1, 12, 0, 5, 250_000, tzinfo=UTC),
        "completed_at": datetime(2026, 3, 1, 12, 0, 5, 250_000, tzinfo=UTC),
        "result": {"text": "olá", "files": {"srt": "transcripts/a.srt"}},
        "id_roteiro": "roteiro-7",
        "metadata": {"pedido": 42},
    }
    return JobDocument.model_validate(fields | changes)
