"""A real Prometheus: the alert rules by its own tool, and every panel of the dashboard over a stack with jobs."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from blocks.settings import PROJECT_ROOT
from deployments.processes.sockets import free_port
from tests.servers.media import MediaServer
from tests.system.alert_cases import CASES, Case
from tests.system.checkout import Checkout
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

FOLDER = PROJECT_ROOT / "deployments" / "prometheus"
RULES = FOLDER / "alerts.yaml"


@pytest.fixture(scope="session", autouse=True)
def prometheus_wanted() -> None:
    if os.environ.get("CONTRAPONTO_TEST_ENGINE") != "1":
        pytest.skip("needs Prometheus: `make test-engine` installs it and runs this")
    assert shutil.which("promtool"), "not installed; `make test-engine` installs it on Debian"


def promtool(*arguments: str) -> str:
    done = subprocess.run(
        ["promtool", *arguments], capture_output=True, text=True, timeout=120, check=False, cwd=FOLDER
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_prometheus_takes_the_rules_and_the_example() -> None:
    assert f"{len(rules())} rules found" in promtool("check", "rules", str(RULES))
    promtool("check", "config", "prometheus.yaml")


def test_each_rule_fires_when_it_should_and_only_then(tmp_path: Path) -> None:
    assert {case.alert for case in CASES} == {rule["alert"] for rule in rules()}
    tests = [_test(case, fires=fires) for case in CASES for fires in (True, False)]
    file = tmp_path / "tests.yaml"
    content = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    promtool("test", "rules", str(file))


def _test(case: Case, *, fires: bool) -> dict[str, Any]:
    """One of promtool's tests. What it asks is whether the alert fires: the texts are free to change."""
    lines = (case.fires if fires else case.quiet).splitlines()
    series = [line.rpartition("} ") if "} " in line else line.partition(" ") for line in lines]
    asked = f'count by (alertname) (ALERTS{{alertname="{case.alert}", alertstate="firing"}})'
    sample = {"labels": f'{{alertname="{case.alert}"}}', "value": 1}
    return {
        "name": f"{case.alert} {'fires' if fires else 'is quiet'}",
        "interval": "1m",
        "input_series": [
            {"series": f"{name}{end}".strip(), "values": values} for name, end, values in series
        ],
        "promql_expr_test": [
            {"expr": asked, "eval_time": case.at, "exp_samples": [sample] if fires else []},
        ],
    }


DASHBOARD = PROJECT_ROOT / "deployments" / "grafana" / "contraponto.json"
EMPTY: dict[str, str] = {}
"""Panels whose query has no answer here, by title, with the reason."""


@pytest.fixture
def prometheus(checkout: Checkout, tmp_path: Path) -> Iterator[str]:
    """Scrapes the numbers of the stack as the example does, but every three seconds."""
    port = free_port()
    content = yaml.safe_load((FOLDER / "prometheus.yaml").read_text(encoding="utf-8"))
    content["global"] = {"scrape_interval": "3s", "evaluation_interval": "3s"}
    [scrape] = content["scrape_configs"]
    scrape["scrape_timeout"] = "3s"
    scrape["static_configs"] = [{"targets": [f"127.0.0.1:{checkout.settings['CONTRAPONTO_METRICS_PORT']}"]}]
    content["rule_files"] = [str(RULES)]
    file = tmp_path / "prometheus.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    command = [
        "prometheus",
        f"--config.file={file}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT) as running,
    ):
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()


def test_every_panel_of_the_dashboard_has_an_answer(
    checkout: Checkout, web: MediaServer, prometheus: str
) -> None:
    checkout.submit({"youtube_url": web.say("/gone-for-prometheus.wav", b"gone", 404)}).ended()
    checkout.submit({"dry_run": True}, "cleanup").completed()
    wait_until(lambda: bool(_asked(prometheus, "contraponto_up == 1")), what="a scrape", seconds=240)
    # Two scrapes with numbers of their own: what changes in an hour needs both ends.
    wait_until(
        lambda: bool(_asked(prometheus, "count_over_time(contraponto_up[1h]) >= 3")),
        what="three",
        seconds=240,
    )
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    asked = {
        f"{panel['title']}: {target['expr']}": target["expr"]
        for panel in panels
        for target in panel.get("targets", ())
        if panel["title"] not in EMPTY
    }
    # The server is asked for numbers now and then.
    for title, query in asked.items():
        wait_until(partial(_asked, prometheus, query), what=f"an answer to {title}", seconds=240)
    wait_until(lambda: _healths(prometheus) == {"ok"}, what="rules that can all be judged", seconds=240)


def _healths(prometheus: str) -> set[str]:
    groups = httpx.get(f"{prometheus}/api/v1/rules", timeout=30, trust_env=False).json()["data"]["groups"]
    return {rule["health"] for group in groups for rule in group["rules"]}


def _asked(prometheus: str, query: str) -> list[Any]:
    """What Prometheus answers, its variables being what Grafana makes of `All`."""
    for name in ("$pool", "$operation"):
        query = query.replace(name, ".*")
    try:
        answer = httpx.get(f"{prometheus}/api/v1/query", params={"query": query}, timeout=30, trust_env=False)
    except httpx.TransportError:
        return []  # it begins
    assert answer.status_code in (200, 503), f"{query}: {answer.text}"
    return list(answer.json()["data"]["result"]) if answer.is_success else []
