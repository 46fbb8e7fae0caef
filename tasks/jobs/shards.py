"""A job's work in shards: each is offered to the workers as a run of its own, and the job does what nobody took.

The job never waits for a free worker: while others do their shards it does one itself, and then, one after the
other, those that no worker has begun. So a full pool cannot hold jobs that wait for each other, and without any
worker (tests, a run in one process) the job does everything. A shard whose run fails or is lost is done again by
the job; what the lost run had finished is found in the cache.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import httpx
from prefect import get_run_logger
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.context import FlowRunContext
from prefect.deployments import arun_deployment
from prefect.exceptions import ObjectNotFound, PrefectException
from prefect.states import Cancelled
from pydantic import BaseModel

from tasks.errors import ContrapontoError
from tasks.jobs.artifacts import read_document
from tasks.jobs.background import beside

_POLL_SECONDS = 1.0
_STARTING_SECONDS = 120.0
"""A run that a worker took and did not begin within this time is lost with its worker."""

Result = TypeVar("Result", bound=BaseModel)
Work = Callable[[int], Awaitable[Result]]
"""Does the shard of that number in this process."""


async def do_shards(
    deployment: str,
    parameters: Sequence[dict[str, Any]],
    here: Work[Result],
    result: type[Result],
    progress: Callable[[int, float], None],
) -> list[Result | ContrapontoError]:
    """The results of all shards in their order; in the place of one that could not be done, the error.

    `deployment` (`flow/deployment`) is a job whose document holds a `result`; `parameters` has those of each shard.
    `progress` is called with the number of a shard and how far (0 to 1) it is.
    """
    async with get_client() as client:
        offers = await _offer(client, deployment, parameters)
        results: dict[int, Result | ContrapontoError] = {}
        own = [number for number in range(len(parameters)) if number not in offers]
        elsewhere = _Offers(client, offers, result, progress)
        async with beside(elsewhere.keep_polling()):
            while len(results) < len(parameters):
                # What others have done first: a lost shard comes back into our hands.
                for number, made in elsewhere.ended():
                    if made is None:
                        own.append(number)
                    else:
                        results[number] = made
                if not own and (number_back := await elsewhere.take_back()) is not None:
                    own.append(number_back)
                if own:
                    number = own.pop(0)
                    results[number] = await _done_here(here, number)
                elif len(results) < len(parameters):
                    await asyncio.sleep(_POLL_SECONDS)
    return [results[number] for number in range(len(parameters))]


async def _done_here(here: Work[Result], number: int) -> Result | ContrapontoError:
    try:
        return await here(number)
    except ContrapontoError as error:
        if error.code == "cancelled":
            raise
        return error


async def _offer(
    client: PrefectClient, deployment: str, parameters: Sequence[dict[str, Any]]
) -> dict[int, UUID]:
    """The runs of all shards but the first, by the shard's number; none if this run has no workers."""
    context = FlowRunContext.get()
    job = context.flow_run if context else None
    if job is None or job.deployment_id is None:
        return {}
    offers: dict[int, UUID] = {}
    try:
        for number in range(1, len(parameters)):
            run = await arun_deployment(
                deployment,
                client=client,
                parameters=parameters[number],
                flow_run_name=f"{job.name}, shard {number + 1} of {len(parameters)}",
                work_queue_name=job.work_queue_name,
                # A job that is started again finds the shards of its first life.
                idempotency_key=f"{job.id} shard {number}",
                timeout=0,
            )
            offers[number] = run.id
    except ObjectNotFound:
        get_run_logger().warning(
            "There is no deployment %s here: the job does all shards itself.", deployment
        )
    return offers


class _Offers(Generic[Result]):
    """The shards that were offered to the workers."""

    def __init__(
        self,
        client: PrefectClient,
        runs: dict[int, UUID],
        result: type[Result],
        progress: Callable[[int, float], None],
    ) -> None:
        self._client = client
        self._open = dict(runs)
        self._result = result
        self._progress = progress
        self._known: dict[UUID, FlowRun] = {}
        self._ended: list[tuple[int, Result | None]] = []

    def ended(self) -> list[tuple[int, Result | None]]:
        """The shards that have ended since the last call; with None those that have to be done again."""
        ended, self._ended = self._ended, []
        return ended

    async def take_back(self) -> int | None:
        """A shard that no worker has begun; from now on none will."""
        await self._poll()
        # From the end: workers take them from the beginning.
        for number, run_id in reversed(self._open.items()):
            run = self._known.get(run_id)
            if run is not None and run.state_type is StateType.SCHEDULED:
                await self._client.set_flow_run_state(run_id, Cancelled(message="The job does it itself."))
                del self._open[number]
                return number
        return None

    async def keep_polling(self) -> None:
        """Polls the runs until all have ended."""
        while self._open:
            await asyncio.sleep(_POLL_SECONDS)
            try:
                await self._poll()
            except (httpx.HTTPError, PrefectException) as error:
                get_run_logger().warning("The shards could not be polled: %s", error)

    async def _poll(self) -> None:
        if not self._open:
            return
        found = await self._client.read_flow_runs(
            flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=list(self._open.values()))),
            limit=len(self._open),
        )
        self._known = {run.id: run for run in found}
        for number, run_id in list(self._open.items()):
            run = self._known.get(run_id)
            if run is None or (run.state is not None and run.state.is_final()) or _is_stuck(run):
                try:
                    made = await self._made_by(number, run)
                except ValueError as error:  # no document, or not of this kind of work
                    get_run_logger().warning("Shard %d cannot be understood: %s", number + 1, error)
                    made = None
                # Somebody may have taken it back meanwhile.
                if self._open.pop(number, None) is not None:
                    self._ended.append((number, made))
            elif run.state_type is StateType.RUNNING:
                document = await read_document(self._client, run_id)
                self._progress(number, document.overall_progress / 100 if document else 0.0)

    async def _made_by(self, number: int, run: FlowRun | None) -> Result | None:
        if run is not None and run.state_type is StateType.COMPLETED:
            document = await read_document(self._client, run.id)
            if document is not None and document.result is not None:
                self._progress(number, 1.0)
                return self._result.model_validate(document.result)
        reason = run.state.message if run is not None and run.state is not None else "its run is gone"
        get_run_logger().warning("Shard %d is lost (%s): the job does it again.", number + 1, reason)
        return None


def _is_stuck(run: FlowRun) -> bool:
    if run.state_type is not StateType.PENDING or run.state is None:
        return False
    return (datetime.now(UTC) - run.state.timestamp).total_seconds() > _STARTING_SECONDS
