"""Who is told the numbers: a real exporter, asked by the names that a browser would send."""

import threading
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client import CollectorRegistry, Gauge

from deployments.checks.metrics import listening


@pytest.fixture(scope="module")
def exporter() -> Iterator[str]:
    numbers = CollectorRegistry()
    Gauge("one", "A number.", registry=numbers).set(1)
    with listening(numbers, address="127.0.0.1", port=0, names=["metrics"]) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/metrics"
        server.shutdown()
        thread.join(30)


def asked(exporter: str, host: str) -> httpx.Response:
    return httpx.get(exporter, headers={"Host": host}, trust_env=False, timeout=30)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:9464", "localhost:9464", "[::1]:9464", "10.1.2.3", "metrics:9464"]
)
def test_prometheus_is_answered(exporter: str, host: str) -> None:
    answer = asked(exporter, host)
    assert answer.status_code == 200
    assert "one 1.0" in answer.text


@pytest.mark.parametrize("host", ["attacker.example", "127.0.0.1.attacker.example:9464", "metrics.example"])
def test_a_page_whose_name_leads_here_is_not(exporter: str, host: str) -> None:
    answer = asked(exporter, host)
    assert answer.status_code == 421
    assert "one" not in answer.text.split()
    assert "CONTRAPONTO_SERVER_NAMES" in answer.text
