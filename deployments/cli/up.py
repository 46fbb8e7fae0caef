"""`up`, `down`, `health`: the services on this machine."""

import json
import signal
import threading
import time
from types import FrameType
from typing import Annotated

import typer

from deployments.cli.output import console, print_json, say

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else there.")]


def up(
    foreground: Annotated[
        bool,
        typer.Option(
            "--foreground",
            help="Stay, for an init system: what was given up is tried again, and SIGTERM or Ctrl-C stops everything.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Start the services on this machine and prepare the server; repair what has died.

    PostgreSQL, Valkey, Prefect's server (port 4200 or the next free one), the model host and the workers start in
    the background under a supervisor, which starts again what dies, and stay until `contraponto down`. Their logs
    are in the folder `logs` of CONTRAPONTO_HOME.
    """
    if foreground:
        if as_json:
            raise typer.BadParameter("--json and --foreground exclude each other: leave one out.")
        _stay_up()
        return
    from deployments.embedded.authentication import credentials_file
    from deployments.embedded.stack import EmbeddedStack

    start = time.monotonic()
    stack = EmbeddedStack.from_settings()
    with console.status("") as spinner:

        def report(line: str) -> None:
            spinner.update(line)
            say(f"{time.monotonic() - start:5.1f} s  {line}")

        status = stack.up(report)
    if as_json:
        print_json(
            json.dumps(
                {
                    "ui_url": status.ui_url,
                    "api_url": status.api_url,
                    "services": {
                        name: {"state": state.state, "pid": state.pid, "port": state.port}
                        for name, state in status.services.items()
                    },
                }
            )
        )
    say(f"Up. Web page: {status.ui_url}   API: {status.api_url}")
    if status.api and status.api.auth and not stack.settings.api_auth:
        say(f"Its credentials (user:password) are in {credentials_file(stack.surroundings.home)}")
    say("Submit a job: contraponto submit transcribe -p youtube_url=URL --wait")


def _stay_up() -> None:
    from deployments.embedded.stack import EmbeddedStack

    stop = threading.Event()

    def heard(number: int, _frame: FrameType | None) -> None:
        say("stopping everything")
        stop.set()
        signal.signal(number, signal.SIG_DFL)  # a second one is meant so

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, heard)
    EmbeddedStack.from_settings().keep_up(stop, say)


def down(as_json: JsonOption = False) -> None:
    """Stop the services that `up` started on this machine. Data, models and finished jobs stay."""
    from deployments.embedded.stack import EmbeddedStack

    stopped = EmbeddedStack.from_settings().down(say)
    if as_json:
        print_json(json.dumps({"stopped": stopped}))
    say(f"Down: {stopped} services stopped." if stopped else "Nothing was running.")


def health(as_json: JsonOption = False) -> None:
    """Say how server, database, workers, store and engines are, and what mends them.

    Exit code 0 if all that jobs need is healthy, else 1. Of a server elsewhere (PREFECT_API_URL) it tells what
    can be asked over the API.
    """
    from deployments.checks.health import State, examine
    from deployments.client.connection import find_api
    from deployments.embedded.stack import EmbeddedStack

    found = examine(find_api(), EmbeddedStack.from_settings())
    if as_json:
        print_json(found.model_dump_json())
    else:
        colours = {State.HEALTHY: "green", State.DEGRADED: "yellow", State.DOWN: "red"}
        say(f"API: {found.api_url}")
        for check in found.checks:
            console.print(f"  {check.state:<9}", style=colours[check.state], end="")
            say(f"{check.subject}: {check.remark}")
            if check.mend:
                say(f"           -> {check.mend}")
    if found.state != State.HEALTHY:
        raise typer.Exit(1)
