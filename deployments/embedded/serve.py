"""`prefect server start`, tuned in some places for the one process that answers everybody.

    python -m deployments.embedded.serve [OPTIONS OF prefect server start]

- Some 400,000 objects live as long as the server. Each full garbage collection would look at all of them, and for a
  fifth of a second no request would be answered. They are kept out of its way.
- A submit is answered before what workers and runs ask for (`callers_first.py`).
- What has been found right once is not checked again, and times are written as Python's own
  (`deployments.server.prefect_internals`).
"""

import gc
import importlib
import logging
import sys
from collections.abc import Callable

from deployments.embedded.callers_first import CallersFirst
from deployments.server.prefect_internals import (
    check_each_schema_once,
    read_each_address_once,
    serve_through,
    write_plain_times,
)
from tasks.prefect_internals import PrefectMovedError

logger = logging.getLogger("contraponto.serve")


def answer_callers_first() -> None:
    """From now on, the application that Prefect serves lets submits pass; what it calls within itself does not wait."""
    serve_through(CallersFirst)


def tune(*changes: Callable[[], None]) -> None:
    """Make these changes; one that this version of Prefect does not allow is left out, with a warning."""
    for change in changes:
        try:
            change()
        except PrefectMovedError as error:
            logger.warning("%s The server goes on without this.", error)


def main() -> None:
    """Be Prefect's server until it is told to stop."""
    gc.disable()  # what imports make stays
    tune(answer_callers_first)
    command = importlib.import_module("prefect.cli").app
    tune(check_each_schema_once, read_each_address_once, write_plain_times)
    gc.freeze()
    gc.enable()
    sys.argv[1:1] = ["server", "start"]
    command()


if __name__ == "__main__":
    main()
