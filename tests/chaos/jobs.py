"""Jobs that end in every way; the chaos test copies this file into the flows of a project of its own."""

import asyncio
import os
import signal
from typing import Literal

from pydantic import BaseModel, JsonValue

from flows.job import job_flow
from tasks.errors import InvalidInputError
from tasks.jobs.tracker import current_job


class Outcome(BaseModel):
    result: dict[str, JsonValue]


@job_flow(operation="end-somehow", stages=["work"])
async def end_somehow(way: Literal["complete", "fail", "wait", "die"]) -> Outcome:
    """Ends in the way that is asked for; `wait` until it is cancelled or out of time."""
    with current_job().stage("work"):
        if way == "fail":
            raise InvalidInputError("It was to fail.")
        if way == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if way == "wait":
            await asyncio.sleep(600)
    return Outcome(result={"way": way})
