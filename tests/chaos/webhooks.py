"""Jobs that end in all six ways while the endpoint fails half the time: no end may go without a message.

`python -m tests.chaos.webhooks --jobs 1000 --kill-every 60` is the full one, in which workers and the server are
killed, too; the tests run a few jobs.
"""

import argparse
import http.server
import json
import os
import random
import shutil
import signal
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import httpx
import yaml
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from deployments.processes.sockets import free_port
from tests.system.checkout import FINAL, Checkout, Job
from tests.waiting import wait_until

SECRET = "whsec_Y29udHJhcG9udG8tY2hhb3M="
ENDS = {
    "complete": "COMPLETED",
    "fail": "FAILED",
    "time out": "FAILED",
    "killed": "FAILED",
    "cancelled in the queue": "CANCELLED",
    "cancelled while running": "CANCELLED",
}
"""Ways to end, and the status that the endpoint must be notified of."""

_PARAMETERS = {
    "complete": "complete",
    "fail": "fail",
    "time out": "wait",
    "killed": "die",
    "cancelled in the queue": "complete",
    "cancelled while running": "wait",
}
_TIMEOUT_MINUTES = 0.4
Found = TypeVar("Found")
_KILLED = ("worker-cpu", "worker-webhooks", "server")
_BACK_SECONDS = 120
"""After which the server answers again."""


class FailingEndpoint:
    """Verifies what it gets by itself, and takes only every second message, by chance."""

    def __init__(self, seed: int) -> None:
        self.taken: defaultdict[str, list[str]] = defaultdict(list)
        """Statuses notified of each job."""
        self.refused = 0
        self.forged: list[str] = []
        self.heals = False
        chance, lock, outer = random.Random(seed), threading.Lock(), self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with lock:
                    self.send_response(outer._answer(body, dict(self.headers), chance))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def _answer(self, body: bytes, headers: dict[str, str], chance: random.Random) -> int:
        message = json.loads(body)
        try:
            Webhook(SECRET).verify(body, {name.lower(): value for name, value in headers.items()})
        except WebhookVerificationError as error:
            self.forged.append(f"{message['jobId']}: {error}")
        if not self.heals and chance.random() < 0.5:
            self.refused += 1
            return 500
        self.taken[message["jobId"]].append(message["status"])
        return 200

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass(frozen=True)
class Outcome:
    """What became of the messages."""

    jobs: int
    notified: int
    """Jobs that the failing endpoint was notified of."""
    dead_letters: int
    refused: int
    kills: int
    seconds: float


def make_checkout(directory: Path, port: int) -> Checkout:
    """A copy of the project with the jobs of this test in it, and a short retry schedule."""
    settings = {
        "CONTRAPONTO_ALLOWED_PRIVATE_HOSTS": f"127.0.0.1:{port}",
        "CONTRAPONTO_JOB_TIMEOUT_MINUTES": str(_TIMEOUT_MINUTES),
        "CONTRAPONTO_WEBHOOK_SECRET": SECRET,
        "CONTRAPONTO_WEBHOOK_RETRY_DELAYS": "0.2",
        "CONTRAPONTO_MODEL_HOST": "off",
        "CONTRAPONTO_SERVER_PORT": str(free_port()),
    }
    checkout = Checkout.copy(directory, settings)
    shutil.copy(Path(__file__).with_name("jobs.py"), directory / "flows" / "chaos.py")
    listed = yaml.safe_load((directory / "prefect.yaml").read_text())
    listed["deployments"].append(
        {
            "name": "end-somehow",
            "entrypoint": "flows/chaos.py:end_somehow",
            "description": "Ends somehow.",
            "work_pool": {"name": "cpu", "work_queue_name": "default"},
        }
    )
    (directory / "prefect.yaml").write_text(yaml.safe_dump(listed, sort_keys=False))
    return checkout


def run(checkout: Checkout, endpoint: FailingEndpoint, jobs: int, kill_every: float | None = None) -> Outcome:
    """Runs the jobs; fails unless every end was notified or is a dead letter, and then notified when replayed.

    `kill_every`: seconds between two kills of a worker or the server. A job that one has hit twice may fail instead.
    """
    began = time.monotonic()
    ways = [list(ENDS)[number % len(ENDS)] for number in range(jobs)]
    submitted = [(_submit(checkout, way, endpoint.port), way) for way in ways]
    expected = {job.id: ENDS[way] for job, way in submitted}
    patience = 150 + 3 * jobs

    def settled() -> bool:
        # Dead letters last: to list them is a command, which takes a second of the processor.
        return not _delivering(checkout) and expected.keys() <= endpoint.taken.keys() | _dead(checkout).keys()

    kills: list[str] = []
    try:
        with _killing(checkout, kill_every, kills):
            for job, way in submitted:
                if way == "cancelled while running":
                    started = partial(_patiently, partial(_begun, job))
                    job.wait_until(started, what="its start", seconds=patience)
                if way.startswith("cancelled"):
                    _patiently(partial(_cancel, checkout, job))
            wait_until(lambda: _patiently(settled), what="every end", seconds=patience)
    except TimeoutError as error:
        lost = expected.keys() - endpoint.taken.keys() - _dead(checkout).keys()
        states = [(way, job.run["state"]) for job, way in submitted if job.id in lost]
        raise AssertionError(f"{error}; never notified: {states}") from None
    notified, dead = set(endpoint.taken), _dead(checkout)
    assert not notified & dead.keys(), "notified, and yet a dead letter"

    endpoint.heals = True
    checkout.contraponto("replay", "--all")
    checkout.contraponto("replay", *list(dead.values())[:1]) if dead else None
    wait_until(lambda: expected.keys() <= endpoint.taken.keys(), what="the dead letters", seconds=patience)
    assert not endpoint.forged, endpoint.forged
    right = {job: [{end}, {"FAILED"}] if kills else [{end}] for job, end in expected.items()}
    wrong = {job: got for job, got in endpoint.taken.items() if set(got) not in right[job]}
    assert not wrong, f"notified of something else than {expected}: {wrong}"
    assert all(job.document["completed_at"] for job, _ in submitted), "a job document without an end"
    return Outcome(jobs, len(notified), len(dead), endpoint.refused, len(kills), time.monotonic() - began)


@contextmanager
def _killing(checkout: Checkout, every: float | None, kills: list[str]) -> Iterator[None]:
    """Meanwhile kills one of the processes now and then; the supervisor starts it again."""
    over, chance = threading.Event(), random.Random(1)

    def kill() -> None:
        while not over.wait(every):
            name = chance.choice(_KILLED)
            if (process := checkout.pids().get(name)) is not None:
                os.kill(process, signal.SIGKILL)
                kills.append(name)

    if every is None:
        yield
        return
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        over.set()
        killer.join()


def _patiently(poll: Callable[[], Found]) -> Found:
    """What a poll finds once the server answers."""
    deadline = time.monotonic() + _BACK_SECONDS
    while True:
        try:
            return poll()
        except (httpx.HTTPError, AssertionError, KeyError):
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


def _begun(job: Job) -> bool:
    return job.run["state_type"] not in ("SCHEDULED", "PENDING")


def _submit(checkout: Checkout, way: str, port: int) -> Job:
    body: dict[str, object] = {
        "parameters": {"way": _PARAMETERS[way], "webhook_url": f"http://127.0.0.1:{port}/hook"}
    }
    if way == "cancelled in the queue":
        later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        body["state"] = {"type": "SCHEDULED", "state_details": {"scheduled_time": later}}
    path = f"/deployments/{checkout.deployment_id('end-somehow')}/create_flow_run"
    return Job(checkout, checkout.api("POST", path, body).json()["id"])


def _cancel(checkout: Checkout, job: Job) -> None:
    body = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
    assert checkout.api("POST", f"/flow_runs/{job.id}/set_state", body).is_success


def _dead(checkout: Checkout) -> dict[str, str]:
    """Of the jobs whose message is a dead letter: the letter."""
    letters = json.loads(checkout.contraponto("dead-letters", "--json").stdout)
    return {letter["message"]["jobId"]: letter["id"] for letter in letters}


def _delivering(checkout: Checkout) -> bool:
    body = {
        "deployments": {"name": {"any_": ["deliver-webhook"]}},
        "flow_runs": {"state": {"type": {"not_any_": list(FINAL)}}},
    }
    return bool(checkout.api("POST", "/flow_runs/count", body).json())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--kill-every", type=float, help="seconds between two kills of a worker or the server"
    )
    asked = parser.parse_args(arguments)
    endpoint = FailingEndpoint(asked.seed)
    with tempfile.TemporaryDirectory() as directory:
        checkout = make_checkout(Path(directory), endpoint.port)
        try:
            checkout.contraponto("up")
            print(run(checkout, endpoint, asked.jobs, asked.kill_every))  # noqa: T201
        finally:
            checkout.contraponto("down")
            endpoint.close()


if __name__ == "__main__":
    main()
