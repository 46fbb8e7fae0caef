"""`restore`: a backup into an empty home, or into servers of one's own."""

import json
from pathlib import Path
from typing import Annotated

import typer

from deployments.cli.options import JsonOption
from deployments.cli.output import console, print_json, say


def restore(
    folder: Annotated[Path, typer.Argument(help="What `contraponto backup` printed.")],
    as_json: JsonOption = False,
) -> None:
    """Restore a backup into what the settings name, where there is no data yet.

    The database of CONTRAPONTO_DATABASE_URL, the Redis of CONTRAPONTO_REDIS_URL and the store of CONTRAPONTO_STORE are
    filled where they are set, else those in CONTRAPONTO_HOME. Stop the installation that the backup is of first:
    jobs that it had not finished are started again here.
    """
    from deployments.backup.restore import restore as put_back

    with console.status("") as spinner:

        def report(line: str) -> None:
            spinner.update(line)
            say(line)

        remarks = put_back(folder, report)
    for remark in remarks:
        say(remark)
    if as_json:
        print_json(json.dumps({"remarks": remarks}))
    say("Restored. Start it: contraponto up")
