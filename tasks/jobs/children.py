"""Jobs that a job has others do, each on its own pool, and whose ends it waits for.

Without workers (tests, `contraponto run`) the same jobs run within this process, some at a time.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from prefect import State, get_run_logger
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.context import FlowRunContext
from prefect.deployments import arun_deployment
from prefect.exceptions import ObjectNotFound, PrefectException

from tasks.errors import ContrapontoError
from tasks.jobs.artifacts import read_document
from tasks.jobs.document import JobDocument, JobStatus

_POLL_SECONDS = 2.0
_PAGE = 200
"""Runs that are asked for at once; the server gives no more."""
OF_ONE = (httpx.HTTPError, PrefectException, ContrapontoError, ValueError, OverflowError, RecursionError)
"""What may be wrong with one of many: the server refuses it, it cannot be understood, or it cannot be written."""

Ended = Callable[[int], None]
"""Told the number of a job that has ended."""


@dataclass(frozen=True)
class Child:
    """A job that is wanted."""

    name: str
    """The same for the same work, also when the job that wants it is started again."""
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class EndedChild:
    """How a job ended."""

    job_id: str | None
    """None: it did not even become one."""
    document: JobDocument | None
    """Of one that completed."""
    error: str = ""
    error_code: str = ""


async def do_jobs(
    deployment: str, here: Any, children: Sequence[Child], max_concurrent: int, ended: Ended
) -> list[EndedChild]:
    """Has the jobs done and gives their ends, in their order; one that fails stops no other.

    Args:
        deployment: `flow/deployment` that the workers know.
        here: Its flow, for a process without workers.
        children: The jobs.
        max_concurrent: How many this process does at a time. Of others the workers decide.
        ended: Called at each end.
    """
    context = FlowRunContext.get()
    job = context.flow_run if context else None
    if job is not None and job.deployment_id is not None:
        try:
            return await _by_workers(deployment, children, job, ended)
        except ObjectNotFound:
            get_run_logger().warning("There is no deployment %s here: the job does it itself.", deployment)
    places = asyncio.Semaphore(max_concurrent)

    async def one(number: int, child: Child) -> EndedChild:
        async with places:
            made = await _here(here, child)
        ended(number)
        return made

    return list(await asyncio.gather(*(one(number, each) for number, each in enumerate(children))))


async def _here(run: Any, child: Child) -> EndedChild:
    try:
        state: State[Any] = await run(**child.parameters, return_state=True)
        outcome = await state.aresult(raise_on_failure=False)
    except OF_ONE as error:
        return EndedChild(
            None, None, f"It could not be made a job ({type(error).__name__}): {error}"[:1000], "internal"
        )
    job_id = str(state.state_details.flow_run_id)
    if isinstance(outcome, JobDocument):
        return EndedChild(job_id, outcome)
    if isinstance(outcome, ContrapontoError):
        return EndedChild(job_id, None, str(outcome), outcome.code)
    return EndedChild(
        job_id, None, f"An unexpected error ended its job ({type(outcome).__name__}).", "internal"
    )


async def _by_workers(
    deployment: str, children: Sequence[Child], job: FlowRun, ended: Ended
) -> list[EndedChild]:
    made: dict[int, EndedChild] = {}
    async with get_client() as client:
        going_on: dict[UUID, int] = {}
        for number, child in enumerate(children):
            try:
                run = await arun_deployment(
                    deployment,
                    client=client,
                    parameters=dict(child.parameters),
                    # A job that is started again finds the runs of its first life.
                    idempotency_key=f"{job.id} {child.name}",
                    timeout=0,
                )
            except ObjectNotFound:
                raise
            except (httpx.HTTPError, PrefectException) as error:
                made[number] = EndedChild(
                    None, None, f"It could not be made a job: {error}"[:1000], "internal"
                )
                ended(number)
                continue
            going_on[run.id] = number
        while going_on:
            await asyncio.sleep(_POLL_SECONDS)
            try:
                over = await _over(client, list(going_on))
            except (httpx.HTTPError, PrefectException) as error:
                get_run_logger().warning("The jobs could not be polled: %s", error)
                continue
            for run_id, end in over.items():
                number = going_on.pop(run_id)
                made[number] = end
                ended(number)
    return [made[number] for number in range(len(children))]


async def _over(client: PrefectClient, runs: list[UUID]) -> dict[UUID, EndedChild]:
    """The ends of those runs that are over."""
    known: dict[UUID, FlowRun] = {}
    for start in range(0, len(runs), _PAGE):
        some = runs[start : start + _PAGE]
        found = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=some)), limit=len(some)
        )
        known |= {run.id: run for run in found}
    over: dict[UUID, EndedChild] = {}
    for run_id in runs:
        run = known.get(run_id)
        if run is None:
            over[run_id] = EndedChild(str(run_id), None, "Its job was deleted.", "internal")
        elif run.state is not None and run.state.is_final():
            over[run_id] = _end(await _document(client, run_id), run)
    return over


async def _document(client: PrefectClient, run: UUID) -> JobDocument | None:
    try:
        return await read_document(client, run)
    except ValueError as error:  # no document of this version
        get_run_logger().warning("The document of the job %s cannot be read: %s", run, error)
        return None


def _end(document: JobDocument | None, run: FlowRun) -> EndedChild:
    job_id = str(run.id)
    if (
        run.state_type is StateType.COMPLETED
        and document is not None
        and document.status is JobStatus.COMPLETED
    ):
        return EndedChild(job_id, document)
    message = run.state.message if run.state is not None else None
    usual = {StateType.CANCELLED: "cancelled", StateType.CRASHED: "crashed"}
    code = usual.get(run.state_type or StateType.FAILED, "internal")
    error = (document.error if document else None) or message or "Its job gave no reason."
    return EndedChild(job_id, None, error, (document.error_code if document else None) or code)
