"""`cleanup`: remove what is old, done by a worker of the server."""

from typing import Annotated

import typer

from deployments.cli.options import JsonOption
from deployments.cli.submit import submit


def cleanup(
    max_age_hours: Annotated[
        float | None,
        typer.Option(min=0.01, help="Age of ended jobs that go; else CONTRAPONTO_QUEUE_JOB_TTL."),
    ] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Stored files of that age go too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Remove nothing, only count.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove old results, scratch files, stored files and ended jobs, and say how many. Happens daily by itself.

    contraponto cleanup --max-age-hours 168 --deep --dry-run
    """
    parameters = [f"deep={str(deep).lower()}", f"dry_run={str(dry_run).lower()}"]
    if max_age_hours is not None:
        parameters.append(f"max_age_hours={max_age_hours}")
    submit("cleanup", parameters, wait=True, as_json=as_json)
