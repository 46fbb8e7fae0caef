"""`retry`: submit ended jobs again."""

import json

import typer

from deployments.cli.options import JobsArgument, JsonOption
from deployments.cli.output import print_json
from deployments.cli.several import Several


def retry(job_ids: JobsArgument, as_json: JsonOption = False) -> None:
    """Submit ended jobs again with their parameters; finished stages come from the cache. Prints the new ids.

    contraponto retry JOB_ID
    """
    from deployments.client.connection import connected
    from deployments.client.submit import retry_job

    several = Several()
    with connected() as client:
        retries = {}
        for job_id in job_ids:
            with several.each(job_id):
                retries[str(job_id)] = str(retry_job(client, job_id))
                if not as_json:
                    typer.echo(retries[str(job_id)])
    if as_json:
        print_json(json.dumps({"jobs": retries}))
    several.finish()
