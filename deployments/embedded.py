"""The whole product on one machine, without root: PostgreSQL, Valkey, Prefect's server, a worker a pool.

`EmbeddedStack.up` starts what is missing, in order, and prepares the server; `down` stops everything in
reverse. Both may be repeated and interrupted. Several stacks live side by side: each has its own home,
sockets and port.
"""

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import filelock

from blocks.settings import Settings, get_settings
from deployments.pools import POOL_NAMES, pools
from deployments.services import postgres, server, valkey, worker
from deployments.services.environment import Surroundings
from deployments.services.process import (
    Service,
    ServiceError,
    ServiceFolder,
    ServiceRecord,
    end_processes_of,
    write_atomically,
)

Report = Callable[[str], None]
"""Called with one line about what is going on."""


def no_report(line: str) -> None:
    """The `Report` of callers who want none."""


_LOCK_SECONDS = 600
_STOP_SECONDS = 30
_ORPHAN_SECONDS = 5
_PAUSE_SECONDS = 1.0
_TOML_MARK = "# Written by `contraponto up`, removed by `contraponto down`. Data:"


@dataclass(frozen=True)
class StackStatus:
    """What runs of a stack."""

    services: dict[str, ServiceRecord | None]

    @property
    def is_up(self) -> bool:
        """Whether every service runs."""
        return all(self.services.values())

    @property
    def port(self) -> int | None:
        """The server's port while it runs."""
        record = self.services[server.NAME]
        return record.port if record else None

    @property
    def api_url(self) -> str | None:
        """Where the API answers, while the server runs."""
        return server.api_url(self.port) if self.port else None

    @property
    def ui_url(self) -> str | None:
        """Where a person looks, while the server runs."""
        return server.ui_url(self.port) if self.port else None


class EmbeddedStack:
    """The services of one home."""

    def __init__(self, surroundings: Surroundings, settings: Settings) -> None:
        self.surroundings = surroundings
        self.settings = settings
        self._folder = ServiceFolder(surroundings.home)
        self._stamp = surroundings.home / "run" / "prepared"
        self._last_port = surroundings.home / "run" / "last-port"

    @classmethod
    def from_settings(cls) -> "EmbeddedStack":
        """The stack that the settings in force describe."""
        settings = get_settings()
        return cls(Surroundings(home=settings.home.resolve()), settings)

    @property
    def service_names(self) -> tuple[str, ...]:
        """All services, in the order in which they start."""
        return (postgres.NAME, valkey.NAME, server.NAME, *map(worker.service_name, POOL_NAMES))

    def status(self) -> StackStatus:
        """What runs now. Reads the records and asks nobody."""
        return StackStatus({name: self._folder.running(name) for name in self.service_names})

    def up(self, report: Report = no_report) -> StackStatus:
        """Start what does not run; bring the server's contents up to date if the project changed.

        Raises:
            ServiceError: something does not start; what runs already keeps running.
        """
        with self._locked():
            if self.status().is_up and self._is_prepared():
                return self.status()
            self.surroundings.temporary.mkdir(exist_ok=True)
            self._ensure(postgres.NAME, lambda: postgres.service(self.surroundings), report)
            self._ensure(valkey.NAME, lambda: valkey.service(self.surroundings), report)
            running = self._ensure(
                server.NAME,
                lambda: server.service(self.surroundings, last_port=self._read_last_port()),
                report,
            )
            if running.port is None:
                raise ServiceError(
                    "The server's record names no port.", hint="Run `contraponto down`, then `up`."
                )
            write_atomically(self._last_port, str(running.port))
            self._prepare(server.api_url(running.port), report)
            self._write_prefect_toml(server.api_url(running.port))
            write_atomically(self._stamp, self._fingerprint())
            return self.status()

    def down(self, report: Report = no_report) -> int:
        """Stop everything, in reverse order, and what jobs left behind. Returns how many services ran."""
        with self._locked():
            stopped = 0
            for name in reversed(self.service_names):
                if self._folder.running(name):
                    report(f"stopping {name}")
                stop_signal = postgres.STOP_SIGNAL if name == postgres.NAME else Service.stop_signal
                stopped += self._folder.stop(name, stop_signal=stop_signal, stop_seconds=_STOP_SECONDS)
            end_processes_of(self.surroundings.home, seconds=_ORPHAN_SECONDS)
            shutil.rmtree(self.surroundings.temporary, ignore_errors=True)
            self._remove_prefect_toml()
            return stopped

    def _ensure(self, name: str, define: Callable[[], Service], report: Report) -> ServiceRecord:
        """The record of the running service, which is started and waited for unless it runs already."""
        record = self._folder.running(name)
        if record is None:
            report(f"starting {name}")
            record = self._start(define())
        return record

    def _start(self, service: Service) -> ServiceRecord:
        for attempt in range(1, service.attempts + 1):
            record = self._folder.start(service)
            try:
                self._folder.wait_until_ready(service, record)
            except ServiceError:
                if attempt == service.attempts or record.is_running():
                    raise
                time.sleep(_PAUSE_SECONDS)
            else:
                return record
        raise AssertionError("a service has at least one attempt")

    def _prepare(self, api_url: str, report: Report) -> None:
        """Fill the server: pools first, for the workers need them; deployments while the workers start."""
        # Prefect takes seconds to import; a stack that is up, and `down`, do without it.
        from prefect.client.orchestration import SyncPrefectClient  # noqa: PLC0415

        from deployments import bootstrap  # noqa: PLC0415
        from deployments.saved_blocks import ensure_blocks  # noqa: PLC0415

        definitions = pools(self.settings.queue_max_workers)
        project = self.surroundings.project
        with SyncPrefectClient(api_url) as client:
            report("preparing pools, queues, blocks and automations")
            bootstrap.ensure_pools(client, definitions, project=project)
            bootstrap.ensure_automations(client)
            ensure_blocks(api_url, self.settings)
            starting = []
            for pool in definitions:
                if self._folder.running(worker.service_name(pool.name)) is None:
                    report(f"starting {worker.service_name(pool.name)}")
                    service = worker.service(
                        self.surroundings,
                        pool=pool.name,
                        limit=pool.worker_limit,
                        api_url=api_url,
                        redis_url=self.settings.redis_url or valkey.redis_url(self.surroundings),
                        query_seconds=self.settings.queue_polling_interval,
                    )
                    starting.append((service, self._folder.start(service)))
            if not (self._is_prepared() and bootstrap.has_deployments(client, project=project)):
                report("applying the deployments of prefect.yaml")
                bootstrap.deploy(client, project=project, environment=self.surroundings.environment())
        for service, record in starting:
            self._folder.wait_until_ready(service, record)

    def _is_prepared(self) -> bool:
        """Whether the server's contents were made from the project as it is now."""
        return self._stamp.exists() and self._stamp.read_text() == self._fingerprint()

    def _fingerprint(self) -> str:
        """Changes when the code or the settings do from which the server's contents are made."""
        project = self.surroundings.project
        digest = hashlib.sha256(self.settings.model_dump_json().encode())
        sources = [
            path
            for folder in ("flows", "tasks", "blocks", "deployments")
            for path in (project / folder).rglob("*.py")
        ]
        for path in sorted([project / "prefect.yaml", *sources]):
            state = path.stat()
            digest.update(f"{path}:{state.st_size}:{state.st_mtime_ns}\n".encode())
        return digest.hexdigest()

    def _read_last_port(self) -> int | None:
        """The port of the last server: taken again if it is free, so that links stay valid."""
        return int(self._last_port.read_text()) if self._last_port.exists() else None

    @property
    def _prefect_toml(self) -> Path:
        return self.surroundings.project / "prefect.toml"

    def _write_prefect_toml(self, api_url: str) -> None:
        """Let `.venv/bin/prefect …` in the checkout talk to this stack; spare a file that is not ours."""
        if self._prefect_toml.exists() and not self._owns_prefect_toml():
            return
        write_atomically(
            self._prefect_toml, f'{_TOML_MARK} {self.surroundings.home}\n[api]\nurl = "{api_url}"\n'
        )

    def _remove_prefect_toml(self) -> None:
        if self._owns_prefect_toml():
            self._prefect_toml.unlink(missing_ok=True)

    def _owns_prefect_toml(self) -> bool:
        try:
            return self._prefect_toml.read_text().startswith(f"{_TOML_MARK} {self.surroundings.home}\n")
        except FileNotFoundError:
            return False

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One `up` or `down` at a time in a home."""
        self.surroundings.home.mkdir(parents=True, exist_ok=True)
        try:
            with filelock.FileLock(self.surroundings.home / "stack.lock", timeout=_LOCK_SECONDS):
                yield
        except filelock.Timeout as error:
            raise ServiceError(
                f"Another `up` or `down` holds {self.surroundings.home} since {_LOCK_SECONDS // 60} minutes.",
                hint=f"End it, then try again (this is process {os.getpid()}).",
            ) from error
