"""Waiting for what happens elsewhere: in other processes, on servers."""

import time
from collections.abc import Callable

_FIRST_POLL, _LONGEST_POLL = 0.02, 0.2
"""Seconds."""


def wait_until(condition: Callable[[], object], what: str = "this", *, seconds: float = 180) -> None:
    """Polls until the condition holds. Raises TimeoutError, which says what was waited for."""
    deadline, poll = time.monotonic() + seconds, _FIRST_POLL
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(poll)
        poll = min(_LONGEST_POLL, poll * 1.2)
