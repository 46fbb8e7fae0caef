"""A delivery as a flow run: tries until the message is delivered, and leaves its worker for the long waits."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import httpx
from prefect import State
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.exceptions import PrefectException
from prefect.states import Completed, Failed

from blocks.settings import Settings, get_settings
from tasks.errors import ContrapontoError
from tasks.jobs.slots import NoSlotError
from tasks.prefect_internals import leave_until
from tasks.webhooks.attempts import (
    LONGEST_SHORT_WAIT,
    SHORT_WAIT,
    Letter,
    find_address,
    logger,
    retry_delays,
    try_repeatedly,
)
from tasks.webhooks.delivery import Delivered, Outcome, Rejected, Retry
from tasks.webhooks.endpoint import Endpoint
from tasks.webhooks.endpoints import (
    delivery_slot,
    failing_endpoint,
    note_failure,
    note_success,
    slow_delivery_slot,
)
from tasks.webhooks.lanes import LANES, host_of
from tasks.webhooks.message import MessageReference, WebhookMessage
from tasks.webhooks.notify import whole_message

FAILED_TRIES = "contraponto.failed-tries"
"""Label of a delivery's run that counts its tries: it outlives the process."""

_COUNTED_WAIT = 10.0
"""Seconds of the shortest wait before which the tries are counted. A process that ends within a shorter one has its
successor make that try again; to write down each would be most of what failing endpoints cost the server."""

_BUSY = "contraponto.busy"
"""Label of a delivery's run that counts how often in a row it found no slot."""
_BUSY_WAIT, _LONGEST_BUSY_WAIT = 5.0, 160.0
"""Seconds after which a delivery asks again for a slot, where its endpoint gets as many as it may; ± half.

They double each time: a thousand messages to one silent endpoint must not come back all the time.
"""


async def deliver(url: str, message: WebhookMessage | MessageReference, webhook_id: str) -> State[Any]:
    """Tries until the message is delivered, the endpoint refuses it or no try is left; the state to end in.

    Must run within a flow. Between two tries it holds no slot that others wait for; for a long wait the run leaves
    its worker, too: it is scheduled for the time of the next try.
    """
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    assert run is not None, "a delivery is a flow run"  # noqa: S101
    settings = get_settings()
    failing: Endpoint | None = None

    async def wait(failed: int, seconds: float, reason: str) -> None:
        logger().info("%s Next try in %.0f s.", reason, seconds)
        nonlocal failing
        if failing is None:
            failing = await _remember(url, Retry(reason), settings)
        await _wait(run, failed, seconds)

    def during(failed: int) -> AbstractAsyncContextManager[None]:
        return _slot(run, address.url, settings, slow=failing is not None or failed > 0)

    try:
        address = await find_address(url, settings)
        failing = await failing_endpoint(url)
        if failing is not None and failing.paused:
            return Failed(message=f"Not delivered. {failing.remark} A replay of this message resumes it.")
        letter = Letter(address, await whole_message(message), webhook_id)
        tried = await try_repeatedly(
            letter, settings, retry_delays(settings), wait, failed=_count(run, FAILED_TRIES), during=during
        )
    except ContrapontoError as error:
        return Failed(message=str(error))
    # Nothing is known of an endpoint that is in order, and so nothing is to be forgotten.
    if failing is not None or not isinstance(tried.outcome, Delivered):
        await _remember(url, tried.outcome, settings)
    match tried.outcome:
        case Delivered(status=status):
            return Completed(message=f"Delivered at try {tried.number} (HTTP {status}).")
        case Retry(reason=reason):
            tries = "1 try" if tried.number == 1 else f"{tried.number} tries"
            return Failed(message=f"Not delivered after {tries}. {reason}")
        case refused:
            return Failed(message=f"Not delivered. {refused.reason}")


def longest_delivery() -> timedelta:
    """What no process of a delivery outlasts: all tries in one, each as slow as may be, and the waits between them."""
    settings = get_settings()
    tries = len(retry_delays(settings)) + 1
    return timedelta(seconds=(settings.webhook_timeout + LONGEST_SHORT_WAIT) * tries)


@asynccontextmanager
async def _slot(run: FlowRun, url: str, settings: Settings, *, slow: bool) -> AsyncIterator[None]:
    """Held while the endpoint is spoken to. Without one the run leaves its worker and comes back some seconds later."""
    if run.deployment_id is None:
        yield
        return
    most, lanes = settings.webhook_deliveries_per_receiver, LANES.get()
    try:
        async with AsyncExitStack() as held:
            if lanes is not None:
                await held.enter_async_context(lanes.slot(host_of(url), most, slow=slow))
            else:
                await held.enter_async_context(delivery_slot(url, most))
                if slow:
                    await held.enter_async_context(slow_delivery_slot())
            yield
    except NoSlotError:
        busy = _count(run, _BUSY)
        spread = random.uniform(0.5, 1.5)  # noqa: S311 - spreads deliveries, keeps no secret
        async with get_client() as client:
            await client.update_flow_run_labels(run.id, {_BUSY: busy + 1})
            await _leave_until(client, run, min(_BUSY_WAIT * 2 ** min(busy, 8), _LONGEST_BUSY_WAIT) * spread)


async def _remember(url: str, outcome: Outcome, settings: Settings) -> Endpoint | None:
    """What the outcome says of the endpoint, and then is known if it is not in order.

    A refused message says nothing: the next may be taken.
    """
    try:
        match outcome:
            case Delivered():
                await note_success(url)
            case Retry(reason=reason):
                return await _note(url, reason, settings)
            case Rejected(gone=True, reason=reason):
                return await _note(url, reason, settings, gone=True)
    except (httpx.HTTPError, PrefectException) as error:
        # The message has its end all the same; the next delivery shows the same of the endpoint.
        logger().warning("What is known of the endpoint could not be written: %s", error)
    return None


async def _note(url: str, reason: str, settings: Settings, *, gone: bool = False) -> Endpoint:
    after = timedelta(days=settings.webhook_pause_after_days)
    endpoint = await note_failure(url, reason, gone=gone, pause_after=after)
    if endpoint.paused:
        logger().warning("%s", endpoint.remark)
    return endpoint


async def _wait(run: FlowRun, failed: int, seconds: float) -> None:
    # Only a worker would start the run again, and a worker runs nothing but deployments.
    leaves = seconds > SHORT_WAIT and run.deployment_id is not None
    if leaves or seconds >= _COUNTED_WAIT or _count(run, _BUSY):
        async with get_client() as client:
            await client.update_flow_run_labels(run.id, {FAILED_TRIES: failed, _BUSY: 0})
            if leaves:
                await _leave_until(client, run, seconds)
    await asyncio.sleep(seconds)


async def _leave_until(client: PrefectClient, run: FlowRun, seconds: float) -> NoReturn:
    """The run leaves its process and its slot, and is started again that much later."""
    await leave_until(client, run.id, datetime.now(UTC) + timedelta(seconds=seconds))


def _count(run: FlowRun, label: str) -> int:
    count = run.labels.get(label, 0)
    return count if isinstance(count, int) else 0
