"""Turns a fork of the zygote into what `python -m prefect.engine` would be in the run's own environment."""

import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from deployments.launcher.launch import STANDARD_STREAMS
from deployments.processes.kernel import show_as
from tasks.prefect_internals import FLOW_RUN_ID_VARIABLE, forget_types, read_settings_again

_FIXED_AT_START = ("PYTHON", "LD_", "LC_", "LANG", "MALLOC_", "GLIBC_")
"""Variables that an interpreter reads when it starts and cannot take over later."""


class Request(BaseModel):
    """What a launcher says about its run."""

    model_config = ConfigDict(frozen=True)

    module: str
    arguments: tuple[str, ...]
    directory: str
    umask: int
    ignored_signals: tuple[int, ...]
    environment: dict[str, str]

    @property
    def run_id(self) -> str:
        """The flow run; empty for something else."""
        return self.environment.get(FLOW_RUN_ID_VARIABLE, "")


def obstacle(environment: Mapping[str, str], zygote: Mapping[str, str]) -> str | None:
    """Why a run with this environment cannot be forked from a zygote with that one; None if it can."""
    names = {name for name in (*environment, *zygote) if name.startswith(_FIXED_AT_START)}
    different = sorted(name for name in names if environment.get(name) != zygote.get(name))
    return f"{', '.join(different)} cannot change in a running interpreter" if different else None


def become(request: Request, streams: Iterable[int], *, zygote: Mapping[str, str], project: Path) -> None:
    """Make this process the run's: streams, directory, environment, signals, and all that is remembered.

    `zygote` is the environment that the modules of `project` were imported in.
    """
    for descriptor, stream in zip(STANDARD_STREAMS, streams, strict=True):
        os.dup2(stream, descriptor)
        os.close(stream)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGPIPE, signal.SIGXFSZ}:
        if signal.getsignal(number) is not None:
            ignored = number in request.ignored_signals
            signal.signal(number, signal.SIG_IGN if ignored else signal.SIG_DFL)
    if signal.SIGINT not in request.ignored_signals:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())

    os.umask(request.umask)
    os.chdir(request.directory)
    os.environ.clear()
    os.environ.update(request.environment)
    time.tzset()
    sys.argv = [request.module, *request.arguments]
    sys.path[0] = request.directory  # as `python -m` puts it
    show_as(f"run-{request.run_id}")

    tempfile.tempdir = None
    multiprocessing.current_process().authkey = os.urandom(32)
    # The module `random` seeds itself anew after a fork; NumPy does not.
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
    settings_changed = read_settings_again()
    if settings_changed or _others(zygote) != _others(request.environment):
        _forget_modules_of(project)


def _others(environment: Mapping[str, str]) -> dict[str, str]:
    """What is not Prefect's: of its settings the values are compared, whatever way they are written."""
    return {name: value for name, value in environment.items() if not name.startswith("PREFECT_")}


def _forget_modules_of(project: Path) -> None:
    """Have the project's modules imported again: a setting that one read while it was imported may differ."""
    for name in project_modules(project):
        values = vars(sys.modules.pop(name)).values()
        forget_types(
            [
                value
                for value in values
                if isinstance(value, type) and not issubclass(value, type) and value.__module__ == name
            ]
        )


def project_modules(project: Path) -> dict[str, Path]:
    """Modules of the project that are loaded, with their files; installed packages are not the project's."""
    own = Path(__file__).parent
    found = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is None or name == "__main__":
            continue
        path = Path(file)
        # What runs now must stay; it reads no setting.
        if path.is_relative_to(project) and "site-packages" not in path.parts and path.parent != own:
            found[name] = path
    return found
