"""Which failures of jobs somebody who looks after the installation should see: those that no caller can mend."""

from tasks.errors import CancelledError, ContrapontoError, InvalidInputError, TransientError

UNEXPECTED_TAG = "unexpected-failure"
"""Tag of the run of a job that has failed in such a way."""
UNEXPECTED_EVENT = "contraponto.job.failed-unexpectedly"
"""Event about that run; its payload has the `message`."""
OPERATION_LABEL = "contraponto.operation"
"""Label of the event's resource: which operation it was."""

_EXPECTED: tuple[type[ContrapontoError], ...] = (
    # The caller's: what was sent cannot be used, is not there, or is too large.
    InvalidInputError,
    # Somebody wanted it.
    CancelledError,
    # Mostly the site that the caller named, which did not answer to all tries.
    TransientError,
)


def is_unexpected(error: BaseException) -> bool:
    """Whether a job that ends with this error points to a fault of the installation or of the program."""
    return not isinstance(error, _EXPECTED)
