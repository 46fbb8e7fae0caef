"""`logs`: what a job has logged."""

from typing import Annotated

import typer

from deployments.cli.options import JobArgument, JsonOption
from deployments.cli.output import print_json
from tasks.foreign_text import printable

_LEVELS = ((40, "ERROR"), (30, "WARNING"), (20, "INFO"), (0, "DEBUG"))


def logs(
    job_id: JobArgument,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print the log of a job; with --json one object a line.

    contraponto logs JOB_ID --follow
    """
    from deployments.client.connection import connected
    from deployments.client.logs import job_log

    try:
        with connected() as client:
            for line in job_log(client, job_id, follow=follow):
                if as_json:
                    print_json(line.model_dump_json())
                    continue
                level = next(name for least, name in _LEVELS if line.level >= least)
                typer.echo(f"{line.time.astimezone():%H:%M:%S} {level:<7} {printable(line.message)}")
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
