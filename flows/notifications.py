"""Webhook messages, and what brings jobs to their end by itself."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from prefect import State, flow
from prefect.runtime import flow_run
from prefect.states import Completed
from pydantic import Field

from blocks.settings import get_settings
from flows.parameters import WebhookUrl
from tasks.jobs.correlation import correlated
from tasks.jobs.slots import NoSlotError, free_if_nobodys, slot
from tasks.recovery.reconciliation import reconcile
from tasks.webhooks.deliver import deliver
from tasks.webhooks.message import MessageReference, WebhookMessage

_END_JOBS = "end-jobs"
_WAIT_SECONDS = 5.0
_LONGEST = timedelta(minutes=15)
"""`end-jobs` takes seconds."""
WebhookId = Annotated[str, Field(min_length=1, max_length=200)]


# Neither has a result that anybody reads. Where none is said to be kept and no place is named, Prefect asks the server
# for both before each run; once from within the event loop, which stands still until the answer, and with it every
# other delivery of the process.
_NO_RESULT: Any = {"persist_result": False, "result_storage": get_settings().home / "results"}


# Whoever starts it names it: to do it here is a request for each delivery.
@flow(name="deliver-webhook", **_NO_RESULT)
async def deliver_webhook(
    url: WebhookUrl, message: WebhookMessage | MessageReference, webhook_id: WebhookId
) -> State[Any]:
    """Delivers one webhook message.

    It is retried on the schedule of CONTRAPONTO_WEBHOOK_RETRY_DELAYS. A run that ends as Failed is a
    message that was not delivered; its state says why.

    Args:
        url: Where the endpoint listens.
        message: The message, as it was when the job ended. Of a long one what stands for it: its job, which has a
            document.
        webhook_id: The same on every try, so that the endpoint can drop a second copy.
    """
    with correlated(message.correlation_id):
        return await deliver(url, message, webhook_id)


@flow(name=_END_JOBS, **_NO_RESULT)
async def end_jobs() -> State[Any]:
    """Brings to an end what jobs left open: notifies of ends that nobody was notified of, restarts lost runs.

    It runs every minute and when a job ends in a way that its process may not have survived. One at a time: two
    could start a lost run twice. A concurrency limit of the deployment would also count a run that was lost before it
    began, and bring in none that could end it.
    """
    for _ in range(2):
        try:
            async with slot(_END_JOBS, 1, wait=_WAIT_SECONDS, lease=60):
                return Completed(message=str(await reconcile()))
        except NoSlotError:
            # Where the lease of a run that is gone was lost, no run would ever do this again.
            if not await free_if_nobodys(_END_JOBS, UUID(flow_run.id), flow=_END_JOBS, longest=_LONGEST):
                break
    return Completed(message="Another run is at it.")
