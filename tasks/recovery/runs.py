"""Flow runs of a server, however many there are."""

import itertools
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort

PAGE = 200
"""Runs that the server gives at a time, at most."""

FINAL = [StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED]


async def all_runs(client: PrefectClient, wanted: FlowRunFilter) -> list[FlowRun]:
    """Every run that the filter finds."""
    found: dict[UUID, FlowRun] = {}  # a run that comes in between two pages shows another one twice
    for offset in itertools.count(0, PAGE):
        page = await client.read_flow_runs(
            flow_run_filter=wanted, sort=FlowRunSort.ID_DESC, limit=PAGE, offset=offset
        )
        found |= {run.id: run for run in page}
        if len(page) < PAGE:
            break
    return list(found.values())
