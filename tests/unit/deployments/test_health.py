import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from blocks.settings import Settings
from deployments.checks.check import Check, State, used
from deployments.checks.health import Health, examine
from deployments.checks.services import services
from deployments.embedded.stack import EmbeddedStack
from deployments.embedded.supervisor import ServiceState, Supervisor
from deployments.processes.environment import Surroundings
from deployments.processes.service import Service, ServiceError
from deployments.processes.sockets import free_port
from deployments.server.api import Api
from tasks.errors import MissingEngineError
from tests.waiting import wait_until


def _check(state: State, *, needed: bool = True) -> Check:
    return Check(subject="part", state=state, remark="", needed=needed)


@pytest.mark.parametrize(
    ("checks", "state"),
    [
        ([], State.HEALTHY),
        ([_check(State.HEALTHY), _check(State.DEGRADED)], State.DEGRADED),
        ([_check(State.DOWN), _check(State.DEGRADED)], State.DOWN),
        ([_check(State.HEALTHY), _check(State.DOWN, needed=False)], State.HEALTHY),
    ],
)
def test_the_whole_is_as_its_worst_needed_part(checks: list[Check], state: State) -> None:
    assert Health(api_url="http://a/api", checks=tuple(checks)).state == state


def test_a_server_that_does_not_answer_is_down_and_nothing_else_is_claimed(tmp_path: Path) -> None:
    stack = EmbeddedStack(Surroundings(home=tmp_path / "home"), Settings())
    found = examine(Api(f"http://127.0.0.1:{free_port()}/api"), stack)
    assert [(check.subject, check.state) for check in found.checks] == [("server", State.DOWN)]
    assert "contraponto up" in found.checks[0].fix
    assert not stack.surroundings.home.exists(), "checking makes nothing"


def test_programs_find_the_keys_that_there_were() -> None:
    check = Check(subject="part", state=State.DOWN, remark="gone", fix="bring it back")
    document = json.loads(Health(api_url="http://a/api", checks=(check,)).model_dump_json())
    assert document["state"] == "down"
    assert document["checks"] == [
        {
            "subject": "part",
            "state": "down",
            "remark": "gone",
            "fix": "bring it back",
            "mend": "bring it back",
            "needed": True,
            "well": False,
        }
    ]
    assert check.model_copy(update={"needed": False}).well, "jobs can do without"


def _refuse() -> str:
    raise MissingEngineError("It is not here.", hint="Get it.")


def _break() -> str:
    raise PermissionError("no right to write")


@pytest.mark.parametrize(
    ("use", "slow_seconds", "expected"),
    [
        (lambda: "works", None, (State.HEALTHY, "works", "")),
        (lambda: "works", 0, (State.DEGRADED, "works, but slowly", "")),
        (_refuse, 0, (State.DOWN, "It is not here.", "Get it.")),
        (_break, 0, (State.DOWN, "PermissionError: no right to write", "the usual")),
    ],
)
def test_what_can_be_used_is_healthy(
    use: Callable[[], str], slow_seconds: float | None, expected: tuple[State, str, str]
) -> None:
    check = used("part", use, fix="the usual", slow_seconds=slow_seconds)
    assert (check.state, check.remark, check.fix) == expected


@contextmanager
def supervised(
    home: Path, name: str, code: str, *, json_lines: bool = False, **options: Any
) -> Iterator[tuple[Supervisor, Service]]:
    """A service under a supervisor of its own, not yet started."""
    service = Service(
        name=name,
        command=(sys.executable, "-S", "-c", code),
        environment=os.environ,
        directory=home,
        is_ready=lambda _pid: False,
        **options,
    )
    supervisor = Supervisor(home, json_lines=json_lines)
    supervisor.configure([service], os.environ)
    try:
        yield supervisor, service
    finally:
        supervisor.shut_down()


def test_a_service_that_keeps_ending_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    code = "import sys; sys.exit('no room on the disk')"
    with supervised(tmp_path, "valkey", code, attempts=0) as (supervisor, service):
        supervisor.start(service)
        with pytest.raises(ServiceError):
            supervisor.wait_until_ready(service)
        stack = EmbeddedStack(Surroundings(home=tmp_path), Settings())
        (check,) = services(stack.status().services, stack)
        assert (check.subject, check.state, check.fix) == ("service valkey", State.DOWN, "contraponto up")
        assert "no room on the disk" in check.remark


@pytest.mark.parametrize("json_lines", [False, True])
def test_a_service_that_ends_again_and_again_is_named_though_it_runs(
    tmp_path: Path, json_lines: bool
) -> None:
    code = "import time; time.sleep(0.3); raise SystemExit('lost the database')"
    stack = EmbeddedStack(Surroundings(home=tmp_path), Settings())
    with supervised(tmp_path, "server", code, json_lines=json_lines, settle_seconds=0) as (
        supervisor,
        service,
    ):
        supervisor.start(service)
        checks = list(services(running(supervisor), stack))
        assert [check.state for check in checks] == [State.HEALTHY], "once is no trouble"
        wait_until(
            lambda: supervisor.crashes("server", timedelta(minutes=10)) >= 6, what="its ends", seconds=60
        )
        (check,) = services(running(supervisor), stack)
        assert (check.subject, check.state) == ("service server", State.DEGRADED)
        assert "ended by itself" in check.remark
        assert "lost the database" in check.remark
        assert supervisor.crashes("serve", timedelta(minutes=10)) == 0
        assert supervisor.crashes("server", timedelta(0)) == 0


def running(supervisor: Supervisor) -> dict[str, ServiceState]:
    """The states at a moment in which the service, which ends all the time, runs."""
    seen: list[dict[str, ServiceState]] = []

    def poll() -> bool:
        seen.append(supervisor.states())
        return seen[-1]["server"].is_running

    wait_until(poll, what="a start", seconds=20)
    return seen[-1]
