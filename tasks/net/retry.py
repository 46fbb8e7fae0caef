"""The one policy by which requests to other machines are retried, and Retry-After is honoured.

No library: the two in wide use (tenacity, stamina) are no dependency of anything here, and neither by itself reads
Retry-After, counts from one again when a transfer has come further, or sleeps so that it can be cancelled. With
callbacks for all of that, little but the loop would be theirs.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from tasks.errors import TransientError

Outcome = TypeVar("Outcome")


class Wait(Protocol):
    """Time to wait in: `tasks.net.deadline.Deadline`, or a test's."""

    def left(self) -> float:
        """Seconds until the whole work must be done."""
        ...

    def sleep(self, seconds: float) -> None:
        """Waits; what it raises (cancellation, the end of the time) ends the work."""
        ...


def _nowhere() -> int:
    return 0


@dataclass(frozen=True)
class RetryPolicy:
    """How often, and after which pauses, a request is retried that failed with a TransientError."""

    retries: int = 3
    """Further tries after the first; they start to count again when the work has come further in between."""
    backoff: float = 1.0
    """Seconds before the first retry; doubles with each."""
    jitter: float = 0.25
    """Each pause is longer by up to this share, by chance, so that clients do not come back all at once."""
    longest_pause: float = 30.0
    """Seconds. The doubling stops here; a server that asks for more is left to whoever retries the whole work."""

    def pause(self, failures: int, asked: float | None = None) -> float:
        """Seconds to wait after so many failures in a row: never fewer than the server `asked` for."""
        # 2.0**1024 is no float any more; long before that the doubling has reached the longest pause.
        own = min(self.backoff * 2.0 ** min(failures - 1, 64), self.longest_pause)
        return max(own, asked or 0.0) * random.uniform(1, 1 + self.jitter)  # noqa: S311 - keeps no secret

    def call(
        self, attempt: Callable[[], Outcome], wait: Wait, position: Callable[[], int] = _nowhere
    ) -> Outcome:
        """Tries until it works, an error is lasting, the retries are used up or the time does not suffice.

        Args:
            attempt: Makes one try. Its TransientErrors are retried, all others are let through.
            wait: Where the pauses are spent.
            position: How far the work has come, for work that goes on where it was cut (a download's bytes).

        Returns:
            What the attempt that worked returned.

        Raises:
            TransientError: The last one, or one that says that the time left is shorter than the next pause.
        """
        failures, furthest = 0, position()
        while True:
            try:
                return attempt()
            except TransientError as error:
                here = position()
                failures = 1 if here > furthest else failures + 1
                furthest = max(furthest, here)
                if failures > self.retries or (error.retry_after or 0.0) > self.longest_pause:
                    raise
                pause = self.pause(failures, error.retry_after)
                left = max(wait.left(), 0.0)
                if pause > left:
                    raise TransientError(
                        f"{error.message} The next try may start in {pause:.1f} s, and only {left:.1f} s are left.",
                        hint=error.hint,
                        retry_after=error.retry_after,
                    ) from error
            wait.sleep(pause)
