"""What many jobs leave behind: memory, processes, rows, keys, files. `python -m benchmarks.endurance`.

Short jobs with webhooks through one warm worker, in rounds, and cancels at random moments. What is ended is kept for a
minute only, so that what removes it works within each round. Exit code 1 if something is larger in the last third of
the rounds than in the middle one, by more than a tenth.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Thread
from typing import Any

from benchmarks.growth import Sight, grown, look, table
from benchmarks.measure import machine
from benchmarks.own_stack import OwnStack, own_stack

POOL = "cpu"
SHORT = "benchmarks/short_job.py:short_job"
WAIT = "benchmarks/short_flow.py:wait"
_AT_ONCE = 8
_KEPT_SECONDS = 60
_LOOK_SECONDS = 40
"""In which Prefect's own clean-up has looked at least once."""
_SETTLE_SECONDS = 90
_LONGEST_SECONDS = 300
_THIRDS = 3


@dataclass
class Endpoint:
    """Where the webhooks go: who waits for jobs hears of their ends, and asks the server nothing meanwhile."""

    address: str
    ends: "Queue[tuple[str, str]]"
    """Ids and statuses, as they are told."""

    def next_end(self) -> str:
        """The id of the next job that has ended; RuntimeError if it did not complete, or none ends for long."""
        try:
            job, status = self.ends.get(timeout=_LONGEST_SECONDS)
        except Empty:
            raise RuntimeError(f"no job has ended for {_LONGEST_SECONDS} s") from None
        if status != "COMPLETED":
            raise RuntimeError(f"the job {job} ended as {status}")
        return job


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    """An endpoint that takes every message."""
    ends: Queue[tuple[str, str]] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            self.send_response(204)
            self.end_headers()
            ends.put((message["jobId"], message["status"]))

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Endpoint(f"127.0.0.1:{server.server_port}", ends)
    finally:
        server.shutdown()
        server.server_close()


def run_many(stack: OwnStack, count: int, hook: Endpoint) -> None:
    """So many short jobs, a few at once; RuntimeError unless all complete and are notified, once."""
    waiting: set[str] = set()
    for number in range(count):
        asked = {"number": number, "webhook_url": f"http://{hook.address}/done"}
        waiting.add(stack.submit(POOL, SHORT, asked))
        if len(waiting) == _AT_ONCE:
            waiting.remove(hook.next_end())
    while waiting:
        waiting.remove(hook.next_end())


def cancel_many(stack: OwnStack, count: int) -> dict[str, int]:
    """How jobs ended that were cancelled at random moments of their start and their work."""
    ends: dict[str, int] = {}
    for batch in _batches(count, _AT_ONCE):
        due = []
        for _ in batch:
            due.append((time.monotonic() + random.uniform(0, 4), stack.submit(POOL, WAIT, {"seconds": 600})))  # noqa: S311
        for moment, run in sorted(due):
            time.sleep(max(0.0, moment - time.monotonic()))
            body = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
            stack.call("POST", f"/flow_runs/{run}/set_state", body)
        for _, run in due:
            end = stack.ended(run)["state_type"]
            ends[end] = ends.get(end, 0) + 1
    return ends


def _batches(count: int, size: int) -> Iterable[range]:
    for begin in range(0, count, size):
        yield range(begin, min(begin + size, count))


def clean_up(stack: OwnStack) -> None:
    """What is older than a minute goes: by the job that does so every night, and by Prefect's own clean-up."""
    time.sleep(_KEPT_SECONDS + 5)
    cleanup = stack.call("GET", "/deployments/name/cleanup/cleanup")["id"]
    hours = {"max_age_hours": _KEPT_SECONDS / 3600}
    run = stack.call("POST", f"/deployments/{cleanup}/create_flow_run", {"parameters": hours})["id"]
    stack.completed(run)
    time.sleep(_LOOK_SECONDS)


def settled(stack: OwnStack, processes: float | None) -> Sight:
    """The stack once no more processes are there than before, or after a while."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while True:
        sight = look(stack, POOL)
        if processes is None or sight["processes"].value <= processes or time.monotonic() > deadline:
            return sight
        time.sleep(0.5)


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--jobs", type=int, default=5000, help="short jobs, all rounds together (5000)")
    parser.add_argument("--rounds", type=int, default=9, help="of which the last third is judged (9)")
    parser.add_argument("--cancels", type=int, default=5, help="cancelled jobs in each round (5)")
    chosen = parser.parse_args()
    if chosen.rounds < _THIRDS:
        parser.error("at least three rounds: the last third is compared with the middle one")
    print(machine(), flush=True)
    sights: list[Sight] = []
    found = []
    kept_hours = str(_KEPT_SECONDS / 3600)
    with (
        endpoint() as hook,
        own_stack(
            CONTRAPONTO_QUEUE_JOB_TTL=str(_KEPT_SECONDS),
            CONTRAPONTO_CACHE_TTL_HOURS=kept_hours,
            CONTRAPONTO_MESSAGE_RETENTION_HOURS=kept_hours,
            CONTRAPONTO_ALLOWED_PRIVATE_HOSTS=hook.address,
        ) as stack,
    ):
        stack.deployment(POOL, SHORT, tags=["job"])
        for number, batch in enumerate(_batches(chosen.jobs, -(-chosen.jobs // chosen.rounds)), start=1):
            begin = time.monotonic()
            run_many(stack, len(batch), hook)
            rate = 60 * len(batch) / (time.monotonic() - begin)
            ends = cancel_many(stack, chosen.cancels)
            if set(ends) - {"CANCELLED"}:
                found.append(f"round {number}: cancelled jobs ended as {ends}")
            clean_up(stack)
            sights.append(settled(stack, sights[0]["processes"].value if sights else None))
            # Each time, for it takes hours, and may be ended before.
            print(f"round {number}: {len(batch)} jobs, {rate:.0f} a minute\n{table(sights)}", flush=True)
    third = max(1, len(sights) // _THIRDS)
    found += grown(sights[-2 * third : -third], sights[-third:])
    print("\n".join(found) or "nothing has grown")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
