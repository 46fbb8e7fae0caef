"""`health`: how the installation is, and what fixes it."""

import typer

from deployments.cli.options import JsonOption
from deployments.cli.output import console, print_json, say, show_checks


def health(as_json: JsonOption = False) -> None:
    """Say how server, database, workers, store and engines are, and what fixes them.

    Exit code 0 if all that jobs need is healthy, else 1. Of a server elsewhere (PREFECT_API_URL) it says what can be
    asked over the API.
    """
    from deployments.checks.check import State
    from deployments.checks.health import examine
    from deployments.client.connection import find_api
    from deployments.embedded.stack import EmbeddedStack

    found = examine(find_api(), EmbeddedStack.from_settings())
    if as_json:
        print_json(found.model_dump_json())
    else:
        say(f"API: {found.api_url}")
        show_checks(found.checks, console)
    if found.state != State.HEALTHY:
        raise typer.Exit(1)
