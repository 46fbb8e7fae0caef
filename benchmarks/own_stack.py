"""An embedded stack in a copy of the project, with further workers beside those that it has."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil

from deployments.embedded.supervisor import Supervisor

PROJECT = Path(__file__).parents[1]
_FOLDERS = ("flows", "tasks", "blocks", "deployments", "benchmarks")
_FILES = ("prefect.yaml", "pyproject.toml")
FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
_POLL_SECONDS = 0.1
_PREFECT = str(Path(sys.executable).with_name("prefect"))


@dataclass
class OwnStack:
    """Its server, and what was started beside it."""

    directory: Path
    environment: dict[str, str]
    _client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60, trust_env=False))
    _deployments: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where its API answers; known once it is up."""
        line = next(
            line for line in (self.directory / "prefect.toml").read_text().splitlines() if "url" in line
        )
        return line.split('"')[1]

    def contraponto(self, *arguments: str) -> None:
        """Run a command of the product in the copy."""
        subprocess.run(
            [sys.executable, "-m", "deployments.cli.app", *arguments],
            cwd=self.directory,
            env=self.environment,
            check=True,
            timeout=600,
        )

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer of the server to one request."""
        answer = self._client.request(method, f"{self.url}{path}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    @contextmanager
    def stock_worker(self, pool: str, *, limit: int, query_seconds: float | None = None) -> Iterator[None]:
        """A pool as Prefect makes it, and `prefect worker start` on it: no command, no launcher, no model host."""
        template = self.call("GET", "/collections/views/aggregate-worker-metadata")["prefect"]["process"]
        self.call(
            "POST",
            "/work_pools/",
            {
                "name": pool,
                "type": "process",
                "base_job_template": template["default_base_job_configuration"],
            },
        )
        query = {} if query_seconds is None else {"PREFECT_WORKER_QUERY_SECONDS": str(query_seconds)}
        with (self.directory / f"{pool}.log").open("wb") as log:
            worker = subprocess.Popen(
                [_PREFECT, "worker", "start", "--pool", pool, "--type", "process", "--limit", str(limit)],
                cwd=self.directory,
                env={
                    **self.environment,
                    "PREFECT_API_URL": self.url,
                    "PREFECT_HOME": str(self.directory / ".contraponto" / "prefect"),
                    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
                    "CONTRAPONTO_MODEL_HOST": "off",
                    **query,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            try:
                self._wait_for_worker(pool)
                yield
            finally:
                worker.terminate()
                worker.wait(60)

    @contextmanager
    def workers_asleep(self) -> Iterator[None]:
        """Meanwhile the stack's own workers stand still, and cost nothing."""
        states = Supervisor(self.directory / ".contraponto").states()
        services = [
            psutil.Process(state.pid)
            for name, state in states.items()
            if name.startswith("worker-") and state.pid is not None
        ]
        processes = [each for service in services for each in (service, *service.children(recursive=True))]
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                process.resume()

    def _wait_for_worker(self, pool: str) -> None:
        deadline = time.monotonic() + 120
        while not self.call("POST", f"/work_pools/{pool}/workers/filter", {}):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no worker of {pool} within two minutes")
            time.sleep(_POLL_SECONDS)

    def deployment(self, pool: str, entrypoint: str, *, tags: Sequence[str] = ()) -> str:
        """The deployment of a flow on a pool, made when it is first asked for."""
        known = self._deployments.get((pool, entrypoint))
        if known is None:
            name = entrypoint.partition(":")[2]
            flow = self.call("POST", "/flows/", {"name": name.replace("_", "-")})
            step = {"prefect.deployments.steps.set_working_directory": {"directory": str(self.directory)}}
            known = self.call(
                "POST",
                "/deployments/",
                {
                    "name": f"bench-{pool}",
                    "flow_id": flow["id"],
                    "work_pool_name": pool,
                    "entrypoint": entrypoint,
                    "pull_steps": [step],
                    "tags": list(tags),
                },
            )["id"]
            self._deployments[pool, entrypoint] = known
        return known

    def submit(self, pool: str, entrypoint: str, parameters: Mapping[str, Any]) -> str:
        """A new run's id."""
        path = f"/deployments/{self.deployment(pool, entrypoint)}/create_flow_run"
        return str(self.call("POST", path, {"parameters": parameters})["id"])

    def run(self, run_id: str) -> dict[str, Any]:
        """A run as the server knows it."""
        found: dict[str, Any] = self.call("GET", f"/flow_runs/{run_id}")
        return found

    def ended(self, run_id: str, *, seconds: float = 300) -> dict[str, Any]:
        """A run that has ended, once it has."""
        deadline = time.monotonic() + seconds
        while (found := self.run(run_id))["state_type"] not in FINAL:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the run {run_id} has not ended within {seconds:g} s: {found['state']}")
            time.sleep(_POLL_SECONDS)
        return found

    def completed(self, run_id: str) -> dict[str, Any]:
        """A run that has ended well."""
        found = self.ended(run_id)
        if found["state_type"] != "COMPLETED":
            raise RuntimeError(f"the run {run_id} ended as {found['state']}")
        return found


@contextmanager
def own_stack(change: Callable[[Path], None] | None = None, /, **settings: str) -> Iterator[OwnStack]:
    """A stack that is up, in a copy of the project that goes away with it, and that was changed so before."""
    # What a shell starts in the background ignores SIGINT, which workers end by: they turn SIGTERM into it.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with TemporaryDirectory(prefix="bench-") as temporary:
        directory = Path(temporary).resolve()
        for name in _FOLDERS:
            shutil.copytree(PROJECT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in _FILES:
            shutil.copy(PROJECT / name, directory)
        if change is not None:
            change(directory)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        models = inherited.get("CONTRAPONTO_MODELS_DIR") or str(PROJECT / ".contraponto" / "models")
        stack = OwnStack(
            directory,
            inherited
            | {
                "PYTHONPATH": str(directory),
                "PATH": os.pathsep.join(
                    [str(Path(sys.executable).parent), inherited.get("PATH", os.defpath)]
                ),
                "CONTRAPONTO_HOME": str(directory / ".contraponto"),
                "CONTRAPONTO_MODELS_DIR": models,
                "DO_NOT_TRACK": "1",
                **settings,
            },
        )
        try:
            stack.contraponto("up")
            yield stack
        finally:
            stack.contraponto("down")
