"""`up`: start the services on this machine."""

import json
import signal
import threading
import time
from types import FrameType
from typing import Annotated

import typer

from deployments.cli.options import JsonOption
from deployments.cli.output import console, print_json, say


def up(
    foreground: Annotated[
        bool,
        typer.Option(
            "--foreground",
            help="Stay, for an init system: what was given up is retried, and SIGTERM or Ctrl-C stops everything.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Start the services on this machine and prepare the server; repair what has died.

    PostgreSQL, Valkey, Prefect's server (port 4200 or the next free one), the model host and the workers start in
    the background under a supervisor, which restarts what dies, and stay until `contraponto down`. Their logs
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
    from deployments.processes.log_lines import line_of_now

    stack, stop = EmbeddedStack.from_settings(), threading.Event()

    def report(line: str) -> None:
        # What an init system keeps is a log, as those of the services are.
        if stack.settings.log_format == "json":
            typer.echo(line_of_now("INFO", "up", line), err=True)
        else:
            say(line)

    def stop_all(number: int, _frame: FrameType | None) -> None:
        report("stopping everything")
        stop.set()
        signal.signal(number, signal.SIG_DFL)  # a second one is meant so

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop_all)
    stack.keep_up(stop, report)
