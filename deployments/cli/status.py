"""`status`: how far a job is."""

from typing import Annotated

import typer

from deployments.cli.options import JobArgument, JsonOption
from deployments.cli.output import finish, follow, show


def status(
    job_id: JobArgument,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Show the job until it ends.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show how far a job is and what it made; of a queued one its place and when it may begin.

    With --watch the exit code is that of the job: 0 if it completed, 1 if not.
    """
    from deployments.client.connection import connected
    from deployments.client.read import read_job_and_place

    with connected() as client:
        if watch:
            finish(follow(client, job_id), as_json=as_json)
            return
        document = read_job_and_place(client, job_id)
    show(document, as_json=as_json)
