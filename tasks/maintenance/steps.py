"""Old runs on the Prefect server, with their artifacts and logs."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.types import DateTime

from tasks.errors import InvalidInputError
from tasks.maintenance.report import Removed
from tasks.webhooks.steps import DELIVERY

_PAGE = 100
_ENDED = [StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED]
_AT_WORK = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]


async def remove_runs(older_than: timedelta, *, undelivered: bool, dry_run: bool) -> list[Removed]:
    """Runs that ended longer ago, their artifacts, and with them their logs.

    Webhook messages that were not delivered stay unless `undelivered`: somebody may want to send them anew.
    """
    runs = artifacts = kept = 0
    ended = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_ENDED)),
        end_time=FlowRunFilterEndTime(
            before_=DateTime.fromisoformat((datetime.now(UTC) - older_than).isoformat())
        ),
    )
    async with get_client() as client:
        deliveries = await _deliveries(client)
        while page := await client.read_flow_runs(
            flow_run_filter=ended, sort=FlowRunSort.END_TIME_DESC, limit=_PAGE, offset=kept
        ):
            for run in page:
                if not undelivered and run.flow_id == deliveries and not _is_dealt_with(run):
                    kept += 1
                    continue
                artifacts += await _remove_artifacts(client, run.id, dry_run=dry_run)
                runs += 1
                if dry_run:
                    kept += 1
                else:
                    await _remove_run(client, run.id)
    return [Removed(what="runs", count=runs), Removed(what="artifacts", count=artifacts)]


async def refuse_while_jobs_run(but: UUID) -> None:
    """Raises InvalidInputError if any run but this one is at work."""
    async with get_client() as client:
        found = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_AT_WORK))
            ),
            limit=_PAGE,
        )
    others = [run for run in found if run.id != but]
    if others:
        raise InvalidInputError(
            f"{len(others)} {'run is' if len(others) == 1 else 'runs are'} at work, {others[0].id} for one.",
            hint="Wait for their end, cancel them, or say force=true.",
        )


async def _deliveries(client: PrefectClient) -> UUID | None:
    found = await client.read_flows(
        flow_filter=FlowFilter(name=FlowFilterName(any_=[DELIVERY.partition("/")[0]]))
    )
    return found[0].id if found else None


def _is_dealt_with(run: FlowRun) -> bool:
    return run.state_type is StateType.COMPLETED or "replayed" in run.tags


async def _remove_artifacts(client: PrefectClient, run: UUID, *, dry_run: bool) -> int:
    """The server keeps the artifacts of runs that are gone."""
    count = 0
    of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]))
    while page := await client.read_artifacts(
        artifact_filter=of_run, limit=_PAGE, offset=count if dry_run else 0
    ):
        count += len(page)
        for artifact in page:
            if not dry_run:
                await client.delete_artifact(artifact.id)
    return count


async def _remove_run(client: PrefectClient, run: UUID) -> None:
    try:
        await client.delete_flow_run(run)
    except ObjectNotFound:  # another clean-up was faster
        return
