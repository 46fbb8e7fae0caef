"""Runs of a job in processes of their own, of which one is killed at a chosen moment.

They are forked off a process that has imported everything, as those of the launcher are.
"""

import asyncio
import importlib
import multiprocessing
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.flow_engine import run_flow
from prefect.settings import PREFECT_API_URL, PREFECT_LOCAL_STORAGE_PATH

from blocks.settings import get_settings
from deployments.launcher.taken import take
from flows.promotion import promote
from tasks.jobs.threads import in_thread
from tasks.prefect_internals import read_settings_again
from tasks.progress import Progress

_END_SECONDS = 240
"""Ten times what it takes alone: other tests may be heard and drawn at the same time."""
_MIDST = 0.3


@dataclass(frozen=True)
class Starts:
    """What one job is started with, again and again."""

    run_id: UUID
    marks: Path
    """Where each start leaves the mark of a taken run."""
    log: Path
    """Gets a line for every piece of work that is begun."""

    def start(self, dies_in: str | None = None) -> int | None:
        """Runs the job until its process ends; its exit code, or less the signal that ended it.

        It is killed in the midst of the work of this name; with work that does not say how far it is, when the work is
        done and its result not yet kept.
        """
        settings = {
            "PREFECT_API_URL": str(PREFECT_API_URL.value()),
            "PREFECT_LOCAL_STORAGE_PATH": str(PREFECT_LOCAL_STORAGE_PATH.value()),
            "PREFECT_LOGGING_TO_API_ENABLED": "false",
        }
        run = _forks().Process(target=_run, args=(self, {**os.environ, **settings}, dies_in))
        run.start()
        run.join(_END_SECONDS)
        assert run.exitcode is not None, "it still runs"
        return run.exitcode

    def begun(self) -> list[str]:
        """The works that were begun, in all starts."""
        return self.log.read_text().split()


def start_forks() -> None:
    """Starts the process that runs are forked off; it ends with this one."""
    first = _forks().Process(target=int)
    first.start()
    first.join(_END_SECONDS)


def _forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _run(starts: Starts, environment: dict[str, str], dies_in: str | None) -> None:
    os.environ.clear()
    os.environ.update(environment)
    get_settings.cache_clear()
    read_settings_again()
    take(starts.marks, str(starts.run_id))
    module = importlib.import_module("tasks.jobs.step")
    setattr(module, "in_thread", partial(_watched, in_thread, starts.log, dies_in))  # noqa: B010
    with get_client(sync_client=True) as client:
        flow_run = client.read_flow_run(starts.run_id)
    run: Any = run_flow(promote, flow_run=flow_run, parameters=flow_run.parameters, return_type="state")
    asyncio.run(run)


async def _watched(
    run: Callable[..., Awaitable[Any]],
    log: Path,
    dies_in: str | None,
    work: Callable[[Progress], Any],
    progress: Progress,
) -> Any:
    assert isinstance(work, partial)
    name = work.func.__name__
    with log.open("a") as lines:
        lines.write(f"{name}\n")

    def doomed(progress: Progress) -> Any:
        def told(fraction: float) -> None:
            if fraction >= _MIDST:
                _die()
            progress(fraction)

        done = work(told)
        _die()
        return done

    return await run(doomed if name == dies_in else work, progress)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
