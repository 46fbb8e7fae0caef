"""`prefect server start`, tuned in some places for the one process that answers everybody.

    python -m deployments.embedded.serve [OPTIONS OF prefect server start]

- Other users of the machine, what a foreign page may have sent, what could not be given back, and what a proxy closes
  are refused, and a submit is answered before what workers and runs ask for (`deployments.guard`). Without these the
  server does not start.
- A worker that asks again hears again that there is no work, as long as nothing has happened
  (`deployments/guard/idle_polls.py`).
- Some 400,000 objects live as long as the server. Each full garbage collection would look at all of them, and for a
  fifth of a second no request would be answered. They are kept out of its way.
- Parameters that a job cannot use are refused in sentences (`deployments/server/refusals.py`).
- A stored value that no answer can hold is left out of answers, and a run that has one is not handed to workers: it
  has failed, for that reason, and its pool goes on (`deployments.server.stored_json`).
- While the database cannot be reached, workers and runs are told to wait for it, and the log says so in a line each
  time (`deployments/server/outages.py`).
- A server that hangs ends, so that the supervisor starts another (`deployments/processes/watchdog.py`).
- What has been found right once is not checked again, and times are written as Python's own
  (`deployments.server.prefect_internals`).
"""

import gc
import importlib
import logging
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from blocks.settings import get_settings
from deployments.guard import same_user
from deployments.guard.bodies import Bodies
from deployments.guard.callers_first import CallersFirst
from deployments.guard.door import Door
from deployments.guard.idempotency import Idempotency
from deployments.guard.idle_polls import IdlePolls
from deployments.guard.submits_only import SubmitsOnly
from deployments.processes.log_lines import JsonLines, wants_json
from deployments.processes.watchdog import Watched
from deployments.server.outages import log_outages_in_a_line
from deployments.server.prefect_internals import (
    WEBSERVER_ONLY_VARIABLE,
    check_each_schema_once,
    hand_out_only,
    have_clients_wait_for_the_database,
    read_each_address_once,
    read_stored_json_with,
    refuse_forms_in_sentences,
    refuse_in_sentences,
    serve_through,
    write_plain_times,
)
from deployments.server.stored_json import holds_left_out, read_json
from tasks.errors import ContrapontoError
from tasks.jobs.unreadable import UNREADABLE
from tasks.prefect_internals import PrefectMovedError
from tasks.recovery.ends import JOB_TAG

if TYPE_CHECKING:  # comes with Prefect's server
    from starlette.types import ASGIApp

logger = logging.getLogger("contraponto.serve")


_UNGUARDED = ("--workers", "--background", "-b")
"""Options with which Prefect starts its server in processes of its own, which know nothing of this one."""


_NO_SERVICES = "--no-services"

_OF_CALLERS = (JOB_TAG, "maintenance")
"""Tags of what callers submit: jobs, and housekeeping."""


def is_only_server() -> bool:
    """Whether all that is written passes through this process: where others answer, too, the services run elsewhere."""
    return WEBSERVER_ONLY_VARIABLE not in os.environ and _NO_SERVICES not in sys.argv


def guard(app: "ASGIApp") -> "ASGIApp":
    """What stands in front of Prefect's application, the outermost first."""
    settings = get_settings()
    answering: ASGIApp = CallersFirst(app)
    if is_only_server():
        answering = IdlePolls(answering)
    door = Door(
        Bodies(SubmitsOnly(Idempotency(answering, tags=_OF_CALLERS))),
        names=settings.server_names,
        origins=settings.server_origins,
    )
    return Watched(same_user.as_told(door))


def survive_what_is_stored() -> None:
    """From now on, no value in the database makes an answer an error, or a run of a pool wait for another's."""
    # First this: where Prefect does not allow it, nothing is left out, and no worker starts half of what was asked.
    hand_out_only(lambda given: UNREADABLE if holds_left_out(given) else None)
    read_stored_json_with(read_json)


def tune(*changes: Callable[[], None]) -> None:
    """Make these changes; one that this version of Prefect does not allow is left out, with a warning."""
    for change in changes:
        try:
            change()
        except PrefectMovedError as error:
            logger.warning("%s The server goes on without this.", error)


def write_json_lines() -> None:
    """Where lines are JSON, those of uvicorn are, too, of requests among them; it brings formatters of its own."""
    if wants_json():
        from uvicorn.config import LOGGING_CONFIG  # noqa: PLC0415 - after the garbage collector has been stopped

        LOGGING_CONFIG["formatters"] = {name: {"()": JsonLines} for name in LOGGING_CONFIG["formatters"]}


def prepare(*modules: str) -> None:
    """Make of this process what is said above, with these modules imported; what it has then is kept."""
    gc.disable()  # what imports make stays
    try:
        serve_through(guard)
        get_settings()
    except ContrapontoError as error:
        sys.exit(str(error))
    write_json_lines()
    log_outages_in_a_line()
    for module in modules:
        importlib.import_module(module)
    # Automations notify by it. Prefect finds it, too, but not where the package was installed before it was there.
    importlib.import_module("blocks.alerts")
    tune(survive_what_is_stored, check_each_schema_once, read_each_address_once, write_plain_times)
    tune(refuse_in_sentences, refuse_forms_in_sentences, have_clients_wait_for_the_database)
    gc.freeze()
    gc.enable()


def main() -> None:
    """Be Prefect's server until it is told to stop."""
    for option in _UNGUARDED:
        if any(argument.partition("=")[0] == option for argument in sys.argv[1:]):
            sys.exit(f"This server runs in one process, in the foreground: leave out {option}.")
    prepare("prefect.cli")
    command = importlib.import_module("prefect.cli").app
    sys.argv[1:1] = ["server", "start"]
    command()


if __name__ == "__main__":
    main()
