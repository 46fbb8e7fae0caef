"""Runs that a Prefect server has stored and can tell nobody of."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient

from blocks.settings import PROJECT_ROOT
from deployments.processes.sockets import free_port
from tests.waiting import wait_until


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = {"a": value}
    return value


def submit_poison(client: SyncPrefectClient, deployment: UUID, **others: Any) -> UUID:
    """Stores a run that a plain server cannot tell of. It says neither yes nor no to it."""
    key = f"poison-{os.urandom(8).hex()}"
    body = {"parameters": {"metadata": nested(300), **others}, "name": key}
    with plain(client) as raw:
        raw.post(f"/deployments/{deployment}/create_flow_run", content=json.dumps(body))
        found = raw.post("/ui/flow_runs/history", json={"flow_runs": {"name": {"any_": [key]}}}).json()
    return UUID(found[0]["id"])


@contextmanager
def plain(client: SyncPrefectClient) -> Iterator[httpx.Client]:
    """The same server, asked without Prefect."""
    with httpx.Client(
        base_url=str(client.api_url),
        timeout=30,
        headers={"Content-Type": "application/json", "Connection": "close"},
    ) as raw:
        yield raw


class ServedApplication:
    """The server as the project serves it, with a database that tests write to."""

    def __init__(self, home: Path) -> None:
        self._database = home / "prefect.db"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/api"
        variables = {
            "PREFECT_HOME": str(home),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{self._database}",
            "PYTHONPATH": str(PROJECT_ROOT),
        }
        self._log = home / "server.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "deployments.embedded.serve",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    str(port),
                ],
                env={name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
                | variables,
                cwd=home,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait(self) -> None:
        wait_until(self._answers, what="the server", seconds=120)

    def store(self, run: UUID, parameters: str) -> None:
        """Writes into the database what no front door lets through."""
        with sqlite3.connect(self._database, timeout=60) as database:
            changed = database.execute(
                "UPDATE flow_run SET parameters = ? WHERE replace(id, '-', '') = ?", (parameters, run.hex)
            )
            assert changed.rowcount == 1
        database.close()

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log()
        try:
            return httpx.get(f"{self.url}/ready", timeout=5, trust_env=False).is_success
        except httpx.TransportError:
            return False
