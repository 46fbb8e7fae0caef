"""`cancel`: end jobs before their time."""

import json

from deployments.cli.options import JobsArgument, JsonOption
from deployments.cli.output import print_json, say
from deployments.cli.several import Several


def cancel(job_ids: JobsArgument, as_json: JsonOption = False) -> None:
    """Cancel jobs, queued or running. One that has ended stays as it is.

    contraponto cancel JOB_ID
    """
    from deployments.client.cancel import cancel_job
    from deployments.client.connection import connected

    several = Several()
    cancelled = {}
    with connected() as client:
        for job_id in job_ids:
            with several.each(job_id):
                cancelled[str(job_id)] = cancel_job(client, job_id)
    if as_json:
        print_json(json.dumps({"cancelled": cancelled}))
    else:
        for shown, done in cancelled.items():
            say(f"{shown}: {'is being cancelled' if done else 'had ended already'}")
    several.finish()
