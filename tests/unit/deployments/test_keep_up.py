"""`up --foreground` with one small service instead of all: what it does when that is given up or taken down."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from blocks.settings import Settings
from deployments.embedded import stack as embedded
from deployments.embedded.stack import EmbeddedStack, Report, StackStatus, no_report
from deployments.processes.environment import Surroundings
from deployments.processes.service import Service, processes_of
from tests.waiting import wait_until

CODE = "import pathlib, sys, time; sys.exit('broken') if pathlib.Path('broken').exists() else time.sleep(600)"


class SmallStack(EmbeddedStack):
    """Starts one program that ends at once where a file `broken` lies."""

    def up(self, report: Report = no_report) -> StackStatus:
        service = Service(
            name="helper",
            command=(sys.executable, "-S", "-c", CODE),
            environment=os.environ,
            directory=self.surroundings.home,
            is_ready=lambda _pid: True,
            attempts=0,
            settle_seconds=1,
        )
        self._supervisor.configure([service], os.environ)
        self._supervisor.start(service)
        self._supervisor.wait_until_ready(service)
        return self.status()


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[SmallStack]:
    made = SmallStack(Surroundings(home=tmp_path), Settings())
    yield made
    made.down()


def state(stack: SmallStack) -> str:
    found = stack.status().services.get("helper")
    return found.state if found else "down"


def test_what_was_given_up_is_tried_again_until_it_is_told_to_stop(
    stack: SmallStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_TRY_AGAIN_SECONDS", 0)
    home, stop, said = stack.surroundings.home, threading.Event(), list[str]()
    with ThreadPoolExecutor() as pool:
        keeping = pool.submit(stack.keep_up, stop, said.append)
        try:
            wait_until(lambda: state(stack) == "RUNNING", what="the start", seconds=30)
            (home / "broken").touch()
            os.kill(stack.status().services["helper"].pid or 0, signal.SIGKILL)
            wait_until(lambda: any("trying again: helper" in line for line in said), what="a try", seconds=30)
            (home / "broken").unlink()
            wait_until(lambda: state(stack) == "RUNNING", what="another start", seconds=30)
        finally:
            stop.set()
        keeping.result(60)
    assert processes_of(home) == []


def test_it_ends_when_somebody_takes_all_down(stack: SmallStack) -> None:
    with ThreadPoolExecutor() as pool:
        stop, said = threading.Event(), list[str]()
        keeping = pool.submit(stack.keep_up, stop, said.append)
        try:
            wait_until(lambda: state(stack) == "RUNNING", what="the start", seconds=30)
            assert stack.down() == 1
            keeping.result(60)
        finally:
            stop.set()
    assert said[-1] == "somebody has stopped the services"
