"""Says of all runs of this process that they live, from one thread.

Prefect keeps a thread for each run, which wakes up once a second to see whether the run has ended: of 500 open
conversations 500 threads.
"""

import contextvars
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from deployments.server.heartbeats import HEARTBEAT_SECONDS

logger = logging.getLogger("contraponto.heartbeats")

_LOOK_SECONDS = 1.0

Beat = Callable[[], None]
"""Says of one run that it lives."""


class _Run:
    """One that lives."""

    def __init__(self, beat: Beat) -> None:
        self.beat = beat
        self.due = 0.0


class Heartbeats:
    """Of the runs that are under way."""

    def __init__(self, *, seconds: float = HEARTBEAT_SECONDS, look_seconds: float = _LOOK_SECONDS) -> None:
        """Each run beats every so many seconds; who is due is looked up more often."""
        self._seconds = seconds
        self._look_seconds = look_seconds
        self._runs: set[_Run] = set()
        self._over = threading.Event()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Within the block the runs that are `alive` are heard of.

        From a thread, so that an event loop that is busy for a minute does not make them look dead.
        """
        # In it, Prefect knows the server that it knows here.
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(self._beat,), name="heartbeats", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join(self._seconds)

    @contextmanager
    def alive(self, beat: Beat) -> Iterator[None]:
        """Within the block a run lives; this is heard soon, and again and again."""
        run = _Run(beat)
        self._runs.add(run)
        try:
            yield
        finally:
            self._runs.discard(run)

    def _beat(self) -> None:
        while not self._over.wait(self._look_seconds):
            now = time.monotonic()
            for run in [each for each in self._runs.copy() if each.due <= now]:
                run.due = now + self._seconds
                if run not in self._runs:  # ended meanwhile
                    continue
                try:
                    run.beat()
                except Exception:  # whatever it is: were this thread to end, all runs would be taken for dead
                    logger.warning("A run could not say that it lives; it tries again.", exc_info=True)
