"""Several processes of the server: how many, what they share, and how one is told from the others."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from blocks.settings import Settings
from deployments.checks.check import State
from deployments.checks.services import server_processes
from deployments.embedded import shared_state
from deployments.embedded.migration import migrate
from deployments.embedded.one_of_several import listener
from deployments.embedded.server import answers_itself, is_api, services
from deployments.embedded.shared_state import api_processes
from deployments.embedded.supervisor import ServiceState
from deployments.processes.environment import Surroundings
from deployments.processes.service import Service, ServiceError
from tests.waiting import wait_until

ANSWERING = """
import http.server, sys, threading
from deployments.embedded.one_of_several import listener

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[2]))
        self.end_headers()
    def log_message(self, *_):
        pass

def serve(socket):
    server = http.server.ThreadingHTTPServer(socket.getsockname(), Answer, bind_and_activate=False)
    server.socket = socket
    server.server_activate()
    server.serve_forever()

places = [listener("127.0.0.1", int(sys.argv[1])), *([] if sys.argv[3:] else [listener("127.0.0.1", 0)])]
threads = [threading.Thread(target=serve, args=[place]) for place in places]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


@contextmanager
def answering(port: int, status: int, *options: str) -> Iterator[int]:
    """A process that answers so on a port that it shares, and, without options, on one of its own; its pid."""
    command = [sys.executable, "-c", ANSWERING, str(port), str(status), *options]
    with subprocess.Popen(command) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def _named(tmp_path: Path, processes: int) -> dict[str, Service]:
    found = services(
        Surroundings(home=tmp_path), Settings(), port=4200, redis_url="unix:///v.sock", processes=processes
    )
    return {service.name: service for service in found}


@pytest.mark.parametrize(
    ("processors", "processes"), [(1, 1), (2, 1), (4, 1), (7, 1), (8, 2), (16, 4), (128, 4)]
)
def test_without_the_setting_the_processors_decide(processors: int, processes: int) -> None:
    assert api_processes(Settings(), processors=processors) == processes
    assert api_processes(Settings(api_processes=3), processors=processors) == 3


def test_without_a_place_for_what_they_share_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert api_processes(Settings(redis_url="valkey://127.0.0.1:6379"), processors=64) == 4
    monkeypatch.setattr(shared_state, "find_spec", lambda _name: None)
    assert api_processes(Settings(), processors=64) == 1
    with pytest.raises(ServiceError, match="'prefect-redis' is not installed") as refused:
        api_processes(Settings(api_processes=2), processors=64)
    assert "pip install" in (refused.value.hint or "")


def test_one_process_shares_nothing(tmp_path: Path) -> None:
    [alone] = _named(tmp_path, 1).values()
    assert (alone.name, alone.command[-1], alone.in_turn) == ("server", "deployments.embedded.serve", False)
    assert not set(alone.environment) & set(shared_state.variables("")) - {
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE"
    }


def test_of_several_each_finds_what_they_share_and_none_migrates(tmp_path: Path) -> None:
    found = _named(tmp_path, 3)
    assert list(found) == ["server", "server-2", "server-3", "services"]
    assert [name for name in found if is_api(name)] == ["server", "server-2", "server-3"]
    assert [service.in_turn for service in found.values()] == [True, True, True, False]
    for service in found.values():
        assert shared_state.variables("unix:///v.sock").items() <= service.environment.items()
        assert service.environment["PREFECT_API_DATABASE_MIGRATE_ON_START"] == "false"
    only = [service.environment.get("PREFECT__SERVER_WEBSERVER_ONLY") for service in found.values()]
    assert only == ["1", "1", "1", None]


def test_eight_leave_the_database_room(tmp_path: Path) -> None:
    found = _named(tmp_path, 8).values()
    pools = [int(service.environment["PREFECT_SERVER_DATABASE_SQLALCHEMY_POOL_SIZE"]) for service in found]
    assert sum(pool + 10 for pool in pools) < 200


def test_one_that_does_not_answer_is_not_ready_because_another_does() -> None:
    with listener("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    with answering(port, 200) as well, answering(port, 503) as ill, answering(port, 200, "shared") as alone:
        wait_until(lambda: answers_itself(well, port), what="the first", seconds=60)
        wait_until(lambda: _statuses(port) == {200, 503}, what="both on one port", seconds=60)
        assert not answers_itself(ill, port)
        states = {
            name: ServiceState(name=name, state="RUNNING", pid=pid, remark="", port=port)
            for name, pid in {"server": well, "server-2": ill, "services": alone}.items()
        }
        [check] = server_processes(states)
        assert (check.subject, check.state) == ("service server-2", State.DEGRADED)
        assert f"kill {ill}" in check.fix
        del states["server"]
        assert list(server_processes(states)) == [], "one alone is asked at its port"
        assert not answers_itself(alone, port)
        assert not answers_itself(well, port + 1)
    assert not answers_itself(well, port)


def _statuses(port: int) -> set[int]:
    try:
        return {httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).status_code for _ in range(20)}
    except httpx.TransportError:
        return set()


def test_a_port_of_another_program_is_refused() -> None:
    import socket  # noqa: PLC0415

    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        listener("127.0.0.1", taken.getsockname()[1])


def test_a_database_that_cannot_be_brought_up_to_date_is_told(tmp_path: Path) -> None:
    [first, *_] = _named(tmp_path, 2).values()
    with pytest.raises(ServiceError, match="could not be brought up to date") as failed:
        migrate(first)  # there is no PostgreSQL
    assert failed.value.hint
