"""Notifies the endpoint of a job that has ended: a delivery is a flow run of its own; no job waits for an endpoint."""

import asyncio
from enum import Enum, auto
from itertools import takewhile
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import Artifact
from prefect.exceptions import ObjectNotFound, PrefectException

from blocks.settings import get_settings
from tasks.errors import BlockedAddressError, ContrapontoError, InvalidInputError, SourceNotFoundError
from tasks.jobs.artifacts import document_in, find_artifact, is_refused, read_document, write_document
from tasks.jobs.correlation import LABEL
from tasks.jobs.document import JobDocument
from tasks.jobs.unreadable import MOST_LEVELS, is_nested_deeper
from tasks.net.urls import mask_url
from tasks.webhooks.attempts import (
    BLOCK,
    LONGEST_SHORT_WAIT,
    SHORT_WAIT,
    Letter,
    find_address,
    logger,
    retry_delays,
    try_repeatedly,
)
from tasks.webhooks.delivery import Delivered, check_webhook_url
from tasks.webhooks.message import MessageReference, WebhookMessage

DELIVERY = "deliver-webhook/deliver-webhook"
"""The deployment whose runs are deliveries, as `flow/deployment`."""

NOTIFIED = "contraponto.notified"
"""Label of a job's run: the id of the message that was sent without a delivery. It is not sent once more."""

MOST_BYTES = 100_000
"""JSON of a message that a delivery has among its parameters. Of a longer one it has a reference: Prefect bounds them.

A second copy of it would be all the same to the database, and read with every list of runs.
"""

_MOST_LEVELS = MOST_LEVELS - 10
"""Of metadata in a message among parameters, where it lies deeper than among those of its job."""


class _Delivery(Enum):
    """What became of the start of a delivery."""

    STARTED = auto()
    NONE = auto()
    """The server has none to start, or refuses it: asked again, it would say the same."""
    UNKNOWN = auto()
    """The server does not answer now."""


async def check_endpoint(endpoint: str) -> None:
    """Raises InvalidInputError or BlockedAddressError if no message can ever be sent to `endpoint`.

    That is a URL, or `webhook-notification/NAME`: a saved block.
    """
    address = await find_address(endpoint, get_settings())
    try:
        await check_webhook_url(address.url, address.policy)
    except InvalidInputError as error:
        if address.block is None or isinstance(error, BlockedAddressError):
            raise
        raise InvalidInputError(
            f"The address in {address.block} cannot be used.", hint="Correct it in the saved block."
        ) from None


async def notify(document: JobDocument, endpoint: str) -> None:
    """Notifies an endpoint that a job has ended.

    On a server that has the deployment `DELIVERY` this starts a delivery and does not wait for it; a second
    call for the same end starts no second one. Elsewhere the message is sent from here, with the short
    retries only, and the job's run says so. A message that cannot be delivered is a warning in the log: the job has
    ended as it has.
    """
    message = WebhookMessage.of(document)
    delivery = await _start_delivery(document, message, endpoint)
    if delivery is _Delivery.STARTED:
        return
    try:
        reason = await _send_from_here(message, endpoint)
    except (ContrapontoError, httpx.HTTPError, PrefectException) as error:
        reason = str(error)
    if reason is None or delivery is _Delivery.NONE:
        await _remember(message)
    if reason:
        shown = endpoint if endpoint.startswith(BLOCK) else mask_url(endpoint)
        logger().warning("The webhook message to %s was not delivered: %s", shown, reason)


async def _start_delivery(document: JobDocument, message: WebhookMessage, endpoint: str) -> _Delivery:
    key = message.webhook_id
    try:
        async with get_client() as client:
            deployment = await client.read_deployment_by_name(DELIVERY)
            await client.create_flow_run_from_deployment(
                deployment.id,
                parameters={
                    "url": endpoint,
                    "message": await _as_parameter(client, document, message),
                    "webhook_id": key,
                },
                name=key,
                idempotency_key=key,
                labels={LABEL: document.correlation_id},
            )
    except ObjectNotFound:
        return _Delivery.NONE
    except (httpx.HTTPError, PrefectException) as error:
        logger().warning("No delivery could be started, so the message is sent from here: %s", error)
        return _Delivery.NONE if is_refused(error) else _Delivery.UNKNOWN
    return _Delivery.STARTED


async def _as_parameter(client: PrefectClient, document: JobDocument, message: WebhookMessage) -> Any:
    """The message, or if it is long or deep a reference to the document of its job, which then says the same."""
    if len(message.body()) <= MOST_BYTES and not is_nested_deeper(message.metadata, _MOST_LEVELS):
        return message.model_dump(mode="json", by_alias=True)
    job = UUID(document.job_id)
    known = await find_artifact(client, job)
    if known is None or not _says(message, known):
        # A job writes its end into its document before it notifies; what a server did not take then is written now.
        await write_document(client, document, known.id if known else None)
    return message.reference.model_dump(mode="json", by_alias=True)


async def whole_message(message: WebhookMessage | MessageReference) -> WebhookMessage:
    """The message that a reference stands for.

    Raises:
        SourceNotFoundError: the job's document is gone.
    """
    if isinstance(message, WebhookMessage):
        return message
    async with get_client() as client:
        document = await read_document(client, UUID(message.job_id))
    if document is not None and document.completed_at is not None:
        whole = WebhookMessage.of(document, now=message.timestamp)
        if whole.status == message.status:
            return whole
    raise SourceNotFoundError(
        f"The message cannot be made any more: the document of the job {message.job_id} is gone.",
        hint="It was long, so the delivery had only a reference to it.",
    )


def _says(message: WebhookMessage, kept: Artifact) -> bool:
    try:
        return WebhookMessage.of(document_in(kept), now=message.timestamp) == message
    except ValueError:
        return False


async def _remember(message: WebhookMessage) -> None:
    """Whoever looks for jobs that nobody was notified of sees that this was done."""
    try:
        async with get_client() as client:
            await client.update_flow_run_labels(UUID(message.job_id), {NOTIFIED: message.webhook_id})
    except (httpx.HTTPError, PrefectException) as error:
        logger().warning(
            "That the job's end was notified could not be written; it may be once more: %s", error
        )


async def _send_from_here(message: WebhookMessage, endpoint: str) -> str | None:
    """Why the message was not delivered, or None if it was."""
    settings = get_settings()
    tried = await try_repeatedly(
        Letter(await find_address(endpoint, settings), message, message.webhook_id),
        settings,
        list(takewhile(lambda delay: delay <= SHORT_WAIT, retry_delays(settings))),
        lambda _failed, seconds, _reason: asyncio.sleep(seconds),
        longest_wait=LONGEST_SHORT_WAIT,
    )
    return None if isinstance(tried.outcome, Delivered) else tried.outcome.reason
