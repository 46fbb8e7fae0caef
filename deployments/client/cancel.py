"""Cancelling a job, wherever it is in its life."""

import asyncio
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import State, StateType
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.states import Cancelled, Cancelling

from tasks.errors import SourceNotFoundError
from tasks.net.urls import mask_url
from tasks.recovery.ends import record_end


def cancel_job(client: SyncPrefectClient, job_id: UUID) -> bool:
    """Cancel a queued, waiting or running job; False if it had ended already.

    A job that no process runs is over at once: its document says so and its endpoint is notified. The worker of a
    running one ends the process, and the rest follows.

    Raises:
        SourceNotFoundError: the server has no such job.
    """
    try:
        run = client.read_flow_run(job_id)
    except ObjectNotFound as error:
        raise SourceNotFoundError(
            f"There is no job {job_id} on {mask_url(str(client.api_url))}.",
            hint="Its id is what `contraponto submit` printed.",
        ) from error
    except PrefectHTTPStatusError as error:
        if error.response.status_code != httpx.codes.INTERNAL_SERVER_ERROR:
            raise
        # The server cannot tell what the run holds, and no worker can be told either.
        end: State = Cancelled(message="Cancelled by its caller. The server cannot tell what the job holds.")
        client.set_flow_run_state(job_id, end, force=True)
        return True
    if run.state is not None and run.state.is_final():
        return False
    # Prefect refuses this state for a run that never started, and cancels it instead.
    client.set_flow_run_state(job_id, Cancelling(message="Cancelled by its caller."))
    state = client.read_flow_run(job_id).state
    if state is not None and state.type is StateType.CANCELLED:
        asyncio.run(_record_end(job_id, state))
    return True


async def _record_end(job_id: UUID, state: State) -> None:
    async with get_client() as client:
        await record_end(client, await client.read_flow_run(job_id), state)
