"""What hostile endpoints cost the good ones: how soon a message arrives, in quiet and beside them.

`python -m benchmarks.hostile_endpoints`. Real deliveries on a stack of their own, to servers on this machine. Good
messages are submitted at a steady pace; the second time, messages to silent endpoints on eight hosts and to endpoints
that are hostile in other ways are submitted beside them all the time.
"""

import argparse
import itertools
import signal
import statistics
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import machine
from benchmarks.own_stack import OwnStack, own_stack
from tests.servers.hostile import WAYS, HostileEndpoint, self_signed

_DELIVERY = "deliver-webhook/deliver-webhook"
_HOSTS = tuple(f"127.0.0.{number}" for number in range(2, 10))
_TIMEOUT = "5"
_PATIENCE = 90.0


class GoodEndpoint:
    """Takes everything, and notes when."""

    def __init__(self) -> None:
        self.arrived: dict[str, float] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                outer.arrived.setdefault(str(self.headers["webhook-id"]), time.monotonic())
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class Sender:
    """Starts deliveries as jobs do when they end."""

    def __init__(self, stack: OwnStack) -> None:
        self._stack = stack
        self._path = (
            f"/deployments/{stack.call('GET', f'/deployments/name/{_DELIVERY}')['id']}/create_flow_run"
        )

    def send(self, url: str) -> str:
        """Start one; the id of its message."""
        job, now = str(uuid.uuid4()), datetime.now(UTC).isoformat()
        message_id = f"msg_{job}_completed"
        message = {
            **{
                "jobId": job,
                "idRoteiro": None,
                "pathRaiz": None,
                "status": "COMPLETED",
                "operation": "benchmark",
            },
            **{"processor": "contraponto", "result": {"text": "x"}, "error": None, "metadata": None},
            "execution": {"startTime": now, "endTime": now, "durationMs": 1, "durationSeconds": 0.001},
            "timestamp": now,
        }
        parameters = {"url": url, "message": message, "webhook_id": message_id}
        self._stack.call(
            "POST",
            self._path,
            {"parameters": parameters, "name": message_id, "idempotency_key": message_id},
        )
        return message_id


def seconds_to_arrive(sender: Sender, good: GoodEndpoint, count: int, pause: float) -> list[float]:
    """From the submit of each of so many good messages to its arrival; 90 if it does not arrive by then."""
    sent = {}
    for _ in range(count):
        begin = time.monotonic()
        sent[sender.send(good.url)] = begin
        time.sleep(max(0.0, begin + pause - time.monotonic()))
    deadline = time.monotonic() + _PATIENCE
    while sent.keys() - good.arrived.keys() and time.monotonic() < deadline:
        time.sleep(0.05)
    return [good.arrived.get(message, begin + _PATIENCE) - begin for message, begin in sent.items()]


@contextmanager
def attack(sender: Sender, hostile: Sequence[HostileEndpoint], every: float) -> Iterator[None]:
    """Meanwhile messages to the hostile endpoints: one each at once, then one after the other."""
    over = threading.Event()
    for endpoint in hostile:
        sender.send(endpoint.url)

    def go_on() -> None:
        for endpoint in itertools.cycle(hostile):
            if over.wait(every):
                return
            sender.send(endpoint.url)

    attacker = threading.Thread(target=go_on, daemon=True)
    attacker.start()
    time.sleep(2)
    try:
        yield
    finally:
        over.set()
        attacker.join()


def _line(name: str, seconds: Sequence[float]) -> str:
    p99 = statistics.quantiles(seconds, n=100, method="inclusive")[98]
    return (
        f"{name:<8} p50 {statistics.median(seconds):6.2f} s   p99 {p99:6.2f} s   most {max(seconds):6.2f} s"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--messages", type=int, default=40, help="good messages, each time (40)")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two of them (1)")
    parser.add_argument(
        "--every", type=float, default=1.0, help="seconds between two to hostile endpoints (1)"
    )
    parser.add_argument(
        "--silent-only", action="store_true", help="no other hostility than 16 silent endpoints"
    )
    chosen = parser.parse_args()
    # Whatever ends this ends the stack as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    print(machine(), flush=True)
    with TemporaryDirectory() as temporary:
        hostile = [HostileEndpoint(WAYS["silent"], host) for host in _HOSTS for _ in range(2)]
        if not chosen.silent_only:
            hostile += [HostileEndpoint(way, _HOSTS[number % 8]) for number, way in enumerate(WAYS.values())]
            hostile += [HostileEndpoint(WAYS["silent"], "::1")]
            hostile += [HostileEndpoint(WAYS["silent"], certificate=self_signed(Path(temporary)))]
        good = GoodEndpoint()
        try:
            with own_stack(
                CONTRAPONTO_ALLOWED_PRIVATE_HOSTS="127.0.0.0/8,::1",
                CONTRAPONTO_WEBHOOK_TIMEOUT=_TIMEOUT,
                CONTRAPONTO_MODEL_HOST="off",
            ) as stack:
                sender = Sender(stack)
                seconds_to_arrive(sender, good, 3, 1)  # fills caches
                quiet = seconds_to_arrive(sender, good, chosen.messages, chosen.pause)
                print(_line("quiet", quiet), flush=True)
                with attack(sender, hostile, chosen.every):
                    beside = seconds_to_arrive(sender, good, chosen.messages, chosen.pause)
                print(_line("hostile", beside), flush=True)
        finally:
            good.close()
            for endpoint in hostile:
                endpoint.close()
    p99 = [statistics.quantiles(found, n=100, method="inclusive")[98] for found in (quiet, beside)]
    print(
        f"hostile ÷ quiet: p50 {statistics.median(beside) / statistics.median(quiet):.1f}, "
        f"p99 {p99[1] / p99[0]:.1f} (goal: at most 2)"
    )


if __name__ == "__main__":
    main()
