"""`cancel`: end jobs before their time."""

import json

from deployments.cli.options import JobsArgument, JsonOption
from deployments.cli.output import print_json, say


def cancel(job_ids: JobsArgument, as_json: JsonOption = False) -> None:
    """Cancel jobs, queued or running. One that has ended stays as it is.

    contraponto cancel JOB_ID
    """
    from deployments.client.cancel import cancel_job
    from deployments.client.connection import connected

    with connected() as client:
        cancelled = {str(job_id): cancel_job(client, job_id) for job_id in job_ids}
    if as_json:
        print_json(json.dumps({"cancelled": cancelled}))
        return
    for job_id, done in cancelled.items():
        say(f"{job_id}: {'is being cancelled' if done else 'had ended already'}")
