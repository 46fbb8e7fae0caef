"""The program of the service: `python -m deployments.in_process_worker --pool P --name N --limit L --marks DIR`.

The worker's event loop runs beside the main thread: in the main thread each run would set up Prefect's handler of
SIGTERM and put back the one before it, in whatever order they end.
"""

import argparse
import asyncio
import contextlib
import importlib
import logging
import signal
import sys
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from prefect.context import AsyncClientContext

from deployments.in_process_worker.heartbeats import Heartbeats
from deployments.in_process_worker.worker import InProcessWorker
from deployments.launcher.service import report_lost_runs
from deployments.processes.watchdog import ended_when_hung
from tasks.prefect_internals import PrefectMovedError, keep_alive_by, take_turns
from tasks.webhooks.lanes import LANES, Lanes

logger = logging.getLogger("contraponto.worker")

_LOOK_SECONDS = 0.5
_MOST_THREADS = 400
_REQUESTS = 16
"""Of all runs to the server at once: as many as Prefect's client has connections."""
_ENDING = (signal.SIGTERM, signal.SIGINT)


def make_worker(pool: str, name: str, limit: int, marks: Path) -> InProcessWorker:
    """The worker of a pool; each pool has one flow."""
    known = {
        # Half of the places stay free of endpoints that fail.
        "webhooks": ("flows.notifications", "deliver_webhook", Lanes(slow=max(1, limit // 2))),
        "conversations": ("flows.collection", "collect_and_execute", None),
    }
    if pool not in known:
        sys.exit(f"The pool {pool} is none of {', '.join(known)}, whose runs are tasks of their worker.")
    module, function, lanes = known[pool]
    return InProcessWorker(
        getattr(importlib.import_module(module), function),
        marks,
        pool=pool,
        name=name,
        limit=limit,
        prepare=partial(LANES.set, lanes),
        # A delivery that is being sent ends by itself, soon.
        interrupts=pool == "conversations",
    )


@contextlib.contextmanager
def heartbeats() -> Iterator[None]:
    """Within the block all runs of this process say by one thread that they live."""
    kept = Heartbeats()
    try:
        keep_alive_by(kept.alive)
    except PrefectMovedError as error:
        logger.warning("%s The worker goes on with one for each.", error)
        yield
        return
    with kept.kept():
        yield


def _requests_take_turns() -> None:
    try:
        take_turns(_REQUESTS)
    except PrefectMovedError as error:
        logger.warning("%s The worker goes on without turns.", error)


async def _serve(worker: InProcessWorker, limit: int) -> None:
    # Names are looked up in threads; by default there are so few that some dead name servers would stop all.
    threads = ThreadPoolExecutor(min(2 * limit, _MOST_THREADS), "look-up")
    asyncio.get_running_loop().set_default_executor(threads)
    _requests_take_turns()
    async with ended_when_hung(), AsyncClientContext.get_or_create():
        beside = [asyncio.create_task(each) for each in (worker.touch_marks(), worker.watch_cancellations())]
        try:
            with heartbeats():
                await worker.start()
        finally:
            for each in beside:
                each.cancel()


class _Loop(threading.Thread):
    """An event loop in a thread, with one main task."""

    def __init__(self, work: Coroutine[Any, Any, None]) -> None:
        super().__init__(name="worker", daemon=True)
        self._work = work
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self.failed = False

    def run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException:
            self.failed = True
            raise
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.create_task(self._work)
        self._ready.set()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def stop(self) -> None:
        """Cancel the main task."""
        self._ready.wait()
        if self._loop is not None and self._task is not None and self.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)


def main() -> int:
    """Work until told to stop."""
    parser = argparse.ArgumentParser(description="Run the runs of a pool as tasks of this process.")
    parser.add_argument("--pool", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--limit", type=int, required=True, help="runs at once")
    parser.add_argument("--marks", type=Path, required=True, help="folder of the marks of taken runs")
    chosen = parser.parse_args()
    chosen.marks.mkdir(mode=0o700, parents=True, exist_ok=True)
    stopping = threading.Event()
    for number in _ENDING:
        signal.signal(number, lambda *_: stopping.set())
    reporter = report_lost_runs(chosen.marks)
    worker = make_worker(chosen.pool, chosen.name, chosen.limit, chosen.marks)
    loop = _Loop(_serve(worker, chosen.limit))
    loop.start()
    while loop.is_alive() and not stopping.wait(_LOOK_SECONDS):
        if reporter is not None and reporter.poll() is not None:
            reporter = None
    loop.stop()
    loop.join()
    return 1 if loop.failed else 0


if __name__ == "__main__":
    sys.exit(main())
