"""A later Prefect takes over what an earlier one has in its tables and has at work: nothing is lost or done twice."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deployments.processes.sockets import free_port
from tests.material import film
from tests.servers.media import MediaServer
from tests.system.checkout import Checkout, Job
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.engine, pytest.mark.timeout(900)]

EARLIER = "3.8.5"
"""Two migrations before the one that is installed, and still a Prefect that our code runs on."""
_PIECES, _BETWEEN = 60, 2.0
"""The film of the job in flight comes in so many pieces, with so many seconds between them."""
_SUBMIT_SECONDS = 180


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder whose Prefect, the earlier one, is found before the installed one."""
    if os.environ.get("CONTRAPONTO_TEST_ENGINE") != "1":
        pytest.skip("fetches an earlier Prefect: `make test-engine` runs it")
    install(EARLIER, tmp_path / "packages")
    return tmp_path / "packages"


def install(prefect: str, packages: Path) -> None:
    """Replaces what is there, whoever uses it, as an upgrade of the environment does."""
    for earlier in packages.glob("prefect-*.dist-info"):  # which pip leaves in such a folder
        shutil.rmtree(earlier)
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--upgrade",
        "--target",
        str(packages),
    ]
    subprocess.run([*command, f"prefect=={prefect}"], check=True, timeout=300, stdin=subprocess.DEVNULL)


@pytest.fixture
def stack(packages: Path, tmp_path: Path, web: MediaServer, models_dir: Path) -> Iterator[Checkout]:
    """With two processes of the server."""
    settings = {
        "PYTHONPATH": str(packages),
        "CONTRAPONTO_MODELS_DIR": str(models_dir),
        "CONTRAPONTO_ALLOWED_PRIVATE_HOSTS": f"127.0.0.1:{web.port}",
        "CONTRAPONTO_METRICS_PORT": str(free_port()),
        "CONTRAPONTO_API_PROCESSES": "2",
    }
    (tmp_path / "checkout").mkdir()
    copy = Checkout.copy(tmp_path / "checkout", settings)
    try:
        copy.contraponto("up")
        yield copy
    finally:
        copy.contraponto("down")


@contextmanager
def submits(checkout: Checkout) -> Iterator[dict[str, str]]:
    """Meanwhile somebody submits jobs, one after the other, each until it is taken: the jobs by their keys."""
    copywriting = checkout.api("GET", "/deployments/name/promote/viral-copy-only").json()["id"]
    path = f"{checkout.address}/api/deployments/{copywriting}/create_flow_run"
    taken: dict[str, str] = {}
    enough = threading.Event()

    def submit() -> None:
        prefix = uuid4().hex
        for number in count():
            if enough.is_set():
                return
            body = {
                "parameters": {"product": {"name": f"Café {number}"}},
                "idempotency_key": f"{prefix}-{number}",
            }
            wait_until(lambda body=body: send(body), what="a server that answers", seconds=_SUBMIT_SECONDS)  # type: ignore[misc]
            enough.wait(2)

    def send(body: dict[str, Any]) -> bool:
        try:
            answer = httpx.post(path, json=body, timeout=30, trust_env=False)
        except httpx.TransportError:
            return False
        if answer.status_code in (200, 201):
            taken[body["idempotency_key"]] = answer.json()["id"]
        return answer.status_code in (200, 201)

    with ThreadPoolExecutor(1) as pool:
        submitting = pool.submit(submit)
        try:
            yield taken
        finally:
            enough.set()
            submitting.result()


def answering_version(checkout: Checkout) -> str:
    return str(checkout.api("GET", "/admin/version").json())


def test_an_upgrade_of_prefect_during_jobs_loses_and_doubles_nothing(
    stack: Checkout, packages: Path, web: MediaServer, tmp_path: Path
) -> None:
    assert answering_version(stack) == EARLIER
    footage = film(tmp_path / "film.mp4").read_bytes()
    shown = web.say("/upgrade/film.mp4", footage, content_type="video/mp4")

    # What a stack has: a finished job, a message that was refused, a schedule that was paused, a job that waits, one
    # that runs.
    finished = stack.submit(
        {"url_video": shown, "webhook_url": web.say("/upgrade/refused", status=400)}, "thumbnail"
    )
    before = finished.completed()
    wait_until(lambda: dead_letters(stack), what="the dead letter")
    schedules = f"/deployments/{stack.deployment_id('cleanup')}/schedules"
    [schedule] = stack.api("GET", schedules).json()
    assert stack.api("PATCH", f"{schedules}/{schedule['id']}", {"active": False}).is_success
    for _ in range(2):
        web.say(
            "/upgrade/slow.mp4",
            footage,
            content_type="video/mp4",
            drip=(-(-len(footage) // _PIECES), _BETWEEN),
        )
    slow = web.say("/upgrade/slow.mp4", footage, content_type="video/mp4")
    hook = web.say("/upgrade/ended", content_type=None)
    in_flight = stack.submit({"url_video": slow, "webhook_url": hook}, "thumbnail")
    in_flight.wait_until(lambda: bool(web.requests("/upgrade/slow.mp4")), what="the download")
    pool = f"/work_pools/{stack.api('GET', f'/flow_runs/{in_flight.id}').json()['work_pool_name']}"
    assert stack.api("PATCH", pool, {"is_paused": True}).is_success
    waiting = stack.submit(
        {"url_video": shown, "webhook_url": web.say("/upgrade/waited", content_type=None)}, "thumbnail"
    )

    with submits(stack) as taken:
        wait_until(lambda: len(taken) >= 2, what="jobs before the upgrade")
        assert in_flight.run["state_type"] == "RUNNING"
        # As `make up` does where a package is to be replaced.
        stack.contraponto("down")
        install(version("prefect"), packages)
        stack.contraponto("up")
        there = len(taken)
        wait_until(lambda: len(taken) >= there + 2, what="jobs after the upgrade")

    assert answering_version(stack) == version("prefect")
    assert Job(stack, finished.id).document == before
    assert dead_letters(stack)
    assert stack.api("GET", schedules).json()[0]["active"] is False
    assert stack.api("PATCH", pool, {"is_paused": False}).is_success
    assert Job(stack, in_flight.id).completed()["result"]["file"]
    wait_until(lambda: web.requests("/upgrade/ended", "POST"), what="the webhook")
    assert Job(stack, waiting.id).completed()["result"]["file"]
    mine = {"flow_runs": {"idempotency_key": {"any_": list(taken)}}}
    done = {"flow_runs": mine["flow_runs"] | {"state": {"type": {"any_": ["COMPLETED"]}}}}
    wait_until(
        lambda: stack.api("POST", "/flow_runs/count", done).json() == len(taken), what="the submitted jobs"
    )
    assert stack.api("POST", "/flow_runs/count", mine).json() == len(set(taken.values())) == len(taken)
    assert len(web.requests("/upgrade/ended", "POST")) == 1
    assert json.loads(stack.contraponto("health", "--json").stdout)["state"] == "healthy"


def dead_letters(checkout: Checkout) -> list[str]:
    told = checkout.contraponto("dead-letters", "--json").stdout
    return [letter["id"] for letter in json.loads(told)]
