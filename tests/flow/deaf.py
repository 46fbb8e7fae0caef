"""A job whose loop stands still: neither its time limit nor a signal ends it."""

import os
import time
from pathlib import Path

from pydantic import BaseModel

from flows.job import job_flow


class Nothing(BaseModel):
    """What the job makes."""


@job_flow(operation="deaf", stages=("work",), time_limit=0.01)
async def deaf(pid_file: str, deaf: bool = True) -> Nothing:
    """Stands still.

    Args:
        pid_file: Where it says which process it is.
        deaf: Whether it does; else it ends at once.
    """
    if deaf:
        Path(pid_file).write_text(str(os.getpid()))
        time.sleep(600)  # noqa: ASYNC251 - what the test is about
    return Nothing()
