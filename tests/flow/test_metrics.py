"""The numbers for Prometheus as they are scraped, and every query of the dashboard and of the alerts against them."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import yaml
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import (
    DeploymentUpdate,
    GlobalConcurrencyLimitCreate,
    VariableCreate,
    WorkPoolCreate,
)
from prefect.states import Completed, Failed, Pending, Running, Scheduled
from prefect.types import DateTime
from prometheus_client import start_http_server
from prometheus_client.parser import text_string_to_metric_families

from blocks.message_bus import Backlog
from blocks.settings import PROJECT_ROOT
from deployments.checks.metrics import as_text, registry
from deployments.processes.pulse import beat
from deployments.processes.service import ServiceError
from tasks.webhooks.endpoint import TAG, Endpoint
from tests.servers.model_host import model_host

RULES = yaml.safe_load((PROJECT_ROOT / "deployments/prometheus/alerts.yaml").read_text(encoding="utf-8"))
NOBODYS = "nobody:hooks.example"
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
        _make(client, job, Scheduled(scheduled_time=DateTime.now("UTC").subtract(minutes=10)))
        _make(client, job, Scheduled(scheduled_time=DateTime.now("UTC").add(days=1)))
        _make(client, job, Running())
        _make(client, job, Pending())
        _make(client, job, Running(), Completed())
        _make(client, job, Running(), Failed())
        for tags in ([], [], ["replayed"]):
            client.update_flow_run(_make(client, letter, Failed()), tags=tags)
        _hold_slots(client, letter)
        _note_endpoints(client)
        try:
            yield client
        finally:
            # Where it is, jobs of other tests would hand their messages to it, and no worker would send them.
            client.delete_deployment(letter)
            client.delete_global_concurrency_limit_by_name(NOBODYS)
            for number in range(2):
                client.delete_variable_by_name(f"measured_{number}")


def _hold_slots(client: SyncPrefectClient, letter: UUID) -> None:
    """Two of a deployment with one run, and one of whom nobody knows the holder."""
    client.update_deployment(letter, DeploymentUpdate(concurrency_limit=2))
    client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=NOBODYS, limit=1))
    for name, slots in ((f"deployment:{letter}", 2), (NOBODYS, 1)):
        client.increment_concurrency_slots(names=[name], slots=slots, mode="concurrency")
    _make(client, letter, Running())


def _note_endpoints(client: SyncPrefectClient) -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    for number, paused in enumerate((None, "failing")):
        value = Endpoint(url="https://hooks.example", failing_since=since, paused=paused)
        client.create_variable(
            VariableCreate(name=f"measured_{number}", value=value.model_dump(mode="json"), tags=[TAG])
        )


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
        beat(tmp_path / "pulses", well=True, counts={"handled": {"escavador_words": 3}})
        numbers = registry(
            connect,
            ["measured", "process-documents"],
            host.socket,
            backlogs=lambda: [Backlog("escavador_words", "contraponto", 4, 2, 1, 1, 7.5)],
            listeners=tmp_path / "pulses",
            home=tmp_path,
        )
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
    assert [value("jobs", operation="measured", status=status) for status in statuses] == [2, 1, 1, 1, 0]
    queue = {"pool": "measured", "queue": "default"}
    assert value("queue_jobs", **queue, status="queued") == 2
    assert value("queue_jobs", **queue, status="processing") == 1
    assert value("workers", pool="measured") == 1
    assert value("pool_slots", pool="measured") == 2
    assert value("dead_letters") >= 2
    assert value("up") == value("model_host_up") == 1
    assert value("job_seconds", operation="measured", quantile="0.5") >= 0
    stream = {"stream": "escavador_words", "group": "contraponto"}
    assert [value("messages", **stream, status=status) for status in ("waiting", "pending", "dead")] == [
        4,
        2,
        1,
    ]
    assert value("messages_oldest_seconds", **stream) == 7.5
    assert value("message_bus_up") == value("message_consumers", **stream) == 1
    assert value("pool_oldest_due_seconds", pool="measured") >= 600
    assert 0 < value("pool_longest_seconds", pool="measured", status="running") < 600
    assert 0 < value("pool_longest_seconds", pool="measured", status="pending") < 600
    assert value("slots_without_a_run", limit="deployment") == 1, "two are held, one run is there"
    assert value("slots_without_a_run", limit="nobody") == 0, "there are runs that may hold it"
    assert value("last_event_seconds") <= 3600
    assert 0 <= value("end_jobs_seconds") <= 3600, "other tests may have let it run here"
    assert (value("endpoints", state="failing"), value("endpoints", state="paused")) == (1, 1)
    assert 0 < value("home_free_bytes") < value("home_size_bytes")
    assert value("collect_errors") == 0
    host_name = socket.gethostname()
    assert value("listener_up", host=host_name) == 1
    assert value("messages_handled_total", host=host_name, stream="escavador_words") == 3
    check_queries(found)


def check_queries(found: Samples) -> None:
    """Every query of dashboard and rules names what there is: the metric, its labels, and the value of a label."""
    queries = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]
    rules = [rule["expr"] for group in RULES["groups"] for rule in group["rules"]]
    # `up` and `ALERTS` are Prometheus' own.
    queries = [query for query in queries + rules if "contraponto_" in query]
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
