"""The numbers for Prometheus as they are scraped, and every query of the dashboard against them."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.states import Completed, Failed, Running, Scheduled
from prefect.types import DateTime
from prometheus_client import start_http_server
from prometheus_client.parser import text_string_to_metric_families

from blocks.settings import PROJECT_ROOT
from deployments.checks.metrics import as_text, registry
from deployments.processes.service import ServiceError
from tests.servers.model_host import model_host

DASHBOARD = json.loads((PROJECT_ROOT / "deployments/grafana/contraponto.json").read_text(encoding="utf-8"))


@flow(name="measured")
async def measured() -> None:
    """A job of an operation of its own."""


@flow(name="deliver-webhook")
async def deliver() -> None:
    """Makes a run."""


@contextmanager
def connect() -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        yield client


@contextmanager
def no_answer() -> Iterator[SyncPrefectClient]:
    raise ServiceError("It does not answer.")
    yield


@pytest.fixture
def client(home: Path) -> Iterator[SyncPrefectClient]:
    """A server that holds jobs, a pool with a worker, and dead letters of which one was delivered again."""
    with connect() as client:
        client.create_work_pool(WorkPoolCreate(name="measured", type="process", concurrency_limit=2))
        client.send_worker_heartbeat("measured", "one", 60)
        job = client.create_deployment(
            client.create_flow(measured), "measured", work_pool_name="measured", work_queue_name="default"
        )
        letter = client.create_deployment(client.create_flow(deliver), "deliver-webhook")
        _make(client, job, Scheduled())
        _make(client, job, Scheduled(scheduled_time=DateTime.now("UTC").add(days=1)))
        _make(client, job, Running())
        _make(client, job, Running(), Completed())
        _make(client, job, Running(), Failed())
        for tags in ([], [], ["replayed"]):
            client.update_flow_run(_make(client, letter, Failed()), tags=tags)
        try:
            yield client
        finally:
            # Where it is, jobs of other tests would hand their messages to it, and no worker would send them.
            client.delete_deployment(letter)


def _make(client: SyncPrefectClient, deployment: UUID, *states: Any) -> UUID:
    run = client.create_flow_run_from_deployment(deployment, state=states[0])
    for state in states:
        client.set_flow_run_state(run.id, state, force=True)
    return run.id


Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_prometheus_scrapes_and_the_dashboard_asks(client: SyncPrefectClient, tmp_path: Path) -> None:
    with model_host(tmp_path / "host.sock") as host:
        numbers = registry(connect, ["measured"], host.socket)
        server, thread = start_http_server(0, addr="127.0.0.1", registry=numbers)
        try:
            url = f"http://127.0.0.1:{server.server_port}/metrics"
            first, second = (httpx.get(url, trust_env=False, timeout=60).text for _ in range(2))
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
    assert first == second, "the server is not asked at every scrape"
    found = samples(first)

    def value(name: str, **labels: str) -> float:
        return found[f"contraponto_{name}", frozenset(labels.items())]

    statuses = ("queued", "processing", "completed", "failed", "cancelled")
    assert [value("jobs", operation="measured", status=status) for status in statuses] == [1, 1, 1, 1, 0]
    queue = {"pool": "measured", "queue": "default"}
    assert value("queue_jobs", **queue, status="queued") == 1
    assert value("queue_jobs", **queue, status="processing") == 1
    assert value("workers", pool="measured") == 1
    assert value("pool_slots", pool="measured") == 2
    assert value("dead_letters") >= 2
    assert value("up") == value("model_host_up") == 1
    assert value("job_seconds", operation="measured", quantile="0.5") >= 0
    check_dashboard(found)


def check_dashboard(found: Samples) -> None:
    """Every query names what there is: the metric, its labels and, where it names one, the value of a label."""
    queries = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    queries += [entry["definition"] for entry in DASHBOARD["templating"]["list"] if "definition" in entry]
    assert len(queries) > 10
    for query in queries:
        selectors = re.findall(r"(contraponto_\w+)(?:\{([^}]*)\})?", query)
        assert selectors, query
        for name, matchers in selectors:
            labels = [dict(labels) for metric, labels in found if metric == name]
            assert labels, f"{query}: there is no {name}"
            for label, values in re.findall(r'(\w+)=~?"([^"]*)"', matchers):
                for wanted in [] if values.startswith("$") else values.split("|"):
                    assert wanted in [entry.get(label) for entry in labels], f"{query}: {label} {wanted}"
                assert all(label in entry for entry in labels), f"{query}: {name} has no label {label}"
            grouped = re.findall(r"by \(([^)]*)\)", query) + re.findall(r"label_values\(\w+, (\w+)\)", query)
            for label in ", ".join(grouped).split(", ") if grouped else []:
                assert all(label in entry for entry in labels), f"{query}: {name} has no label {label}"


def test_a_server_that_does_not_answer_is_a_number_too() -> None:
    found = samples(as_text(registry(no_answer, ["measured"], None)))
    assert found.pop(("contraponto_up", frozenset())) == 0
    assert [name for name, _ in found] == ["contraponto_collect_seconds"]
