"""What is remembered of endpoints of webhooks, over all jobs and machines: which fail, which are paused.

Kept in Prefect variables, one an endpoint that fails; an endpoint without one is in order.
"""

import contextlib
import hashlib
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from prefect.client.orchestration import PrefectClient, SyncPrefectClient, get_client
from prefect.client.schemas.actions import VariableCreate, VariableUpdate
from prefect.client.schemas.objects import Variable
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from pydantic import ValidationError

from tasks.errors import SourceNotFoundError
from tasks.jobs.slots import slot
from tasks.net.urls import mask_url
from tasks.webhooks.endpoint import TAG, Endpoint
from tasks.webhooks.lanes import host_of

_PREFIX = "contraponto_webhook_"
_SLOT_SECONDS = 1.0
"""How long a delivery waits for a slot before it leaves its worker to others."""


SLOW_DELIVERIES = 100
"""Deliveries that go on at once to endpoints that failed the last time: half of what a worker takes. However many such
endpoints are silent, the others find a slot."""


async def failing_endpoint(url: str) -> Endpoint | None:
    """The endpoint at a URL, if it failed the last time or nothing is to be sent to it now."""
    async with get_client() as client:
        return await _read(client, url)


async def note_failure(url: str, reason: str, *, gone: bool, pause_after: timedelta) -> Endpoint:
    """Remembers that a message was not delivered; pauses an endpoint that is gone or has failed for `pause_after`."""
    now = datetime.now(UTC)
    async with get_client() as client:
        known = await _read(client, url)
        since = known.failing_since if known else now
        paused: Literal["gone", "failing"] | None = (
            "gone" if gone else "failing" if now - since >= pause_after else None
        )
        endpoint = Endpoint(url=mask_url(url), failing_since=since, paused=paused, reason=reason)
        value: Any = endpoint.model_dump(mode="json")
        # Another delivery to it may have noted its own end meanwhile: either account will do.
        with contextlib.suppress(ObjectNotFound, ObjectAlreadyExists):
            if known is None:
                await client.create_variable(VariableCreate(name=_name(url), value=value, tags=[TAG]))
            else:
                await client.update_variable(VariableUpdate(name=_name(url), value=value))
    return endpoint


async def note_success(url: str) -> None:
    """Forgets that the endpoint failed."""
    async with get_client() as client:
        if await client.read_variable_by_name(_name(url)) is not None:
            with contextlib.suppress(ObjectNotFound):  # another delivery was sooner
                await client.delete_variable_by_name(_name(url))


def delivery_slot(url: str, most: int) -> AbstractAsyncContextManager[None]:
    """Held during a delivery: `most` to one host at a time, whichever machines deliver.

    Raises:
        NoSlotError: all are taken.
    """
    return slot(f"webhook-endpoint:{host_of(url)}", most, wait=_SLOT_SECONDS, lease=300)


def slow_delivery_slot() -> AbstractAsyncContextManager[None]:
    """Held besides during a delivery to an endpoint that failed the last time, whichever machines deliver.

    Raises:
        NoSlotError: all are taken.
    """
    return slot("webhook-slow-deliveries", SLOW_DELIVERIES, wait=_SLOT_SECONDS, lease=300)


def resume(client: SyncPrefectClient, url: str) -> Endpoint:
    """Messages are sent to the endpoint again; what was known of it.

    Raises:
        SourceNotFoundError: it is not paused and does not fail.
    """
    found = client.read_variable_by_name(_name(url))
    known = _endpoint(found) if found else None
    if known is None:
        raise SourceNotFoundError(
            f"No endpoint at {mask_url(url)} fails or is paused.",
            hint="`contraponto health` names those that are.",
        )
    client.delete_variable_by_name(_name(url))
    return known


def _name(url: str) -> str:
    # Of the whole address: 410 speaks of one, and a host may have many.
    return _PREFIX + hashlib.sha256(url.encode()).hexdigest()[:40]


async def _read(client: PrefectClient, url: str) -> Endpoint | None:
    found = await client.read_variable_by_name(_name(url))
    return _endpoint(found) if found else None


def _endpoint(variable: Variable) -> Endpoint | None:
    try:
        return Endpoint.model_validate(variable.value)
    except ValidationError:
        # Somebody has edited it by hand: it says nothing then.
        return None
