"""`health`: how the installation is, and what mends it."""

import typer

from deployments.cli.options import JsonOption
from deployments.cli.output import console, print_json, say


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
