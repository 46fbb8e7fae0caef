"""A Prefect server with two process pools: one worker starts fresh interpreters, the other asks the launcher."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from deployments.embedded import postgres
from deployments.launcher import RUN_COMMAND, SERVICE
from deployments.processes.environment import PROJECT, Surroundings
from deployments.processes.sockets import free_port
from deployments.server.bootstrap import process_template
from tests.system.checkout import FINAL, tls
from tests.waiting import wait_until

POOLS = ("fresh", "launcher")
FLOWS = ("report", "fail", "leave", "stay", "linger", "take-turns")


@dataclass
class Stage:
    """A server with one deployment of each flow on each pool."""

    directory: Path
    url: str
    environment: dict[str, str]
    deployments: dict[tuple[str, str], str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    service: psutil.Process | None = None

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = httpx.request(
            method, f"{self.url}{path}", json=body, timeout=60, trust_env=False, verify=tls()
        )
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def start(self, *command: str, cwd: Path | None = None) -> subprocess.Popen[bytes]:
        with (self.directory / "log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=cwd or self.directory,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def keep(self, worker: tuple[str, ...]) -> None:
        service = (
            sys.executable,
            "-I",
            "-S",
            "-E",
            str(SERVICE),
            "--socket",
            str(self.directory / "s"),
            "--",
        )
        self.service = psutil.Process(self.start(*service, *worker).pid)

    def submit(self, pool: str, flow: str, *, queue: str = "default", **body: Any) -> "Run":
        deployment = self.deployments[pool, flow]
        run = self.call(
            "POST", f"/deployments/{deployment}/create_flow_run", {"work_queue_name": queue, **body}
        )
        return Run(self, run["id"])

    @property
    def zygote(self) -> psutil.Process:
        assert self.service is not None
        return next(
            child for child in self.service.children() if "deployments.launcher.zygote" in child.cmdline()
        )

    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")


@dataclass(frozen=True)
class Run:
    stage: Stage
    id: str

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.stage.call("GET", f"/flow_runs/{self.id}")["state"]
        return found

    def ended(self) -> tuple[str, str, str]:
        """Type, name and message of the final state."""
        wait_until(lambda: self.state["type"] in FINAL, what=f"the end of {self.id}: {self.state}")
        state = self.state
        return state["type"], state["name"], state["message"] or ""

    def logs(self) -> list[str]:
        body = {"logs": {"flow_run_id": {"any_": [self.id]}}, "sort": "TIMESTAMP_ASC"}
        return [line["message"] for line in self.stage.call("POST", "/logs/filter", body)]

    def events(self) -> set[str]:
        body = {"filter": {"any_resource": {"id": [f"prefect.flow-run.{self.id}"]}}}
        return {event["event"] for event in self.stage.call("POST", "/events/filter", body)["events"]}


@contextmanager
def staged(directory: Path) -> Iterator[Stage]:
    """PostgreSQL, a server and a worker of each kind, for the time of the block."""
    (directory / "pipeline").mkdir()
    shutil.copy(Path(__file__).with_name("launched_flows.py"), directory / "pipeline" / "flows.py")
    (directory / "pipeline" / "__init__.py").touch()
    (directory / "prefect.yaml").write_text(
        'deployments:\n  - {name: report, entrypoint: "pipeline/flows.py:report"}\n'
    )
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    stage = Stage(
        directory,
        url,
        inherited
        | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(PROJECT),
            "PREFECT_HOME": str(directory / "prefect"),
            "PREFECT_API_URL": url,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
            "PYTHONUNBUFFERED": "1",
        },
    )
    prefect = str(Path(sys.executable).with_name("prefect"))
    try:
        surroundings = Surroundings(home=directory)
        database = postgres.service(surroundings)
        pid = stage.start(*database.command, cwd=database.directory).pid
        wait_until(lambda: database.is_ready(pid), what="PostgreSQL")
        stage.environment["PREFECT_API_DATABASE_CONNECTION_URL"] = postgres.database_url(surroundings)
        stage.start(prefect, "server", "start", "--port", str(port), "--no-ui")
        wait_until(lambda: _answers(url), what="the server")
        _prepare(stage)
        worker = (prefect, "worker", "start", "--type", "process", "--pool")
        stage.start(*worker, "fresh")
        stage.keep((*worker, "launcher"))
        wait_until(lambda: "zygote | ready" in stage.log(), what="the zygote")
        yield stage
    finally:
        for process in reversed(stage.processes):
            process.terminate()
            process.wait(60)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ready", timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False


def _prepare(stage: Stage) -> None:
    for pool in POOLS:
        stage.call(
            "POST",
            "/work_pools/",
            {"name": pool, "type": "process", "base_job_template": process_template(RUN_COMMAND)},
        )
        stage.call(
            "POST", f"/work_pools/{pool}/queues", {"name": "one", "concurrency_limit": 1, "priority": 5}
        )
        for flow in FLOWS:
            found = stage.call("POST", "/flows/", {"name": flow})
            deployment = stage.call(
                "POST",
                "/deployments/",
                {
                    "name": f"{flow}-{pool}",
                    "flow_id": found["id"],
                    "work_pool_name": pool,
                    "entrypoint": f"pipeline/flows.py:{flow.replace('-', '_')}",
                    "pull_steps": [
                        {
                            "prefect.deployments.steps.set_working_directory": {
                                "directory": str(stage.directory)
                            }
                        }
                    ],
                },
            )
            stage.deployments[pool, flow] = deployment["id"]
