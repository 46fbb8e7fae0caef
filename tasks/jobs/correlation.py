"""What belongs together in logs: every record of a job, of its shards and of its delivery has one `correlation_id`.

JSON logs show it as a field; it is also a label of the runs, by which they are found.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

LABEL = "contraponto.correlation-id"
"""Of flow runs."""

_current: ContextVar[str | None] = ContextVar("correlation_id", default=None)


@contextmanager
def correlated(identifier: str) -> Iterator[None]:
    """Records of this context, and of threads that copy it, carry the identifier."""
    _install()
    token = _current.set(identifier)
    try:
        yield
    finally:
        _current.reset(token)


def correlation_id() -> str | None:
    """That of this context."""
    return _current.get()


class _Factory:
    """Makes log records as before, with the identifier where there is one."""

    def __init__(self, before: object) -> None:
        self._before = before

    def __call__(self, *arguments: object, **named: object) -> logging.LogRecord:
        record: logging.LogRecord = self._before(*arguments, **named)  # type: ignore[operator]
        if (identifier := _current.get()) is not None:
            record.correlation_id = identifier
        return record


def _install() -> None:
    before = logging.getLogRecordFactory()
    if not isinstance(before, _Factory):
        logging.setLogRecordFactory(_Factory(before))
