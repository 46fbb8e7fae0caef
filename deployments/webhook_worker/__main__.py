"""The program of the service: `python -m deployments.webhook_worker --pool P --name N --limit L --marks DIR`.

The worker's event loop runs beside the main thread: in the main thread each run would set up Prefect's handler of
SIGTERM and put back the one before it, in whatever order they end.
"""

import argparse
import asyncio
import contextlib
import signal
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from prefect.context import AsyncClientContext

from deployments.launcher.service import report_lost_runs
from deployments.webhook_worker.worker import WebhookWorker
from flows.notifications import deliver_webhook

_LOOK_SECONDS = 0.5
_ENDING = (signal.SIGTERM, signal.SIGINT)


async def _serve(worker: WebhookWorker, limit: int) -> None:
    # Names are looked up in threads; by default there are so few that some dead name servers would stop all.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2 * limit, "look-up"))
    async with AsyncClientContext.get_or_create():
        touching = asyncio.create_task(worker.touch_marks())
        try:
            await worker.start()
        finally:
            touching.cancel()


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
    parser = argparse.ArgumentParser(description="Deliver webhooks.")
    parser.add_argument("--pool", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--limit", type=int, required=True, help="deliveries at once")
    parser.add_argument("--marks", type=Path, required=True, help="folder of the marks of taken runs")
    chosen = parser.parse_args()
    chosen.marks.mkdir(mode=0o700, parents=True, exist_ok=True)
    stopping = threading.Event()
    for number in _ENDING:
        signal.signal(number, lambda *_: stopping.set())
    reporter = report_lost_runs(chosen.marks)
    worker = WebhookWorker(
        deliver_webhook, chosen.marks, pool=chosen.pool, name=chosen.name, limit=chosen.limit
    )
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
