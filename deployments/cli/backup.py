"""`backup`: everything that matters of an installation, in one folder."""

import json
from pathlib import Path
from typing import Annotated

import typer

from deployments.cli.options import JsonOption
from deployments.cli.output import console, print_json, say


def backup(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Where the backup gets a folder of its own; backups in CONTRAPONTO_HOME if not given."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Back up jobs, messages, files, records and settings, while everything goes on.

    Prints the folder of the backup: database, message bus, media store, record store, settings and credentials, as
    far as they lie on this machine, with digests of all. It holds secrets, and only you can read it.
    """
    from deployments.backup.make import backup as make
    from deployments.embedded.stack import EmbeddedStack

    stack = EmbeddedStack.from_settings()
    target = (folder or stack.surroundings.home / "backups").expanduser().absolute()
    with console.status("") as spinner:

        def report(line: str) -> None:
            spinner.update(line)
            say(line)

        made = make(stack, target, report)
    if folder is None:
        say("It lies on the same disk as the data: copy it to another one.")
    if as_json:
        print_json(json.dumps({"backup": str(made)}))
    else:
        typer.echo(made)
