"""The services of one home under supervisord: it restarts what dies, rotates the logs and stops all in order.

supervisord (PyPI `supervisor`) is asked over its Unix socket. It starts nothing by itself: `up` starts one
service after the other, each when the one before answers. When supervisord dies, its services end with it (on
Linux), so that nothing runs without supervision; the next `up` starts all again.
"""

import contextlib
import http.client
import os
import re
import shlex
import sys
import time
import xmlrpc.client
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil

from deployments.embedded.specification import Specification, specification_of
from deployments.embedded.unix_rpc import UnixTransport
from deployments.processes.commands import output_of
from deployments.processes.private import OWNER_ONLY, PRIVATE_UMASK
from deployments.processes.service import (
    STACK_VARIABLE,
    Service,
    ServiceError,
    end_processes_of,
    last_lines,
    still_running,
    write_atomically,
)
from deployments.processes.sockets import socket_directory

_BECOME = Path(__file__).with_name("become.py")
_BECOME_VARIABLE = "_CONTRAPONTO_BECOME"
_SOCKET = "supervisor.sock"
_LONGEST_SOCKET = f"{_SOCKET}.{2**22}"
"""supervisord binds its socket under a name with its pid and then links it to the real one."""
_LOG_SIZE = "10MB"
_KEPT_LOGS = 5
_PLAIN, _WITH_JSON = "supervisor.supervisord", "deployments.embedded.json_supervisord"
_START_SECONDS = 30
_STOP_SECONDS = 180
_POLL_SECONDS = 0.1
_LOG_LINES = 500


@dataclass(frozen=True)
class ServiceState:
    """What supervisord says about one service."""

    name: str
    state: str
    """RUNNING, STARTING (for its first seconds), BACKOFF (ended at once, is tried again), FATAL (given up)…"""
    pid: int | None
    """Of its process while it runs."""
    remark: str
    """supervisord's own words."""
    port: int | None
    """Where it listens, or is to listen."""

    @property
    def is_running(self) -> bool:
        """Whether it has a process that is to stay."""
        return self.pid is not None and self.state in ("RUNNING", "STARTING")

    @property
    def has_settled(self) -> bool:
        """Whether it has been running for longer than its first seconds."""
        return self.state == "RUNNING"


class Supervisor:
    """supervisord of one home, running or not."""

    def __init__(self, home: Path, *, orphan_seconds: float = 5, json_lines: bool = False) -> None:
        """What has lost its supervisor is killed when it has not ended `orphan_seconds` after SIGTERM.

        With `json_lines` every line in the logs is a JSON object, whatever a service prints.
        """
        self._home = home
        self._orphan_seconds = orphan_seconds
        self._logs = home / "logs"
        self._run = home / "run"
        self._configuration = self._run / "supervisord.conf"
        self._module = _WITH_JSON if json_lines else _PLAIN

    def states(self) -> dict[str, ServiceState]:
        """Every service in the order in which they start; empty when supervisord does not run."""
        if not self._configuration.exists():
            return {}
        try:
            found: Any = self._ask("getAllProcessInfo")
        except (OSError, xmlrpc.client.Fault):  # a fault: it is about to end
            return {}
        order = sorted(found, key=lambda info: (self._priorities().get(info["name"], 0), info["name"]))
        return {info["name"]: self._state(info) for info in order}

    @property
    def is_lost(self) -> bool:
        """Whether supervisord has ended without having been told to, and everything with it."""
        try:
            process = psutil.Process(int(self._pid_file.read_text()))
            # The number may have gone to another process.
            return str(self._configuration) not in process.cmdline()
        except psutil.Error:
            return True
        except (FileNotFoundError, ValueError):
            return False

    @property
    def is_stopped(self) -> bool:
        """Whether somebody has stopped everything."""
        return not self._pid_file.exists()

    def crashes(self, name: str, within: timedelta) -> int:
        """How often a service has ended by itself in the time `within` up to now, as supervisord's log tells."""
        since = datetime.now(UTC) - within
        log = last_lines(self._logs / "supervisord.log", count=_LOG_LINES)
        # As text it is in local time, without a zone.
        form = rf'^(?:(\S+ \S+),\d+ \w+ |{{"time": "([^"]+)".*"message": ")exited: {re.escape(name)} \('
        ended = ("".join(times) for times in re.findall(form, log, re.MULTILINE))
        return sum(datetime.fromisoformat(time).astimezone() > since for time in ended)

    def log(self, name: str) -> Path:
        """The current log of a service."""
        return self._logs / f"{name}.log"

    def port(self, name: str) -> int | None:
        """The port in the specification of a service."""
        found = self._specification(name)
        return found.port if found else None

    def configure(self, services: Sequence[Service], environment: Mapping[str, str]) -> list[str]:
        """Have supervisord, which is started if necessary, know these services in this order and no others.

        Starts no service; stops those that have changed or are not wanted any more and returns their names. One that
        is restarted in turn goes on as it is, see `renew`.

        Raises:
            ServiceError: supervisord does not start.
        """
        for folder in (self._run / "services", self._logs):
            folder.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
        before = self.states()
        all_stopped = []
        if before and self._writes_another_form:
            all_stopped = [name for name, state in reversed(before.items()) if state.is_running]
            self.shut_down()
            before = {}
        wanted = {service.name: specification_of(service) for service in services}
        in_turn = {service.name for service in services if service.in_turn}
        stopped = [
            name
            for name, state in before.items()
            if state.is_running
            and (name not in wanted or (name not in in_turn and self._has_changed(name, wanted[name])))
        ]
        self.stop(reversed(stopped))
        for name, specification in wanted.items():
            # One that goes on keeps the specification that it was started by: restarts give the same again.
            if name not in before or not before[name].is_running or name in stopped:
                self._write(name, specification)
        write_atomically(self._configuration, self._ini(services), mode=0o600)
        if before:
            self._reload()
        else:
            self._start(environment)
        return all_stopped or stopped

    @property
    def _writes_another_form(self) -> bool:
        """Whether the supervisord that runs was started to write logs in another form than is wanted now."""
        return self._module not in psutil.Process(self._ask("getPID")).cmdline()

    def start(self, service: Service) -> bool:
        """Have a service started unless it runs or is about to; whether that was necessary. Does not wait.

        Raises:
            ServiceError: the system does not let it start.
        """
        state = self.states().get(service.name)
        if state is not None and (state.is_running or state.state == "BACKOFF"):
            return False
        try:
            self._ask("startProcess", service.name, False)
        except xmlrpc.client.Fault as fault:
            raise self._failure(service.name, f"cannot be started ({fault.faultString})") from fault
        return True

    def is_current(self, service: Service) -> bool:
        """Whether a service runs as its specification is now."""
        return self._runs(service) and not self._has_changed(service.name, specification_of(service))

    def is_outdated(self, service: Service) -> bool:
        """Whether a service runs from an earlier state of its specification."""
        return self._runs(service) and self._has_changed(service.name, specification_of(service))

    def _runs(self, service: Service) -> bool:
        state = self.states().get(service.name)
        return state is not None and state.is_running

    def renew(self, service: Service) -> None:
        """Stop a service and have its next start be that of its specification as it is now."""
        self.stop([service.name])
        self._write(service.name, specification_of(service))

    def wait_until_ready(self, service: Service) -> None:
        """Return when the service answers.

        Raises:
            ServiceError: it ended again and again, or did not answer in time; with the end of its log.
        """
        deadline = time.monotonic() + service.start_seconds
        while True:
            state = self.states().get(service.name)
            if state is None:
                raise ServiceError(
                    f"The supervisor ended while '{service.name}' was starting.",
                    hint=f"The end of its log:\n{last_lines(self._logs / 'supervisord.log')}",
                )
            if state.state == "FATAL":
                raise self._failure(service.name, "ends whenever it is started")
            if state.pid is not None and service.is_ready(state.pid):
                return
            if time.monotonic() > deadline:
                raise self._failure(service.name, f"did not answer within {service.start_seconds:.0f} s")
            time.sleep(_POLL_SECONDS)

    def stop(self, names: Iterable[str]) -> None:
        """Stop these services, all at once, and wait until they have ended; each is killed after its time."""
        waiting = set()
        for name in names:
            try:
                self._ask("stopProcess", name, False)
            except xmlrpc.client.Fault:  # it had ended
                continue
            waiting.add(name)
        while waiting & {name for name, state in self.states().items() if state.state == "STOPPING"}:
            time.sleep(_POLL_SECONDS)

    def shut_down(self) -> None:
        """Have supervisord stop every service, the last first, and end; then end whatever they left behind.

        Raises:
            ServiceError: something keeps coming back.
        """
        # Errors: it does not run, or does not end; then it is ended below with the rest.
        with contextlib.suppress(OSError, xmlrpc.client.Fault, psutil.Error):
            process = psutil.Process(self._ask("getPID"))
            self._ask("shutdown")
            still_running([process], seconds=_STOP_SECONDS)
        end_processes_of(self._home, seconds=self._orphan_seconds)
        # It removes this itself, unless it had to be killed.
        self._pid_file.unlink(missing_ok=True)

    def _start(self, environment: Mapping[str, str]) -> None:
        if find_spec("supervisor") is None:
            raise ServiceError(
                "The package 'supervisor' is not installed.",
                hint="Run: .venv/bin/pip install -e '.[embedded]'",
            )
        # A supervisor that was killed may have left processes behind; they would hold sockets and ports.
        end_processes_of(self._home, seconds=self._orphan_seconds)
        # It answers on its socket before it leaves the foreground.
        output_of(
            (sys.executable, "-m", self._module, "-c", str(self._configuration)),
            failure="The supervisor of the services does not start",
            seconds=_START_SECONDS,
            environment={
                **environment,
                STACK_VARIABLE: str(self._home),
                _BECOME_VARIABLE: shlex.join((sys.executable, "-IS", str(_BECOME))),
            },
            directory=self._home,
            apart=True,
        )

    def _reload(self) -> None:
        ((added, changed, removed),) = self._ask("reloadConfig")
        for name in (*changed, *removed):
            self.stop([name])
            self._ask("removeProcessGroup", name)
        for name in (*added, *changed):
            self._ask("addProcessGroup", name)

    def _ini(self, services: Sequence[Service]) -> str:
        """Paths are relative to the home: `%`, `#` and `;` in its name would have a meaning in this file."""
        sections = [
            "[supervisord]",
            "logfile = logs/supervisord.log",
            f"logfile_maxbytes = {_LOG_SIZE}",
            "logfile_backups = 1",
            f"pidfile = {os.path.relpath(self._pid_file, self._home)}",
            "nocleanup = true",
            # Descriptors that it wants to be allowed and closes in each child: far more than it opens.
            "minfds = 256",
            "minprocs = 1",
            f"umask = {PRIVATE_UMASK:03o}",
            # It stays who it is; without this line it warns when that is root.
            *(["user = root"] if os.geteuid() == 0 else []),
            "[unix_http_server]",
            f"file = {os.path.relpath(self._socket, self._home)}",
            "chmod = 0600",
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        ]
        for number, service in enumerate(services):
            sections += [
                f"[program:{service.name}]",
                f"command = %(ENV_{_BECOME_VARIABLE})s {service.name}",
                f"priority = {number}",
                "autostart = false",
                "autorestart = true",
                f"startsecs = {service.settle_seconds}",
                f"startretries = {service.attempts}",
                f"stopsignal = {service.stop_signal.name.removeprefix('SIG')}",
                f"stopwaitsecs = {service.stop_seconds:.0f}",
                "killasgroup = true",
                "redirect_stderr = true",
                f"stdout_logfile = logs/{service.name}.log",
                f"stdout_logfile_maxbytes = {_LOG_SIZE}",
                f"stdout_logfile_backups = {_KEPT_LOGS}",
            ]
        return "\n".join(sections) + "\n"

    def _state(self, info: Mapping[str, Any]) -> ServiceState:
        return ServiceState(
            name=info["name"],
            state=info["statename"],
            pid=info["pid"] or None,
            remark=info["spawnerr"] or info["description"],
            port=self.port(info["name"]),
        )

    def _priorities(self) -> dict[str, int]:
        text = self._configuration.read_text() if self._configuration.exists() else ""
        names = [line[9:-1] for line in text.splitlines() if line.startswith("[program:")]
        return {name: number for number, name in enumerate(names)}

    def _path(self, name: str) -> Path:
        return self._run / "services" / f"{name}.json"

    def _specification(self, name: str) -> Specification | None:
        try:
            return Specification.model_validate_json(self._path(name).read_bytes())
        except (FileNotFoundError, ValueError):
            return None

    def _write(self, name: str, specification: Specification) -> None:
        write_atomically(self._path(name), specification.model_dump_json(indent=2), mode=0o600)

    def _has_changed(self, name: str, wanted: Specification) -> bool:
        current = self._specification(name)
        return current is None or wanted.differs_from(current)

    def _failure(self, name: str, what: str) -> ServiceError:
        return ServiceError(
            f"The service '{name}' {what}.",
            hint=f"The end of its log ({self.log(name)}):\n{last_lines(self.log(name))}",
        )

    @property
    def _pid_file(self) -> Path:
        return self._run / "supervisord.pid"

    @property
    def _socket(self) -> Path:
        return socket_directory(self._home, _LONGEST_SOCKET) / _SOCKET

    def _ask(self, method: str, *arguments: str | bool) -> Any:
        """One call of supervisord's interface. OSError: it does not run."""
        with xmlrpc.client.ServerProxy("http://supervisor", transport=UnixTransport(self._socket)) as server:
            try:
                return getattr(server.supervisor, method)(*arguments)
            except (http.client.HTTPException, xmlrpc.client.ProtocolError) as error:
                raise ConnectionError(f"supervisord does not answer: {error}") from error
