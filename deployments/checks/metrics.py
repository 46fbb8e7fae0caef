"""Numbers for Prometheus: jobs, queues, workers, undelivered messages, the message bus, the model host, the disk.

They are asked of the server when they are scraped, at most once in `_FRESH_SECONDS`, however many scrape.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import WorkerFilter, WorkerFilterStatus
from prefect.exceptions import PrefectHTTPStatusError
from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from deployments.checks.message_numbers import Backlogs, bus_numbers, listener_numbers
from deployments.checks.queue_watch import Ask, PoolSlots, standstill
from deployments.checks.watch_numbers import disk_numbers, endpoints, signs_of_life, slots, waits
from deployments.client.dead_letters import count_dead_letters
from deployments.client.overview import count_jobs, read_queues, recent_seconds
from deployments.client.queue_place import usual_slots
from tasks.errors import ContrapontoError
from tasks.inference.client import host_status
from tasks.jobs.document import JobStatus
from tasks.net.host_names import HostNames
from tasks.recovery.survival import Survivors

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Connect = Callable[[], AbstractContextManager[SyncPrefectClient]]

_FRESH_SECONDS = 10.0
_SCRAPE_SECONDS = 30
_MEGABYTE = 1 << 20
_NEWEST = 200
"""Jobs of an operation whose durations are read: one page of the server."""


def registry(
    connect: Connect,
    operations: Sequence[str],
    host: Path | None,
    *,
    backlogs: Backlogs | None = None,
    listeners: Path | None = None,
    home: Path | None = None,
) -> CollectorRegistry:
    """Make what Prometheus scrapes.

    Args:
        connect: Makes a client of the server.
        operations: Those whose jobs are counted.
        host: The socket of the model host, where there is one.
        backlogs: Asks the message bus, where there is one.
        listeners: Where the listeners of messages say that they live.
        home: The folder of all data, whose disk is looked at.
    """
    found = CollectorRegistry(auto_describe=False)
    found.register(_Jobs(connect, operations, host, backlogs, listeners, home))
    return found


def as_text(numbers: CollectorRegistry) -> str:
    """Write the numbers of now in Prometheus' text format."""
    return generate_latest(numbers).decode()


def serve(numbers: CollectorRegistry, *, address: str, port: int, names: Iterable[str] = ()) -> None:
    """Answer scrapes until the process ends; see `listening`."""
    with listening(numbers, address=address, port=port, names=names) as server:
        server.serve_forever()


def listening(
    numbers: CollectorRegistry, *, address: str, port: int, names: Iterable[str] = ()
) -> WSGIServer:
    """Make the server of the numbers: for every program that reaches the port, without credentials.

    Who asks for a host of another name than this machine's and `names` is refused: a page in a browser here could
    read what its own name leads to.

    Raises:
        OSError: the port is taken.
    """
    application = _for(HostNames(names), make_wsgi_app(numbers))
    return make_server(
        address, port, application, server_class=_server_class(address), handler_class=_Handler
    )


def _for(names: HostNames, application: "WSGIApplication") -> "WSGIApplication":
    """Answer who asks by one of these names."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "")
        if not host or host in names:
            return application(environ, start_response)
        start_response("421 Misdirected Request", [("Content-Type", "text/plain; charset=utf-8")])
        sentence = (
            f'These numbers are not those of "{host[:100]}". Ask by address, or add the name to '
            "CONTRAPONTO_SERVER_NAMES.\n"
        )
        return [sentence.encode("utf-8", "replace")]

    return answer


def _server_class(address: str) -> type[WSGIServer]:
    """Of the family of the address; each scrape has a thread, so that none that stops halfway holds up another."""

    class Server(ThreadingMixIn, WSGIServer):
        address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        daemon_threads = True

    return Server


class _Handler(WSGIRequestHandler):
    timeout = _SCRAPE_SECONDS

    def log_message(self, format: str, *args: object) -> None:
        """Scrapes are no news."""


class _Jobs(Collector):
    """Asks the server, and keeps the answer for a while."""

    def __init__(
        self,
        connect: Connect,
        operations: Sequence[str],
        host: Path | None,
        backlogs: Backlogs | None,
        listeners: Path | None,
        home: Path | None,
    ) -> None:
        self._connect = connect
        self._operations = operations
        self._host = host
        self._backlogs = backlogs
        self._listeners = listeners
        self._home = home
        self._lock = threading.Lock()
        self._kept: list[Metric] = []
        self._until = 0.0

    def collect(self) -> Iterator[Metric]:
        """Give the numbers, asked of the server if the last ones are too old."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._kept = self._asked()
                self._until = time.monotonic() + _FRESH_SECONDS
            yield from self._kept

    def _asked(self) -> list[Metric]:
        start = time.monotonic()
        try:
            with self._connect() as client:
                survivors = Survivors()
                found = [*_jobs(client, self._operations, survivors)]
                for what, numbers in _OTHERS.items():
                    with survivors.each(f"The numbers of {what}"):
                        found += numbers(client)
                found.append(
                    _gauge("collect_errors", "Numbers that could not be asked for.", len(survivors.left))
                )
            # Of a server that answers nothing nothing is claimed.
            answers = len(survivors.left) < len(self._operations) + len(_OTHERS)
            found = found if answers else []
        except ContrapontoError:
            found, answers = [], False
        if self._host is not None:
            found += _model_host(self._host)
        if self._backlogs is not None:
            found += bus_numbers(self._backlogs)
        if self._listeners is not None:
            found += listener_numbers(self._listeners)
        if self._home is not None:
            found += disk_numbers(self._home)
        return [
            _gauge("up", "Whether the Prefect server answers.", answers),
            _gauge("collect_seconds", "What asking for these numbers took.", time.monotonic() - start),
            *found,
        ]


def _jobs(client: SyncPrefectClient, operations: Sequence[str], survivors: Survivors) -> Iterator[Metric]:
    jobs = _family("jobs", "Jobs that the server holds.", "operation", "status")
    seconds = _family(
        "job_seconds", "How long jobs took that completed in the last day.", "operation", "quantile"
    )
    for operation in operations:
        with survivors.each(f"The numbers of {operation}"):
            counts = count_jobs(client, operation)
            name = operation.rpartition("/")[2]
            for status in JobStatus:
                jobs.add_metric([name, status], counts[status])
            if marks := recent_seconds(client, operation, most=_NEWEST):
                for quantile, value in zip(("0.5", "0.95"), marks, strict=True):
                    seconds.add_metric([name, quantile], value)
    yield jobs
    yield seconds


def _queues(client: SyncPrefectClient) -> Iterator[Metric]:
    jobs = _family("queue_jobs", "Jobs of a queue that are due, and that run.", "pool", "queue", "status")
    for queue in read_queues(client):
        jobs.add_metric([queue.pool, queue.queue, JobStatus.QUEUED], queue.queued)
        jobs.add_metric([queue.pool, queue.queue, JobStatus.PROCESSING], queue.running)
    yield jobs


def _pools(client: SyncPrefectClient) -> Iterator[Metric]:
    workers = _family("workers", "Workers that listen.", "pool")
    slots = _family("pool_slots", "Jobs that a pool may run at once, where it has a limit.", "pool")
    still = _family(
        "pool_still",
        "Whether jobs of a pool are due, workers listen and slots are free, and none begins.",
        "pool",
    )
    online = WorkerFilter(status=WorkerFilterStatus(any_=["ONLINE"]))
    for pool in client.read_work_pools():
        listening = len(client.read_workers_for_work_pool(pool.name, online))
        workers.add_metric([pool.name], listening)
        if pool.concurrency_limit is not None:
            slots.add_metric([pool.name], pool.concurrency_limit)
        known = PoolSlots(name=pool.name, is_paused=pool.is_paused, concurrency_limit=pool.concurrency_limit)
        stands = listening > 0 and standstill(
            _asking(client), known, usual_slots=usual_slots(pool.name, listening)
        )
        still.add_metric([pool.name], float(bool(stands)))
    yield workers
    yield slots
    yield still


def _asking(client: SyncPrefectClient) -> Ask:
    def ask(path: Any, body: dict[str, Any]) -> httpx.Response:
        try:
            return client.request("POST", path, json=body)
        except PrefectHTTPStatusError as error:
            return error.response

    return ask


def _dead_letters(client: SyncPrefectClient) -> Iterator[Metric]:
    yield _gauge("dead_letters", "Webhook messages that were not delivered.", count_dead_letters(client))


_OTHERS: Mapping[str, Callable[[SyncPrefectClient], Iterator[Metric]]] = {
    "queues": _queues,
    "pools": _pools,
    "dead letters": _dead_letters,
    "waits": waits,
    "slots": slots,
    "signs of life": signs_of_life,
    "endpoints": endpoints,
}


def _model_host(socket: Path) -> Iterator[Metric]:
    status = host_status(socket)
    yield _gauge("model_host_up", "Whether the model host of this machine answers.", status is not None)
    if status is None:
        return
    memory = status.memory_mb + sum(model.memory_mb for model in status.models)
    yield _gauge("model_host_models", "Models that are loaded.", len(status.models))
    yield _gauge("model_host_memory_bytes", "Memory of the host and its models.", memory * _MEGABYTE)
    yield _gauge("model_host_waiting", "Requests in its queues.", status.waiting)
    yield _gauge("model_host_served", "Requests served since its start.", status.served)
    yield _gauge("model_host_errors", "Requests that ended with an error since its start.", status.errors)


def _family(name: str, help_text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"contraponto_{name}", help_text, labels=labels)


def _gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"contraponto_{name}", help_text, value=float(value))
