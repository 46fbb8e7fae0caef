"""The production profile on a real stack: credentials everywhere, secrets nowhere, jobs over a server's death."""

import base64
import json
import os
import secrets
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest

from deployments.embedded import valkey
from deployments.processes.service import processes_of
from deployments.processes.sockets import free_port
from tests.servers.media import MediaServer
from tests.system.checkout import Checkout
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

_LONG_SECONDS = 300


@pytest.fixture(scope="module")
def patient() -> Iterator[MediaServer]:
    """A web server whose answers with a `wait` come when it is closed at the latest."""
    server = MediaServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis elsewhere, as production has one."""
    port, password = free_port(), secrets.token_hex(12)
    command = [str(valkey.program()), "--port", str(port), "--requirepass", password, "--save", ""]
    with subprocess.Popen(command, cwd=tmp_path_factory.mktemp("redis"), stdout=subprocess.DEVNULL) as server:
        yield f"redis://:{password}@127.0.0.1:{port}/1"
        server.terminate()


@pytest.fixture(scope="module")
def guarded(
    tmp_path_factory: pytest.TempPathFactory, patient: MediaServer, models_dir: Path, redis_url: str
) -> Iterator[Checkout]:
    """A stack that has made up its credentials, as an init system keeps it: in the foreground."""
    settings = {
        "CONTRAPONTO_REDIS_URL": redis_url,
        "CONTRAPONTO_PROFILE": "production",
        "CONTRAPONTO_LOG_FORMAT": "json",
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
    assert {name for name in after if after[name] != before[name]} == {"server", "postgres"}


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


def test_the_secrets_are_nowhere_to_be_read(guarded: Checkout, redis_url: str) -> None:
    assert guarded.credentials is not None
    password = guarded.credentials[1]
    redis_password = redis_url.partition("@")[0].rpartition(":")[2]
    forms = {password, redis_password, base64.b64encode(":".join(guarded.credentials).encode()).decode()}
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


def test_jobs_log_json(guarded: Checkout, patient: MediaServer) -> None:
    job = guarded.submit({"youtube_url": patient.say("/missing.wav", b"gone", 404)})
    job.ended()
    lines = (guarded.home / "logs" / "worker-gpu.log").read_text().splitlines()
    records = [json.loads(line) for line in lines if line.startswith("{")]
    assert any(record["flow_run_id"] == job.id for record in records if record["name"] == "prefect.flow_runs")
