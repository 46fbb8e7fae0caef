"""What the server's processes log while their database or Redis is away: one line each time.

Prefect, uvicorn and SQLAlchemy log the traceback of every request and of every try of a background service, a hundred
lines and more: seventy thousand in half a minute, in which the reason is hard to find.
"""

import logging
import sys
from collections.abc import Iterator
from typing import Any

from deployments.server.prefect_internals import is_unreachable

_MOST_CAUSES = 20
_LONGEST_REASON = 300
_NO_SOCKET = "The socket of the database is not there."
"""For an error that names no file."""


def reason_of_outage(error: BaseException | None) -> str | None:
    """What kept a server from answering, if this is why there was an error; else None."""
    for cause in _causes(error):
        if isinstance(cause, Exception) and (is_unreachable(cause) or _is_shut_down(cause)):
            reason = (
                _NO_SOCKET if isinstance(cause, FileNotFoundError) else f"{type(cause).__name__}: {cause}"
            )
            return reason.replace("\n", " ")[:_LONGEST_REASON]
    return None


def log_outages_in_a_line() -> None:
    """From now on, records of this process about an outage have its reason, and no traceback."""
    make = logging.getLogRecordFactory()

    def record(*arguments: Any, **options: Any) -> logging.LogRecord:
        made = make(*arguments, **options)
        if made.exc_info and (reason := reason_of_outage(made.exc_info[1])):
            # Not put together here: a message that its arguments do not fit is the handler's matter.
            reason = reason.replace("%", "%%") if made.args else reason
            made.msg, made.exc_info = f"{str(made.msg).strip()} {reason}", None
        return made

    logging.setLogRecordFactory(record)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it was made of, the last first: not what was just being handled, in which a fault may lie."""
    for _ in range(_MOST_CAUSES):
        if error is None:
            return
        yield error
        error = error.__cause__


def _is_shut_down(error: Exception) -> bool:
    """Whether PostgreSQL has ended a connection, or takes none at the moment."""
    asyncpg = sys.modules.get("asyncpg")  # whoever had such an error has imported it
    return asyncpg is not None and isinstance(
        error,
        (
            asyncpg.PostgresConnectionError,
            asyncpg.CannotConnectNowError,
            asyncpg.AdminShutdownError,
            asyncpg.CrashShutdownError,
        ),
    )
