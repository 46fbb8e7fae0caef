"""A second checkout of the project with a stack of its own, and its jobs as a caller sees them."""

import functools
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from deployments.embedded.supervisor import ServiceState, Supervisor
from deployments.processes.environment import PROJECT
from tests.waiting import wait_until

FOLDERS = ("flows", "tasks", "blocks", "deployments")
FILES = ("prefect.yaml", "pyproject.toml")
STARTING = {"SCHEDULED", "PENDING"}
FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@dataclass(frozen=True)
class Checkout:
    """A copy of the project with the command line in it."""

    directory: Path
    settings: dict[str, str] = field(default_factory=dict)
    """Environment of its stack and commands."""
    credentials: tuple[str, str] | None = None
    """User and password of its server, if it wants any."""

    @classmethod
    def copy(
        cls, directory: Path, settings: dict[str, str], credentials: tuple[str, str] | None = None
    ) -> "Checkout":
        """A copy of this project in a directory."""
        for name in FOLDERS:
            shutil.copytree(
                PROJECT / name, directory / name
            )  # what is compiled stays so: times are copied, too
        for name in FILES:
            shutil.copy(PROJECT / name, directory)
        return cls(directory, settings, credentials)

    @property
    def home(self) -> Path:
        return self.directory / ".contraponto"

    @property
    def environment(self) -> dict[str, str]:
        """Of everything that runs in the checkout: the machine's, without what concerns other stacks."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        inherited.pop("CONTRAPONTO_HOME", None)
        return inherited | self.settings

    def contraponto(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command; fail unless it ends with `code`."""
        return self._run(
            [sys.executable, "-m", "deployments.cli.app", *arguments],
            self.environment
            | {
                "PYTHONPATH": os.pathsep.join(
                    filter(None, [str(self.directory), self.settings.get("PYTHONPATH")])
                )
            },
            code,
        )

    def prefect(self, *arguments: str) -> str:
        """What Prefect's own command line prints in the checkout."""
        program = str(Path(sys.executable).with_name("prefect"))
        return self._run([program, *arguments], self.environment, 0).stdout

    def _run(
        self, command: list[str], environment: dict[str, str], code: int
    ) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            command,
            cwd=self.directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert result.returncode == code, f"{command}: {result.returncode}\n{result.stdout}\n{result.stderr}"
        return result

    def pids(self) -> dict[str, int]:
        """The process of each service that runs, as the supervisor knows it."""
        return {name: state.pid for name, state in self._services().items() if state.pid is not None}

    @property
    def address(self) -> str:
        """Of the server."""
        return f"http://127.0.0.1:{self._services()['server'].port}"

    def _services(self) -> dict[str, ServiceState]:
        return Supervisor(self.home).states()

    def api(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """One request to the server."""
        return httpx.request(
            method,
            f"{self.address}/api{path}",
            json=body,
            auth=self.credentials,
            timeout=60,
            trust_env=False,
            verify=tls(),
        )

    def processes(self) -> list[str]:
        """Every process that mentions the checkout in its command, environment or directory."""
        return [
            f"{process.pid} {' '.join(process.cmdline())}"
            for process, traces in _traces()
            if any(str(self.directory) in trace for trace in traces)
        ]

    def deployment_id(self, name: str) -> str:
        return str(self.api("GET", f"/deployments/name/{name}/{name}").json()["id"])

    def submit(self, body: dict[str, Any], deployment: str = "transcribe") -> "Job":
        """Submit a job as a program does: its parameters are the JSON body."""
        answer = self.api(
            "POST", f"/deployments/{self.deployment_id(deployment)}/create_flow_run", {"parameters": body}
        )
        assert answer.status_code == 201, answer.text
        return Job(self, answer.json()["id"])


@functools.cache
def tls() -> ssl.SSLContext:
    """For every request: each would read all authorities, 25 ms, and tests ask five times a second."""
    return httpx.create_ssl_context()


@dataclass(frozen=True)
class Job:
    """A job of the checkout's server."""

    checkout: Checkout
    id: str

    @property
    def run(self) -> dict[str, Any]:
        """The flow run."""
        found: dict[str, Any] = self.checkout.api("GET", f"/flow_runs/{self.id}").json()
        return found

    def artifacts(self) -> dict[str, Any]:
        """Data of each artifact by its key."""
        body = {"artifacts": {"flow_run_id": {"any_": [self.id]}}}
        return {
            found["key"]: found["data"]
            for found in self.checkout.api("POST", "/artifacts/filter", body).json()
        }

    @property
    def document(self) -> dict[str, Any]:
        """The job document; empty until there is one."""
        found: dict[str, Any] = self.artifacts().get("result") or {}
        return found

    def stage(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.document.get("stages", {}).get(name, {})
        return found

    def wait_until(self, condition: Callable[[], bool], *, what: str, seconds: float = 180) -> None:
        """Wait for something about this job; fail with what is known of it."""
        try:
            wait_until(condition, what=what, seconds=seconds)
        except TimeoutError as error:
            raise AssertionError(f"{error}; {self.run['state']}, {self.document}") from None

    def ended(self, seconds: float = 300) -> dict[str, Any]:
        """Wait for the end; the job document. A run that was killed has not ended: it is started once more."""
        self.wait_until(
            lambda: self.run["state_type"] in FINAL and bool(self.document.get("completed_at")),
            what="the end of the job",
            seconds=seconds,
        )
        return self.document

    def completed(self, seconds: float = 300) -> dict[str, Any]:
        document = self.ended(seconds)
        assert document.get("status") == "completed", f"{self.run['state']}, {document}"
        return document

    def cached(self) -> list[str]:
        """Names of the stages whose work had been done before."""
        return [name for name, stage in self.document["stages"].items() if stage["cached"]]

    def process(self) -> psutil.Process:
        """The process that the job runs in."""
        wanted = f"PREFECT__FLOW_RUN_ID={self.id}"
        found = [
            process
            for process, traces in _traces()
            if wanted in traces and "prefect.engine" in " ".join(process.cmdline())
        ]
        assert found, f"no process runs the job {self.id}"
        return min(found, key=lambda process: process.create_time())


def _traces() -> Iterator[tuple[psutil.Process, list[str]]]:
    """Every process that may be looked at, with its arguments, environment and directory."""
    for process in psutil.process_iter():
        try:
            environment = [f"{name}={value}" for name, value in process.environ().items()]
            traces = [*process.cmdline(), *environment, process.cwd()]
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
        yield process, traces
