"""A real Directus for tests, where one was installed (`make test-directus`): the counterpart of the fake beside it.

It has a PostgreSQL of its own. It is slow to begin with: its first start makes all of its tables.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy.engine import make_url

from deployments.processes.sockets import free_port
from tests.servers.directus import TOKEN
from tests.servers.postgres import running_postgres
from tests.waiting import wait_until

FOLDER = "CONTRAPONTO_TEST_DIRECTUS"
"""The variable that names the folder in which `tests/servers/directus_packages.sh` has installed it."""
_NUMBERS, _LISTS = {"sort"}, {"clausulas"}
_FIELDS = (
    *("titulo", "observacao", "status", "versao", "alteracao", "nota_analista"),
    *sorted(_NUMBERS | _LISTS),
)
_START_SECONDS = 600


class RealDirectus:
    """One that runs, as its administrator sees it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._made: list[str] = []
        self._client = httpx.Client(
            base_url=address, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60, trust_env=False
        )

    def make(self, name: str, *fields: str) -> None:
        """A collection of the callers, whose keys are texts; without `fields` one with all that the tests write."""
        # Without `meta` Directus takes no items of a collection, and no lists of a field.
        key = {
            "field": "id",
            "type": "string",
            "schema": {"is_primary_key": True, "length": 255},
            "meta": {},
        }
        columns = [
            {"field": field, "type": _kind(field), "schema": {}, "meta": {}} for field in fields or _FIELDS
        ]
        self._made.append(name)
        made = {"collection": name, "schema": {}, "meta": {}, "fields": [key, *columns]}
        self.ask("POST", "/collections", made)

    def forget(self) -> None:
        """Takes away what was made: without a licence there may be few collections at a time."""
        while self._made:
            self.ask("DELETE", f"/collections/{self._made.pop()}")

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """What it answers."""
        answer = self._client.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()["data"] if answer.content else None

    def close(self) -> None:
        self._client.close()


def _kind(field: str) -> str:
    return "integer" if field in _NUMBERS else "json" if field in _LISTS else "text"


@contextmanager
def running_real_directus(installed: Path, folder: Path) -> Iterator[RealDirectus]:
    """One that was installed, with an empty database; `folder` is for its data."""
    with running_postgres(folder / "postgres") as address:
        port = free_port()
        url = make_url(address)
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "DB_CLIENT": "pg",
            "DB_HOST": str(url.query["host"]),
            "DB_PORT": "5432",
            "DB_USER": url.username or "",
            "DB_PASSWORD": "none",
            "DB_DATABASE": url.database or "",
            "KEY": "of the tests",
            "SECRET": "of the tests",
            "ADMIN_EMAIL": "admin@example.org",
            "ADMIN_PASSWORD": "of-the-tests",
            "ADMIN_TOKEN": TOKEN,
            "TELEMETRY": "false",
            "STORAGE_LOCATIONS": "local",
            "STORAGE_LOCAL_ROOT": str(folder / "uploads"),
            "LOG_LEVEL": "warn",
        }
        (folder / "uploads").mkdir()
        app = installed.absolute() / "app"
        command = [
            str(installed.absolute() / "node" / "bin" / "real-node"),
            str(app / "node_modules" / "directus" / "cli.js"),
        ]
        with (folder / "directus.log").open("wb") as log:
            subprocess.run(
                [*command, "bootstrap"],
                cwd=app,
                env=environment,
                stdout=log,
                stderr=log,
                check=True,
                timeout=_START_SECONDS,
            )
            with subprocess.Popen(
                [*command, "start"],
                cwd=app,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            ) as process:
                running = RealDirectus(f"http://127.0.0.1:{port}")
                try:
                    wait_until(lambda: _answers(running.address), what="Directus", seconds=_START_SECONDS)
                    yield running
                finally:
                    running.close()
                    process.terminate()
                    process.wait(timeout=60)


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/server/ping", timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False
