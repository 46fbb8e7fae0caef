"""Which errors are worth another try."""

from tasks.errors import ContrapontoError, TransientError

RETRIES = 3
LONGEST_ASKED = 300.0
"""Seconds that a step waits because the other side asked for them; it holds a place on its worker meanwhile."""


def is_transient(error: BaseException) -> bool:
    """Whether the same call may succeed a little later.

    The product's own errors say it themselves. Lost connections and timeouts that no module has turned into one
    of them count as transient; anything else is a fault in the input or the code and would only fail again.
    """
    if isinstance(error, ContrapontoError):
        return error.transient
    return isinstance(error, ConnectionError | TimeoutError)


def asked_to_wait(error: BaseException) -> float:
    """Seconds that the other side asked to wait before another try (Retry-After); 0 if it did not."""
    return (error.retry_after or 0.0) if isinstance(error, TransientError) else 0.0
