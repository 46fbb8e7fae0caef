"""A serverless endpoint in this process that speaks RunPod's API: a fake, as renting a GPU is not for tests.

What a job makes is made by a function of the test; failures, slowness and lost connections come on order.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Output = Callable[[dict[str, Any]], Any]


@dataclass
class Endpoint:
    """An endpoint with as many workers as jobs. A job is seen in the queue once, then `looks` times at work."""

    work: Output = lambda _: {}
    """From a job's input to its output; what it raises is the job's error."""
    looks: int = 1
    key: str = "rented"
    failures: list[int | str] = field(default_factory=list)
    """For the next requests: an HTTP status, or "cut": the connection is closed after the request was read."""
    ending: str = "COMPLETED"
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was posted, by job id."""
    looked: dict[str, int] = field(default_factory=dict)
    cancelled: list[str] = field(default_factory=list)
    address: str = ""

    def state(self, job_id: str) -> dict[str, Any]:
        looked = self.looked[job_id] = self.looked.get(job_id, 0) + 1
        base = {"id": job_id, "delayTime": 12}
        if job_id in self.cancelled:
            return {**base, "status": "CANCELLED"}
        if looked == 1:
            return {**base, "status": "IN_QUEUE"}
        if looked <= 1 + self.looks:
            return {
                **base,
                "status": "IN_PROGRESS",
                "output": {"progress": 100 * (looked - 1) / (self.looks + 1)},
            }
        if self.ending != "COMPLETED":
            return {
                **base,
                "status": self.ending,
                "error": "out of memory" if self.ending == "FAILED" else None,
            }
        try:
            output = self.work(self.jobs[job_id]["input"])
        except ValueError as error:
            return {**base, "status": "FAILED", "error": str(error)}
        return {**base, "status": "COMPLETED", "output": output, "executionTime": 1234}


class _Handler(BaseHTTPRequestHandler):
    endpoint: Endpoint

    def handle_request(self) -> None:
        endpoint = self.endpoint
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        failure = endpoint.failures.pop(0) if endpoint.failures else None
        if failure == "cut":
            self.close_connection = True
        elif failure is not None:
            self.say(int(failure), {"error": f"scripted {failure}"})
        elif self.headers["Authorization"] != f"Bearer {endpoint.key}":
            self.say(401, {})
        else:
            self.route(body)

    def route(self, body: bytes) -> None:
        endpoint = self.endpoint
        match self.command, self.path.strip("/").split("/"):
            case "POST", ["run"]:
                job_id = f"{len(endpoint.jobs)}-u1"
                endpoint.jobs[job_id] = json.loads(body)
                self.say(200, {"id": job_id, "status": "IN_QUEUE"})
            case "GET", ["status", job_id] if job_id in endpoint.jobs:
                self.say(200, endpoint.state(job_id))
            case "POST", ["cancel", job_id] if job_id in endpoint.jobs:
                endpoint.cancelled.append(job_id)
                self.say(200, {"id": job_id, "status": "CANCELLED"})
            case "GET", ["health"]:
                self.say(200, {"jobs": {"inQueue": 0}, "workers": {"idle": 1}})
            case _:
                self.say(404, {"error": "job not found"})

    def say(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(body)

    do_GET = do_POST = handle_request  # noqa: N815 - the names the base class calls

    def log_message(self, format: str, *args: object) -> None: ...


@contextmanager
def serverless(endpoint: Endpoint) -> Iterator[Endpoint]:
    """Serves the endpoint within the block."""
    handler = type("Handler", (_Handler,), {"endpoint": endpoint})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    endpoint.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
