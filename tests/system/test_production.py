"""The production profile on a real stack: credentials everywhere, secrets nowhere, jobs over a server's death.

Two processes of the server answer, and what they share lies in a Redis elsewhere.
"""

import base64
import json
import os
import secrets
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from deployments.embedded.server import answers_itself
from deployments.processes.log_lines import OPTIONAL, REQUIRED
from deployments.processes.pulse import BACKGROUND, has_said
from deployments.processes.service import processes_of
from deployments.processes.sockets import free_port
from tests.material import film
from tests.servers.media import MediaServer
from tests.servers.valkey import Valkey, running_valkey
from tests.system.checkout import Checkout, Job
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(1200)]

_LONG_SECONDS = 300


@pytest.fixture(scope="module")
def patient() -> Iterator[MediaServer]:
    """A web server whose answers with a `wait` come when it is closed at the latest."""
    server = MediaServer()
    yield server
    server.close()


@dataclass(frozen=True)
class Redis:
    """One elsewhere, as production has it, that keeps nothing on disk."""

    server: Valkey
    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/1"


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    port, password = free_port(), secrets.token_hex(12)
    with running_valkey("--port", str(port), "--save", "", password=password) as server:
        yield Redis(server, port, password)


@pytest.fixture(scope="module")
def guarded(
    tmp_path_factory: pytest.TempPathFactory, patient: MediaServer, models_dir: Path, redis: Redis
) -> Iterator[Checkout]:
    """A stack that has made up its credentials, as an init system keeps it: in the foreground."""
    settings = {
        "CONTRAPONTO_REDIS_URL": redis.url,
        "CONTRAPONTO_API_PROCESSES": "2",
        "CONTRAPONTO_PROFILE": "production",
        "CONTRAPONTO_LOG_FORMAT": "json",
        # Requests, too.
        "PREFECT_LOGGING_SERVER_LEVEL": "INFO",
        "CONTRAPONTO_MODELS_DIR": str(models_dir),
        "CONTRAPONTO_ALLOWED_PRIVATE_HOSTS": f"127.0.0.1:{patient.port}",
    }
    copy = Checkout.copy(tmp_path_factory.mktemp("production"), settings)
    try:
        _interrupt_up(copy)
        with _up(copy, "--foreground") as keeping:
            try:
                wait_until((copy.home / "run" / "prepared").exists, what="the start", seconds=300)
                user, _, password = (copy.home / "api-auth").read_text().strip().partition(":")
                yield replace(copy, credentials=(user, password))
            finally:
                keeping.terminate()
        assert keeping.returncode == 0
        assert copy.processes() == []
    finally:
        copy.contraponto("down")


def _up(checkout: Checkout, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "deployments.cli.app", "up", *options],
        cwd=checkout.directory,
        env=checkout.environment | {"PYTHONPATH": str(checkout.directory)},
        stderr=subprocess.DEVNULL if options else subprocess.PIPE,
        text=True,
    )


def _interrupt_up(checkout: Checkout) -> None:
    """Ctrl-C in the middle of a first start."""
    with _up(checkout) as starting:
        assert starting.stderr is not None
        while "starting server" not in starting.stderr.readline():
            assert starting.poll() is None
        starting.send_signal(signal.SIGINT)
        assert starting.wait(30) == 130


def test_only_those_with_the_credentials_are_answered(guarded: Checkout) -> None:
    count = "/flow_runs/count"
    assert guarded.api("POST", count, {}).status_code == 200
    for credentials in (None, ("contraponto", "wrong"), ("admin", guarded.credentials[1])):  # type: ignore[index]
        stranger = replace(guarded, credentials=credentials)
        assert stranger.api("POST", count, {}).status_code == 401
        assert stranger.api("GET", "/block_documents/filter").status_code == 401
        assert stranger.api("GET", "/ready").status_code == 200, "probes need none"


def test_health_uses_them_and_says_when_they_are_wrong(guarded: Checkout) -> None:
    guarded.contraponto("up")  # all answer, whatever another test has ended
    health = json.loads(guarded.contraponto("health", "--json").stdout)
    assert health["state"] == "healthy", health
    subjects = {check["subject"] for check in health["checks"]}
    assert {
        "server",
        "database",
        "pool cpu",
        "pool gpu",
        "services",
        "redis",
        "media store",
        "record store",
        "ffmpeg",
    } <= subjects
    elsewhere = {
        "PREFECT_API_URL": f"{guarded.address}/api",
        "CONTRAPONTO_API_AUTH": "someone:no-such-password",
    }
    stranger = replace(guarded, settings=guarded.settings | elsewhere)
    refused = stranger.contraponto("health", code=1)
    assert "CONTRAPONTO_API_AUTH" in refused.stderr
    assert (
        "CONTRAPONTO_API_AUTH"
        in stranger.contraponto("status", "0192f0a0-0000-7000-8000-000000000000", code=1).stderr
    )


def test_jobs_and_leases_outlive_server_and_database(guarded: Checkout, patient: MediaServer) -> None:
    limits = "/v2/concurrency_limits"
    assert guarded.api("POST", f"{limits}/", {"name": "slot", "limit": 1}).status_code == 201
    taken = {"names": ["slot"], "slots": 1, "mode": "concurrency", "lease_duration": _LONG_SECONDS}
    lease = guarded.api("POST", f"{limits}/increment-with-lease", taken).json()["lease_id"]
    url = patient.say("/gone.wav", b"gone", 404, wait=_LONG_SECONDS)
    job = guarded.submit({"youtube_url": url})
    job.wait_until(lambda: bool(patient.requests("/gone.wav")), what="the download")
    before, address = guarded.pids(), guarded.address
    for name in ("server", "postgres"):
        os.kill(before[name], signal.SIGKILL)
    wait_until(lambda: _answers(address) and guarded.pids()["server"] != before["server"], what="the restart")
    assert guarded.address == address
    assert job.run["state_type"] == "RUNNING"
    renewed = guarded.api("POST", f"{limits}/leases/{lease}/renew", {"lease_duration": _LONG_SECONDS})
    assert renewed.is_success, renewed.text
    patient.closing.set()
    document = job.ended()
    assert (document["status"], document["error_code"]) == ("failed", "source_not_found")
    after = guarded.pids()
    changed = {name for name in after if after[name] != before[name]}
    # What is of the server may have ended while the database was away.
    assert {"server", "postgres"} <= changed <= {"server", "postgres", "server-2", "services"}


_CALLERS, _EACH = 4, 10


def test_a_process_of_the_server_that_is_killed_is_missed_by_nobody_and_comes_back(guarded: Checkout) -> None:
    """Callers send again, with their keys, what a lost connection may have lost."""
    guarded.contraponto("up")  # all answer
    before, port = guarded.pids(), int(guarded.address.rpartition(":")[2])
    path = f"{guarded.address}/api/deployments/{guarded.deployment_id('cleanup')}/create_flow_run"
    killed = ("server-2", "services")

    def submit(caller: int) -> dict[str, str]:
        jobs = {}
        for number in range(_EACH):
            if (caller, number) == (0, 2):
                for name in killed:
                    os.kill(before[name], signal.SIGKILL)
            key = f"killed-{caller}-{number}"
            jobs[key] = _submitted(guarded, path, key)
        return jobs

    with ThreadPoolExecutor(_CALLERS) as pool:
        jobs = {key: job for found in pool.map(submit, range(_CALLERS)) for key, job in found.items()}
    assert len(set(jobs.values())) == len(jobs) == _CALLERS * _EACH
    mine = {"flow_runs": {"idempotency_key": {"any_": list(jobs)}}}
    assert guarded.api("POST", "/flow_runs/count", mine).json() == len(jobs)
    done = {"flow_runs": {**mine["flow_runs"], "state": {"type": {"any_": ["COMPLETED"]}}}}
    wait_until(
        lambda: guarded.api("POST", "/flow_runs/count", done).json() == len(jobs),
        what="the jobs",
        seconds=400,
    )
    wait_until(
        lambda: all(guarded.pids().get(name) not in (before[name], None) for name in killed),
        what="new processes",
        seconds=60,
    )
    after = guarded.pids()
    assert {name for name in after if after[name] != before[name]} == set(killed)
    wait_until(lambda: answers_itself(after["server-2"], port), what="the second process", seconds=120)
    wait_until(
        lambda: has_said(guarded.home / BACKGROUND, after["services"]), what="the background", seconds=120
    )


_AWAY_SECONDS = 15


def test_jobs_outlive_a_redis_that_comes_back_empty(
    guarded: Checkout, redis: Redis, patient: MediaServer, tmp_path: Path
) -> None:
    """Leases, messages between the processes, and what waits for a webhook are gone with it."""
    guarded.contraponto("up")  # all answer
    path = f"{guarded.address}/api/deployments/{guarded.deployment_id('cleanup')}/create_flow_run"
    footage = film(tmp_path / "film.mp4").read_bytes()
    slow = patient.say(
        "/slow.mp4", footage, content_type="video/mp4", drip=(-(-len(footage) // _AWAY_SECONDS), 2.0)
    )
    hook = patient.say("/ended", content_type=None)
    job = guarded.submit({"url_video": slow, "webhook_url": hook}, "thumbnail")
    job.wait_until(lambda: bool(patient.requests("/slow.mp4", "GET")), what="the download")
    redis.server.kill()
    with ThreadPoolExecutor(1) as pool:
        meanwhile = pool.submit(_submitted, guarded, path, "redis-away")
        time.sleep(_AWAY_SECONDS)
        redis.server.start()
        others = [
            meanwhile.result(),
            *(_submitted(guarded, path, f"redis-back-{number}") for number in range(3)),
        ]
    assert job.completed()["result"]["file"]
    for other in others:
        Job(guarded, other).completed()
    wait_until(lambda: patient.requests("/ended", "POST"), what="the webhook", seconds=120)
    assert len(patient.requests("/ended", "POST")) == 1
    health = json.loads(guarded.contraponto("health", "--json").stdout)
    assert health["state"] == "healthy", health
    [schedule] = guarded.api("GET", f"/deployments/{guarded.deployment_id('cleanup')}/schedules").json()
    assert schedule["active"], schedule


def _submitted(checkout: Checkout, path: str, key: str) -> str:
    body = {"parameters": {"dry_run": True}, "idempotency_key": key}
    deadline = time.monotonic() + 60
    while True:
        try:
            answer = httpx.post(path, json=body, auth=checkout.credentials, timeout=60, trust_env=False)
            if answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                assert answer.is_success, answer.text
                return str(answer.json()["id"])
            why = answer.text
        except httpx.TransportError as error:
            why = repr(error)
        assert time.monotonic() < deadline, why
        time.sleep(0.1)


def test_in_the_foreground_all_comes_back_after_the_supervisor_was_killed(guarded: Checkout) -> None:
    before, address = guarded.pids(), guarded.address
    [supervisor] = {psutil.Process(pid).ppid() for pid in before.values()}
    os.kill(supervisor, signal.SIGKILL)
    wait_until(
        lambda: (
            set(guarded.pids()) == set(before) and not set(guarded.pids().values()) & set(before.values())
        ),
        what="the services",
        seconds=120,
    )
    guarded.contraponto("up")
    assert guarded.address == address
    assert json.loads(guarded.contraponto("health", "--json").stdout)["state"] == "healthy"


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/api/ready", timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False


def test_the_secrets_are_nowhere_to_be_read(guarded: Checkout, redis: Redis) -> None:
    assert guarded.credentials is not None
    password = guarded.credentials[1]
    forms = {password, redis.password, base64.b64encode(":".join(guarded.credentials).encode()).decode()}
    assert stat.S_IMODE((guarded.home / "api-auth").stat().st_mode) == 0o600
    shown = [" ".join(process.cmdline()) for process in processes_of(guarded.home)]
    assert len(shown) > len(guarded.pids())
    shown += [path.read_text(errors="replace") for path in (guarded.home / "logs").glob("*.log*")]
    shown.append(guarded.contraponto("doctor", "--json").stdout)
    shown.append((guarded.directory / "prefect.toml").read_text())
    shown += [
        guarded.api("POST", f"/{kind}/filter", {}).text
        for kind in ("artifacts", "logs", "flow_runs", "deployments", "work_pools")
    ]
    assert not [text for text in shown if any(form in text for form in forms)]
    # On disk it lies in files that only the owner reads.
    for path in (guarded.home / "run").rglob("*"):
        if path.is_file() and any(form in path.read_text(errors="replace") for form in forms):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_every_line_of_every_log_is_an_object(guarded: Checkout, patient: MediaServer) -> None:
    job = guarded.submit(
        {"youtube_url": patient.say("/missing.wav", b"gone", 404), "id_roteiro": "pedido-42"}
    )
    job.ended()
    parameters = {"parameters": {"url": 7}}  # a form that the server refuses, in a request that it logs
    assert guarded.api(
        "POST", f"/deployments/{guarded.deployment_id('transcribe')}/create_flow_run", parameters
    )
    logs = {path.stem: path for path in (guarded.home / "logs").glob("*.log")}
    services = {"postgres", "server", "server-2", "services", "model-host", "worker-cpu", "worker-gpu"}
    assert logs.keys() >= services | {"worker-webhooks", "worker-conversations", "listener", "supervisord"}

    def records() -> dict[str, list[dict[str, Any]]]:
        return {
            # The last line may not be whole yet.
            name: [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
            for name, path in logs.items()
        }

    def of_the_job() -> list[dict[str, Any]]:
        return [each for each in records()["worker-gpu"] if each.get("flow_run_id") == job.id]

    wait_until(
        lambda: any(
            "Finished in state" in each["message"] and each["logger"] == "prefect.flow_runs"
            for each in of_the_job()
        ),
        what="its lines",
        seconds=60,
    )
    for name, found in records().items():
        assert found, name
        for each in found:
            assert set(REQUIRED) <= set(each) <= {*REQUIRED, *OPTIONAL}, each
            assert datetime.fromisoformat(each["time"]).tzinfo == UTC
            assert each["level"] in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), each
    loggers = {name: {each["logger"] for each in found} for name, found in records().items()}
    assert loggers["supervisord"] == {"supervisord"}
    assert loggers["postgres"] == {"postgres"}
    assert loggers["server"] >= {"server", "uvicorn.access"}, "what it prints, and requests"
    assert loggers["worker-gpu"] >= {"worker-gpu", "contraponto.zygote", "prefect.flow_runs"}
    assert {each["flow_run_name"] for each in of_the_job() if each["logger"] == "prefect.flow_runs"}
    assert [each for each in of_the_job() if "task_run_id" in each]
    assert [each for each in of_the_job() if each.get("correlation_id") == "pedido-42"]
