import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from blocks.settings import Settings
from deployments.embedded import EmbeddedStack
from deployments.health import Check, Health, State, examine, service_checks
from deployments.services.api import Api
from deployments.services.environment import Surroundings
from deployments.services.process import Service, ServiceError
from deployments.services.sockets import free_port
from deployments.services.supervisor import Supervisor
from tests.system.checkout import wait_until


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
    assert "contraponto up" in found.checks[0].mend
    assert not stack.surroundings.home.exists(), "looking makes nothing"


def test_a_service_that_keeps_ending_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    service = Service(
        name="valkey",
        command=(sys.executable, "-S", "-c", "import sys; sys.exit('no room on the disk')"),
        environment=os.environ,
        directory=tmp_path,
        is_ready=lambda _pid: False,
        attempts=0,
    )
    supervisor = Supervisor(tmp_path)
    supervisor.configure([service], os.environ)
    try:
        supervisor.start(service)
        with pytest.raises(ServiceError):
            supervisor.wait_until_ready(service)
        stack = EmbeddedStack(Surroundings(home=tmp_path), Settings())
        (check,) = service_checks(stack.status().services, stack)
        assert (check.subject, check.state, check.mend) == ("service valkey", State.DOWN, "contraponto up")
        assert "no room on the disk" in check.remark
    finally:
        supervisor.shut_down()


def test_a_service_that_ends_again_and_again_is_told_though_it_runs(tmp_path: Path) -> None:
    code = "import time; time.sleep(0.3); raise SystemExit('lost the database')"
    service = Service(
        name="server",
        command=(sys.executable, "-S", "-c", code),
        environment=os.environ,
        directory=tmp_path,
        is_ready=lambda _pid: True,
        settle_seconds=0,
    )
    supervisor = Supervisor(tmp_path)
    supervisor.configure([service], os.environ)
    stack = EmbeddedStack(Surroundings(home=tmp_path), Settings())
    try:
        supervisor.start(service)
        wait_until(lambda: supervisor.states()["server"].is_running, what="its start", seconds=20)
        checks = list(service_checks(supervisor.states(), stack))
        assert [check.state for check in checks] == [State.HEALTHY], "once is no trouble"
        wait_until(
            lambda: supervisor.crashes("server", timedelta(minutes=10)) >= 6, what="its ends", seconds=60
        )
        wait_until(lambda: supervisor.states()["server"].is_running, what="another start", seconds=20)
        (check,) = service_checks(supervisor.states(), stack)
        assert (check.subject, check.state) == ("service server", State.DEGRADED)
        assert "ended by itself" in check.remark
        assert "lost the database" in check.remark
        assert supervisor.crashes("serve", timedelta(minutes=10)) == 0
        assert supervisor.crashes("server", timedelta(0)) == 0
    finally:
        supervisor.shut_down()
