"""The log of a job, as the server keeps it."""

import time
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.sorting import LogSort
from pydantic import BaseModel

from deployments.client.read import read_run

_PAGE = 200
_LOOK_SECONDS = 1.0
_AFTER_THE_END_SECONDS = 3.0
"""Lines reach the server in batches, so the last ones come after the end of the job."""


class LogLine(BaseModel):
    """One line."""

    time: datetime
    level: int
    logger: str
    message: str


def job_log(client: SyncPrefectClient, job_id: UUID, *, follow: bool = False) -> Iterator[LogLine]:
    """The lines so far, oldest first; with `follow` also those that come until the job has ended.

    Raises:
        SourceNotFoundError: the server has no such job.
    """
    told = 0
    deadline: float | None = None
    while True:
        state = read_run(client, job_id).state
        if deadline is None and state is not None and state.is_final():
            deadline = time.monotonic() + _AFTER_THE_END_SECONDS
        while page := client.read_logs(
            LogFilter(flow_run_id=LogFilterFlowRunId(any_=[job_id])),
            limit=_PAGE,
            offset=told,
            sort=LogSort.TIMESTAMP_ASC,
        ):
            told += len(page)
            for entry in page:
                yield LogLine(
                    time=entry.timestamp, level=entry.level, logger=entry.name, message=entry.message
                )
        if not follow or (deadline is not None and time.monotonic() > deadline):
            return
        time.sleep(_LOOK_SECONDS)
