"""The shortest job there is: document, artifacts, log and webhook, and nothing to do."""

from prefect import get_run_logger
from pydantic import BaseModel

from flows.job import job_flow
from tasks.jobs.tracker import current_job


class ShortResult(BaseModel):
    """What the job was for."""

    number: int


class ShortOutcome(BaseModel):
    """What the job adds to its document."""

    result: ShortResult


@job_flow(operation="short-job", stages=("work",))
async def short_job(number: int) -> ShortOutcome:
    """Does nothing.

    Args:
        number: What it gives back.
    """
    with current_job().stage("work"):
        get_run_logger().info("This is the job number %s.", number)
    return ShortOutcome(result=ShortResult(number=number))
