"""`submit`: hand a job to the server."""

from typing import Annotated

import typer

from deployments.cli.options import FileOption, JsonOption, ParameterOption
from deployments.cli.output import finish, follow, print_json, say
from deployments.server.pools import Priority


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
            finish(follow(client, job_id), as_json=as_json)
        elif as_json:
            print_json(read_job_and_place(client, job_id).model_dump_json())
        else:
            typer.echo(job_id)
            say(f"Watch it: contraponto status {job_id} --watch")
