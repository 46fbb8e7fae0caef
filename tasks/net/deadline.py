"""The time limit of work that waits on the network: kept, and its progress told, while it waits."""

from __future__ import annotations

import math
import time

from tasks.errors import StageTimeoutError
from tasks.progress import Progress

_REPORT_INTERVAL = 0.5
_NAP = 0.25


class Deadline:
    """Reports progress twice a second, and ends the work when its time is over.

    Whatever waits calls `check` at least about once a second; cancellation comes through the `Progress`.
    """

    def __init__(
        self, progress: Progress, seconds: float = math.inf, *, late: str = "", hint: str = ""
    ) -> None:
        """Starts the clock.

        Args:
            progress: Gets the fraction of the work that is done; what it raises ends the work.
            seconds: How long the work may take from now.
            late: The sentence of the StageTimeoutError that ends work which takes longer.
            hint: The hint of that error.
        """
        self._progress = progress
        self._ends = time.monotonic() + seconds
        self._late, self._hint = late, hint
        self._reported = -math.inf
        self._fraction = 0.0

    def report(self, fraction: float) -> None:
        """Takes note of how much is done, 0.0 to 1.0; it never goes back. Raises as `check`."""
        self._fraction = max(self._fraction, min(fraction, 1.0))
        if self._fraction == 1.0:
            self._reported = -math.inf
        self.check()

    def left(self) -> float:
        """Seconds until the time is over; negative afterwards."""
        return self._ends - time.monotonic()

    def check(self) -> None:
        """Raises StageTimeoutError if the time is over, or what the `Progress` raises."""
        now = time.monotonic()
        if now >= self._ends:
            raise StageTimeoutError(self._late, hint=self._hint)
        if now - self._reported >= _REPORT_INTERVAL:
            self._reported = now
            self._progress(self._fraction)

    def sleep(self, seconds: float) -> None:
        """Waits so many seconds. Raises as `check`, as soon as there is reason to."""
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self.check()
            time.sleep(min(_NAP, left))
