"""A stage service in this process that speaks `tasks.remote.protocol`, with failures on order."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Refusal:
    """An error answer with headers of its own."""

    status: int
    headers: dict[str, str]


@dataclass
class Service:
    """A stage service in this process. Each job goes through `states`, one for each poll of it."""

    states: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"status": "queued", "progress": 0},
            {"status": "processing", "progress": 40},
            {"status": "completed", "progress": 100, "result": {"title": "Fala"}},
        ]
    )
    failures: "list[int | str | Refusal]" = field(default_factory=list)
    """For the next requests: a refusal or its HTTP status, "cut" (the connection is closed) or "hang"."""
    file: bytes = b"RIFF" + bytes(200_000)
    cut_downloads: int = 0
    jobs: dict[str, int] = field(default_factory=dict)
    """Polls so far, by job id."""
    keys: dict[str, str] = field(default_factory=dict)
    """Job id by idempotency key."""
    cancelled: list[str] = field(default_factory=list)
    log: list[tuple[str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    """When each request came, in seconds."""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[Message] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    address: str = ""

    def made(self, path: str) -> int:
        return sum(1 for _, asked in self.log if asked == path)


class _Handler(BaseHTTPRequestHandler):
    service: Service

    def handle_request(self) -> None:
        service = self.service
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        service.times.append(time.monotonic())
        service.log.append((self.command, self.path))
        service.headers.append(self.headers)
        failure = service.failures.pop(0) if service.failures else None
        if failure == "cut":
            self.close_connection = True
        elif failure == "hang":
            service.released.wait(30)
        elif isinstance(failure, Refusal):
            self.say(failure.status, {"message": "scripted"}, failure.headers)
        elif failure is not None:
            self.say(int(failure), {"message": f"scripted {failure}"})
        else:
            self.route(body)

    def route(self, body: bytes) -> None:
        service = self.service
        match self.command, self.path.strip("/").split("/"):
            case "GET", ["health"]:
                self.say(200, {})
            case "POST", ["jobs"]:
                service.bodies.append(body)
                job_id = service.keys.setdefault(self.headers["Idempotency-Key"], f"job-{len(service.keys)}")
                service.jobs.setdefault(job_id, 0)
                self.say(202, {"job_id": job_id})
            case "GET", ["jobs", job_id] if job_id in service.jobs:
                polls = service.jobs[job_id]
                service.jobs[job_id] += 1
                self.say(200, service.states[min(polls, len(service.states) - 1)])
            case "GET", ["jobs", _, "download"] | ["files", _]:
                self.say_file()
            case "DELETE", ["jobs", job_id] if job_id in service.jobs:
                service.cancelled.append(job_id)
                self.say(204, None)
            case _:
                self.say(404, {"message": "nothing here"})

    def say(self, status: int, content: dict[str, Any] | None, headers: dict[str, str] | None = None) -> None:
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(body)

    def say_file(self) -> None:
        service = self.service
        self.send_response(200)
        self.send_header("Content-Type", "audio/wav")
        self.send_header("Content-Length", str(len(service.file)))
        self.end_headers()
        cut = service.cut_downloads > 0
        service.cut_downloads -= 1
        with suppress(ConnectionError):
            self.wfile.write(service.file[: len(service.file) // 2] if cut else service.file)
        self.close_connection = cut

    do_GET = do_POST = do_DELETE = handle_request  # noqa: N815 - the names the base class calls

    def log_message(self, format: str, *args: object) -> None: ...


@contextmanager
def serve(service: Service) -> Iterator[Service]:
    handler = type("Handler", (_Handler,), {"service": service})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    service.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield service
    service.released.set()
    server.shutdown()
    thread.join()
    server.server_close()
