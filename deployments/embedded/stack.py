"""The whole product on one machine, without root: PostgreSQL, Valkey, Prefect's server, the workers.

`EmbeddedStack.up` puts the services under a supervisor, starts them in order and prepares the server; `down`
stops everything in reverse. Both may be repeated and interrupted. Several stacks live side by side: each has
its own home, sockets and port.
"""

import contextlib
import dataclasses
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import filelock
from pydantic import SecretStr

from blocks.settings import Settings, get_settings
from deployments.embedded import listener, metrics, model_host, own_servers, postgres, server, valkey, worker
from deployments.embedded.authentication import credentials
from deployments.embedded.migration import check_version, migrate
from deployments.embedded.packages import installed_packages
from deployments.embedded.shared_state import api_processes
from deployments.embedded.supervisor import ServiceState, Supervisor
from deployments.launcher import RUN_COMMAND
from deployments.processes.environment import Surroundings
from deployments.processes.private import OWNER_ONLY, keep_private, make_private_home
from deployments.processes.service import Service, ServiceError, revision_of, write_atomically
from deployments.processes.sockets import port_lock
from deployments.server.api import Api
from deployments.server.pools import Pool, pools

Report = Callable[[str], None]
"""Called with one line about what is going on."""


def no_report(line: str) -> None:
    """The `Report` of callers who want none."""


_LOCK_SECONDS = 600
_POLL_SECONDS = 2
_TRY_AGAIN_SECONDS = 60
_TOML_MARK = "# Written by `contraponto up`, removed by `contraponto down`. Data:"


@dataclass(frozen=True)
class StackStatus:
    """What is known of a stack's services."""

    services: dict[str, ServiceState]
    """In the order in which they start; empty when the stack is down."""
    api: Api | None
    """Where the server answers, or will again when it has been restarted."""
    ui_url: str | None
    """Where a person looks."""

    @property
    def is_up(self) -> bool:
        """Whether every service runs, and has for some seconds."""
        return bool(self.services) and all(state.has_settled for state in self.services.values())

    @property
    def api_url(self) -> str | None:
        """What `PREFECT_API_URL` is set to."""
        return self.api.url if self.api else None


class EmbeddedStack:
    """The services of one home."""

    def __init__(self, surroundings: Surroundings, settings: Settings) -> None:
        self.surroundings = surroundings
        self.settings = settings
        self._supervisor = Supervisor(surroundings.home, json_lines=surroundings.log_format == "json")
        self._stamp = surroundings.home / "run" / "prepared"
        self.restored = surroundings.home / "run" / "restored"
        """There from a restore to the next `up`."""

    @classmethod
    def from_settings(cls) -> "EmbeddedStack":
        """The stack that the settings in force describe."""
        settings = get_settings()
        return cls(Surroundings(home=settings.home.resolve(), log_format=settings.log_format), settings)

    def status(self) -> StackStatus:
        """What runs now, as the supervisor knows it."""
        states = self._supervisor.states()
        serving = states.get(server.NAME)
        if serving is None or serving.port is None or serving.state == "STOPPED":
            return StackStatus(states, api=None, ui_url=None)
        return StackStatus(
            states,
            api=server.api(self.surroundings, self.settings, port=serving.port),
            ui_url=server.ui_url(serving.port, self.settings),
        )

    def log(self, service: str) -> Path:
        """The current log of a service."""
        return self._supervisor.log(service)

    def crashes(self, service: str, within: timedelta) -> int:
        """How often a service has ended by itself in the time `within` up to now."""
        return self._supervisor.crashes(service, within)

    def up(self, report: Report = no_report) -> StackStatus:
        """Start what does not run; bring up to date what was started from an earlier state of the project.

        Raises:
            ServiceError: something does not start, or cannot be reached; what runs already keeps running.
            InvalidSettingError: an address of `alerts_to` cannot be used.
        """
        with self.locked():
            keep_private(self.surroundings.home, store_is_shown=self.settings.store_is_shown)
            status = self.status()
            if status.is_up and self._is_prepared():
                return status
            own_servers.check(self.settings)
            self.surroundings.temporary.mkdir(mode=OWNER_ONLY, exist_ok=True)
            # Until the server listens on the port that was found free, another stack would find it free as well.
            with port_lock():
                port = self._server_port(status)
                api = server.api(self.surroundings, self.settings, port=port)
                below, serving = self._lower_services(), self._server_services(port)
                jobs = self._job_services(api)
                services = [*below, *serving, *jobs]
                stopped = self._supervisor.configure(services, self.surroundings.environment())
                for name in stopped:
                    report(f"stopped {name}, which has changed")
                started = [service for service in below if self._ensure(service, report)]
                started += self._ensure_server(serving, report)
            # Before the workers start: what they have imported depends on it.
            self._write_prefect_toml(api.url)
            if started or not self._is_prepared():
                self._prepare(api, jobs, report)
            for service in jobs:
                self._ensure(service, report)
            write_atomically(self._stamp, self._fingerprint(), mode=0o600)
            return self.status()

    def keep_up(self, stop: threading.Event, report: Report = no_report) -> None:
        """Start everything and stay: until `stop` is set, which stops all, or somebody else calls `down`.

        Meanwhile a supervisor that was killed is started again, and what it has given up is tried again.

        Raises:
            ServiceError: something did not start at first; all is stopped again.
        """
        try:
            report(f"up: {self.up(report).ui_url}")
            tried = time.monotonic()
            while not stop.wait(_POLL_SECONDS):
                with self.locked():
                    if self._supervisor.is_stopped:
                        report("somebody has stopped the services")
                        return
                    lost = self._supervisor.is_lost
                    states = self._supervisor.states()
                failed = [name for name, state in states.items() if state.state == "FATAL"]
                if lost or (failed and time.monotonic() - tried > _TRY_AGAIN_SECONDS):
                    report("the supervisor was killed" if lost else f"trying again: {', '.join(failed)}")
                    tried = time.monotonic()
                    try:
                        self.up(report)
                    except ServiceError as error:
                        report(f"{error} {error.hint or ''}")
        finally:
            if not self._supervisor.is_stopped:
                self.down(report)

    def down(self, report: Report = no_report) -> int:
        """Stop everything, in reverse order, and what jobs left behind. Returns how many services ran."""
        with self.locked():
            running = [name for name, state in self._supervisor.states().items() if state.pid]
            workers = [name for name in running if name.startswith(worker.service_name(""))]
            for name in (*workers, *(name for name in reversed(running) if name not in workers)):
                report(f"stopping {name}")
            # All workers at once: each may take its time for the jobs that it runs.
            self._supervisor.stop(workers)
            self._supervisor.shut_down()
            shutil.rmtree(self.surroundings.temporary, ignore_errors=True)
            self._remove_prefect_toml()
            return len(running)

    def _lower_services(self) -> list[Service]:
        """What the server needs, in the order of the start."""
        return [
            *([] if self.settings.database_url else [postgres.service(self.surroundings)]),
            *([] if self.settings.redis_url else [valkey.service(self.surroundings)]),
        ]

    def _server_services(self, port: int) -> list[Service]:
        """The server in one process or several, restarted when the code that it runs has changed."""
        rooms = (self.surroundings.project / "deployments" / room for room in ("embedded", "guard", "server"))
        code = self._state_of_sources(*rooms, self.surroundings.project / "tasks" / "net")
        served = server.services(
            self.surroundings,
            self.settings,
            port=port,
            redis_url=self._redis_url,
            processes=api_processes(self.settings, processors=os.cpu_count() or 1),
        )
        return [
            dataclasses.replace(service, revision=revision_of(service.revision, code, installed_packages()))
            for service in served
        ]

    @property
    def _redis_url(self) -> str:
        return self.settings.redis_url or valkey.redis_url(self.surroundings)

    def _job_services(self, api: Api) -> list[Service]:
        """What runs jobs and watches them: the model host, the workers, the listener, the numbers for Prometheus.

        A worker is restarted when its settings have changed, or the code that it runs itself: that of the jobs is
        read for each job, that of deliveries is not.
        """
        from tasks.inference.gpus import usable_gpus  # noqa: PLC0415 - brings NumPy, which a stack that is up can spare

        settings = self.settings
        redis_url = self._redis_url
        gpus = () if settings.whisper_device == "cpu" else usable_gpus()
        workers = [
            dataclasses.replace(service, revision=self._worker_revision(pool, api))
            for pool in pools(settings.queue_max_workers)
            for service in worker.services(
                self.surroundings,
                pool,
                gpus=gpus,
                on_cpu=settings.gpu_pool_on_cpu,
                api=api,
                redis_url=redis_url,
                query_seconds=settings.queue_polling_interval,
            )
        ]
        watching = []
        if listener.wanted(settings):
            service = listener.service(self.surroundings, api, redis_url=redis_url)
            watching.append(dataclasses.replace(service, revision=self._revision(api, *listener.FOLDERS)))
        if port := settings.metrics_port:
            service = metrics.service(self.surroundings, api, port=port, redis_url=redis_url)
            watching.append(dataclasses.replace(service, revision=self._revision(api, *metrics.FOLDERS)))
        if not model_host.wanted(settings):
            return [*workers, *watching]
        # It knows by itself which code and which settings concern it.
        return [model_host.service(self.surroundings, settings), *workers, *watching]

    def _worker_revision(self, pool: Pool, api: Api) -> str:
        folders = ["deployments/launcher", "deployments/processes"]
        if pool.in_one_process:
            # Its runs are not forked from a process that reads their code again.
            folders += ["deployments/in_process_worker", "flows", "tasks", "blocks"]
        return self._revision(api, *folders)

    def _revision(self, api: Api, *folders: str) -> str:
        """Of a service with these sources."""
        sources = self._state_of_sources(*(self.surroundings.project / folder for folder in folders))
        return revision_of(
            self._values(), api.environment(), self.surroundings.log_format, sources, installed_packages()
        )

    def _server_port(self, status: StackStatus) -> int:
        """The port of the server that runs; of the last one, if it is free, for one that is to be started."""
        last = self._supervisor.port(server.NAME)
        serving = status.services.get(server.NAME)
        if last and serving and serving.is_running and self.settings.server_port in (None, last):
            return last
        return server.port_for(self.settings, last_port=last)

    def _ensure_server(self, services: Sequence[Service], report: Report) -> list[Service]:
        """Have all processes of the server running as they are now; those that had to be started.

        Of several, one at a time is restarted, so that there is always one that answers. The others of a first start
        begin when the first has registered what all would register.
        """
        first, *others = services
        if not all(self._supervisor.is_current(service) for service in services):
            check_version(self.surroundings, self.settings)
            if others:
                report("bringing the database up to date")
                migrate(first)
        started = [first] if self._ensure(first, report) else []
        started += [
            service
            for service in others
            if not self._supervisor.is_outdated(service) and self._start(service, report)
        ]
        return started + [service for service in others if self._ensure(service, report)]

    def _ensure(self, service: Service, report: Report) -> bool:
        """Have a service running and answering; whether it had to be started."""
        if service.in_turn and self._supervisor.is_outdated(service):
            report(f"stopping {service.name}, which has changed")
            self._supervisor.renew(service)
        started = self._start(service, report)
        self._supervisor.wait_until_ready(service)
        return started

    def _start(self, service: Service, report: Report) -> bool:
        started = self._supervisor.start(service)
        if started:
            report(f"starting {service.name}")
        return started

    def _prepare(self, api: Api, jobs: Sequence[Service], report: Report) -> None:
        """Fill the server: pools first, for the workers need them; deployments while the workers start."""
        # Prefect takes seconds to import; a stack that is up, and `down`, do without it.
        from prefect.client.orchestration import get_client  # noqa: PLC0415

        from deployments.server import after_restore, bootstrap  # noqa: PLC0415
        from deployments.server.alerts import ensure_alerts  # noqa: PLC0415
        from deployments.server.saved_blocks import ensure_blocks  # noqa: PLC0415

        project = self.surroundings.project
        with api.in_force(), get_client(sync_client=True) as client:
            report("preparing pools, queues and blocks")
            bootstrap.ensure_pools(client, pools(self.settings.queue_max_workers), command=RUN_COMMAND)
            if self.restored.exists():
                report("ending what ran when the backup was made")
                after_restore.settle()
                self.restored.unlink()
            ensure_blocks(api.url, self.settings)
            for service in jobs:
                self._start(service, report)
            if not (self._is_prepared() and bootstrap.has_deployments(client, project=project)):
                report("applying the deployments of prefect.yaml")
                environment = self.surroundings.environment(**api.environment())
                bootstrap.deploy(client, project=project, environment=environment)
                ensure_alerts(client, self.settings)

    def _is_prepared(self) -> bool:
        """Whether the server's contents were made from the project as it is now."""
        return self._stamp.exists() and self._stamp.read_text() == self._fingerprint()

    def _fingerprint(self) -> str:
        """Changes when the code, the packages or the settings do from which the stack is made."""
        project = self.surroundings.project
        folders = (project / folder for folder in ("flows", "tasks", "blocks", "deployments"))
        files = (project / "prefect.yaml", project / "flows" / "pipelines.yaml", self.settings.pipelines_file)
        auth = credentials(self.surroundings.home, self.settings)
        secret = auth and auth.get_secret_value()  # one that was made up is in no setting
        sources = self._state_of_sources(*files, *folders)
        return revision_of(self._values(), secret, sources, installed_packages())

    def _values(self) -> dict[str, object]:
        """The settings with their secrets: for digests only."""
        return {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in self.settings
        }

    @staticmethod
    def _state_of_sources(*places: Path) -> list[tuple[str, int, int]]:
        """Changes with the files at these places: files themselves, or folders of Python sources."""
        files = [file for place in places for file in (place.rglob("*.py") if place.is_dir() else [place])]
        return [
            (str(file), state.st_size, state.st_mtime_ns)
            for file in sorted(files)
            if file.exists()
            for state in [file.stat()]
        ]

    @property
    def _prefect_toml(self) -> Path:
        return self.surroundings.project / "prefect.toml"

    def _write_prefect_toml(self, api_url: str) -> None:
        """Let `.venv/bin/prefect …` in the checkout talk to this stack; spare a file that is not ours."""
        text = f'{_TOML_MARK} {self.surroundings.home}\n[api]\nurl = "{api_url}"\n'
        if not self._prefect_toml.exists() or (
            self._owns_prefect_toml() and self._prefect_toml.read_text() != text
        ):
            write_atomically(self._prefect_toml, text)

    def _remove_prefect_toml(self) -> None:
        if self._owns_prefect_toml():
            self._prefect_toml.unlink(missing_ok=True)

    def _owns_prefect_toml(self) -> bool:
        try:
            return self._prefect_toml.read_text().startswith(f"{_TOML_MARK} {self.surroundings.home}\n")
        except FileNotFoundError:
            return False

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other `up`, `down` and restore out of this home."""
        make_private_home(self.surroundings.home)
        try:
            with filelock.FileLock(self.surroundings.home / "stack.lock", timeout=_LOCK_SECONDS):
                yield
        except filelock.Timeout as error:
            raise ServiceError(
                f"Another `up` or `down` holds {self.surroundings.home} since {_LOCK_SECONDS // 60} minutes.",
                hint=f"End it, then try again (this is process {os.getpid()}).",
            ) from error
