"""`factory-reset`: remove every file and every ended job, done by a worker of the server."""

from typing import Annotated

import typer

from deployments.cli.options import JsonOption
from deployments.cli.submit import submit


def factory_reset(
    confirmation: Annotated[
        str, typer.Option(prompt="This removes every file and every ended job. Type: remove everything")
    ],
    force: Annotated[
        bool, typer.Option("--force", help="Cancel the jobs that wait or run, and wait for their end, first.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove every stored file and every ended job; refused while jobs wait or run. Models and settings stay.

    contraponto factory-reset --confirmation "remove everything"
    """
    parameters = [f"confirmation={confirmation}", f"force={str(force).lower()}"]
    submit("factory-reset", parameters, wait=True, as_json=as_json)
