"""`submit` and `status`: jobs on a server."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from deployments.cli.output import console, print_json, say
from deployments.cli.run import FileOption, ParameterOption
from deployments.cli.up import JsonOption
from deployments.server.pools import Priority

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

    from tasks.jobs.document import JobDocument


def submit(
    deployment: Annotated[str, typer.Argument(help="A deployment of prefect.yaml, such as transcribe.")],
    param: ParameterOption = None,
    params: FileOption = None,
    priority: Annotated[
        Priority | None,
        typer.Option(help="The queue that the job waits in; else its parameter priority says."),
    ] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(help="Submitting again with the same key gives the same job.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Show the job until it ends.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Hand a job to the server; its workers run it. Prints the job's id, or with --wait its job document.

    contraponto submit transcribe -p youtube_url=https://example.org/talk.mp3 --priority high --wait
    """
    from deployments.client.connection import connected
    from deployments.client.parameters import parse_parameters
    from deployments.client.read import read_job_and_place
    from deployments.client.submit import submit_job

    parameters = parse_parameters(param or [], params)
    with connected() as client:
        job_id = submit_job(
            client, deployment, parameters, priority=priority, idempotency_key=idempotency_key
        )
        if wait:
            say(f"job {job_id}")
            finish(_watched(client, job_id), as_json=as_json)
        elif as_json:
            print_json(read_job_and_place(client, job_id).model_dump_json())
        else:
            typer.echo(job_id)
            say(f"Watch it: contraponto status {job_id} --watch")


def status(
    job_id: Annotated[UUID, typer.Argument(help="What `submit` printed.")],
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
            finish(_watched(client, job_id), as_json=as_json)
            return
        document = read_job_and_place(client, job_id)
    show(document, as_json=as_json)


def finish(document: "JobDocument", *, as_json: bool) -> None:
    """Print the document of a job that ended; leave with exit code 1 unless it completed."""
    show(document, as_json=as_json)
    if document.status != "completed":
        raise typer.Exit(1)


def show(document: "JobDocument", *, as_json: bool) -> None:
    """Print a job document, for a program or for a person."""
    if as_json:
        print_json(document.model_dump_json())
        return
    from deployments.cli.summary import summary

    for line in summary(document):
        typer.echo(line)


def _watched(client: "SyncPrefectClient", job_id: UUID) -> "JobDocument":
    from deployments.cli.stage_display import stage_display
    from deployments.client.read import follow_job

    try:
        with stage_display(console) as display:
            return follow_job(client, job_id, display.show)
    except KeyboardInterrupt:
        say(f"The job goes on. Watch it again: contraponto status {job_id} --watch")
        raise typer.Exit(130) from None
