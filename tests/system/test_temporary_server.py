"""`contraponto run` and its temporary server, as programs."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from blocks.settings import PROJECT_ROOT
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

BEGIN = """
import os, sys
from pathlib import Path
from deployments.local import scratch_server as local
pids = []
fork = local._fork
def noted(*arguments):
    pids.append(fork(*arguments))
    return pids[0]
local._fork = noted
with local.scratch_server(Path(sys.argv[1]), os.environ) as server:
"""


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return {**kept, "CONTRAPONTO_HOME": str(home), "PREFECT_HOME": str(home / "prefect")}


def program(code: str, home: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", BEGIN + code, str(home)],
        cwd=PROJECT_ROOT,
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all: the tables are made once."""
    return tmp_path_factory.mktemp("home")


def test_a_job_uses_the_one_server_that_is_started_for_it(home: Path) -> None:
    command = ["-m", "deployments.cli", "run", "transcribe", "-v", "-p", "youtube_url=missing.wav"]
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=PROJECT_ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr
    assert ended.stderr.startswith("Starting transcribe.\n")
    assert "temporary server on" not in ended.stderr, "Prefect has started one of its own"
    assert "status    failed" in ended.stdout
    assert not (home / "prefect" / "prefect.db").exists()
    assert not list((home / "scratch").iterdir())


def test_it_ends_with_a_process_that_is_killed(home: Path) -> None:
    with program("    server.wait_until_ready(); print(pids[0], flush=True); input()", home) as parent:
        assert parent.stdout is not None
        server = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        wait_until(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)


def test_a_server_that_ends_before_it_answers_is_noticed_at_once_and_its_log_is_shown(home: Path) -> None:
    code = """
    from deployments.processes.service import ServiceError
    try: server.wait_until_ready()
    except ServiceError as error: print(error.message, error.hint)
"""
    broken = "local._serve = lambda *_: 1 / 0\n"
    begin = BEGIN.replace("with local", broken + "with local")
    ended = subprocess.run(
        [sys.executable, "-c", begin + code, str(home)],
        cwd=PROJECT_ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "ended before it answered" in ended.stdout
    assert "ZeroDivisionError" in ended.stdout


def test_only_the_run_itself_may_call_it(home: Path) -> None:
    """Its port is everybody's on this machine."""
    code = """
    import httpx
    server.wait_until_ready()
    asked = f"{server.api_url}/flow_runs/filter"
    owner, _, password = server.auth.partition(":")
    for auth in (None, (owner, "wrong"), (owner, password)):
        print(httpx.post(asked, json={}, auth=auth, trust_env=False).status_code)
"""
    with program(code, home) as ended:
        said, log = ended.communicate(timeout=400)
    assert said.split() == ["401", "401", "200"], log
