"""The log of a job, as the server keeps it."""

import itertools
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId, LogFilterTimestamp
from prefect.client.schemas.objects import Log
from prefect.client.schemas.sorting import LogSort
from prefect.types import DateTime
from pydantic import BaseModel

from deployments.client.read import read_run

_PAGE = 200
_LOOK_SECONDS = 1.0
_AFTER_THE_END_SECONDS = 3.0
"""Lines reach the server in batches, so the last ones come after the end of the job."""

_LATE = timedelta(seconds=60)
"""Worker and job send their lines apart: one that is older than the last may come after it."""


class LogLine(BaseModel):
    """One line."""

    time: datetime
    level: int
    logger: str
    message: str


def job_log(client: SyncPrefectClient, job_id: UUID, *, follow: bool = False) -> Iterator[LogLine]:
    """The lines so far, oldest first; with `follow` also those that come until the job has ended, each once.

    Raises:
        SourceNotFoundError: the server has no such job.
    """
    told: dict[UUID, datetime] = {}
    deadline: float | None = None
    while True:
        state = read_run(client, job_id).state
        if deadline is None and state is not None and state.is_final():
            deadline = time.monotonic() + _AFTER_THE_END_SECONDS
        since = max(told.values()) - _LATE if told else None
        for entry in _read(client, job_id, since):
            if entry.id not in told:
                told[entry.id] = entry.timestamp
                yield LogLine(
                    time=entry.timestamp, level=entry.level, logger=entry.name, message=entry.message
                )
        if since is not None:
            told = {identifier: at for identifier, at in told.items() if at >= since}
        if not follow or (deadline is not None and time.monotonic() > deadline):
            return
        time.sleep(_LOOK_SECONDS)


def _read(client: SyncPrefectClient, job_id: UUID, since: datetime | None) -> Iterator[Log]:
    wanted = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[job_id]))
    if since is not None:
        wanted.timestamp = LogFilterTimestamp(after_=DateTime.fromisoformat(since.isoformat()))
    for offset in itertools.count(0, _PAGE):
        page = client.read_logs(wanted, limit=_PAGE, offset=offset, sort=LogSort.TIMESTAMP_ASC)
        yield from page
        if len(page) < _PAGE:
            return
