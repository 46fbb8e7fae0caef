"""Prefect's server in a copy of the project: as Prefect has it, or this project's without some of its changes."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import psutil

from deployments.embedded.server import BACKGROUND_NAME, is_api
from deployments.embedded.supervisor import Supervisor

PATCHES = (
    "callers_first",
    "idle_polls",
    "check_each_schema_once",
    "read_each_address_once",
    "write_plain_times",
    "gc_freeze",
)
"""What can be left out, each for itself, by the names that it has in `deployments/embedded/serve.py`."""

STOCK = '''"""Prefect's server as it is."""

import sys


def prepare(*_modules: str) -> None:
    """Change nothing."""


tune = survive_what_is_stored = prepare

if __name__ == "__main__":
    from prefect.cli import app

    sys.argv[1:1] = ["server", "start"]
    app()
'''

_WITHOUT = '''"""The server of the project without what the file beside this one names."""

from pathlib import Path

from deployments.embedded import tuned
from deployments.embedded.tuned import prepare, survive_what_is_stored, tune


class NoCollector:
    disable = enable = freeze = staticmethod(lambda: None)


for name in Path(__file__).with_name("left_out.txt").read_text().split():
    if name == "callers_first":
        tuned.CallersFirst = lambda app: app
    elif name == "idle_polls":
        tuned.IdlePolls = lambda app: app
    elif name == "gc_freeze":
        tuned.gc = NoCollector
    else:
        getattr(tuned, name)
        setattr(tuned, name, lambda: None)

if __name__ == "__main__":
    tuned.main()
'''


def make_stock(project: Path) -> None:
    """Have the copy start Prefect's server as it is, in one process or several."""
    (project / "deployments" / "embedded" / "serve.py").write_text(STOCK)


def make_separable(project: Path) -> None:
    """Have the copy's server read at each start which changes it leaves out; none at first."""
    folder = project / "deployments" / "embedded"
    (folder / "serve.py").rename(folder / "tuned.py")
    (folder / "serve.py").write_text(_WITHOUT)
    (folder / "left_out.txt").write_text("")


class Servers:
    """The processes of the server of one stack."""

    def __init__(self, project: Path, url: str) -> None:
        self._project = project
        self._url = url
        self._supervisor = Supervisor(project / ".contraponto")

    def cpu_seconds(self) -> float:
        """What they have used since their start, background services too."""
        return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in self._pids().values())

    def restart_without(self, patches: Sequence[str]) -> None:
        """Restart them without these changes, and return when they answer."""
        (self._project / "deployments" / "embedded" / "left_out.txt").write_text(" ".join(patches))
        before = self._pids()
        for pid in before.values():
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 120
        while not (self._have_changed(before) and self._answers()):
            if time.monotonic() > deadline:
                raise TimeoutError("the server has not come back within two minutes")
            time.sleep(0.2)

    def _have_changed(self, before: dict[str, int]) -> bool:
        now = self._pids()
        return set(now) == set(before) and not set(now.values()) & set(before.values())

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self._url}/ready", timeout=5, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def _pids(self) -> dict[str, int]:
        return {
            name: state.pid
            for name, state in self._supervisor.states().items()
            if state.pid is not None and (is_api(name) or name == BACKGROUND_NAME)
        }
