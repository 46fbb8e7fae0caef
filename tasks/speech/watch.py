"""Progress, cancellation and time limit of one recognition."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tasks.errors import StageTimeoutError
from tasks.progress import Progress


class Watch:
    """Reports how far the work is, and is where it learns that it should stop."""

    def __init__(self, progress: Progress, end: float | None, name: str) -> None:
        self._progress = progress
        self._end = end
        self._name = name
        self._fraction = 0.0
        self.duration: float | None = None

    def at(self, seconds: float | None = None) -> None:
        """Reports that the audio is done up to `seconds`; raises when the work should stop."""
        if seconds is not None and self.duration:
            self._fraction = max(self._fraction, min(seconds / self.duration, 1.0))
        self._progress(self._fraction)
        if self._end is not None and time.monotonic() > self._end:
            raise StageTimeoutError(
                f"The transcription of {self._name} ran into its time limit ({self._fraction:.0%} was done).",
                hint="Raise the limit, choose a smaller model, or use a GPU.",
            )

    def wait(self) -> None:
        """Learns whether the work should stop, while it is not its turn."""
        self._progress(self._fraction)

    def extend(self, seconds: float) -> None:
        """Moves the time limit."""
        if self._end is not None:
            self._end += seconds


@contextmanager
def turn(lock: threading.Lock, watch: Watch) -> Iterator[None]:
    """Waits for the lock while reporting progress, so that a job can be cancelled in the queue.

    The wait does not count towards the time limit: in a batch the model may be busy with hours of other recordings.
    """
    began = time.monotonic()
    while not lock.acquire(timeout=0.5):
        watch.wait()
    watch.extend(time.monotonic() - began)
    try:
        yield
    finally:
        lock.release()
