"""Notifies the endpoint of a job that has ended: a delivery is a flow run of its own; no job waits for an endpoint."""

import asyncio
from itertools import takewhile

import httpx
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound, PrefectException

from blocks.settings import get_settings
from tasks.errors import BlockedAddressError, ContrapontoError, InvalidInputError
from tasks.jobs.correlation import LABEL
from tasks.jobs.document import JobDocument
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
from tasks.webhooks.message import WebhookMessage

DELIVERY = "deliver-webhook/deliver-webhook"
"""The deployment whose runs are deliveries, as `flow/deployment`."""


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
    retries only. A message that cannot be delivered is a warning in the log: the job has ended as it has.
    """
    message = WebhookMessage.of(document)
    try:
        if await _hand_over(message, endpoint):
            return
        reason = await _send_from_here(message, endpoint)
    except (ContrapontoError, httpx.HTTPError, PrefectException) as error:
        reason = str(error)
    if reason:
        shown = endpoint if endpoint.startswith(BLOCK) else mask_url(endpoint)
        logger().warning("The webhook message to %s was not delivered: %s", shown, reason)


async def _hand_over(message: WebhookMessage, endpoint: str) -> bool:
    """Starts a delivery; False if the server has none to start or does not answer."""
    key = message.webhook_id
    try:
        async with get_client() as client:
            deployment = await client.read_deployment_by_name(DELIVERY)
            await client.create_flow_run_from_deployment(
                deployment.id,
                parameters={
                    "url": endpoint,
                    "message": message.model_dump(mode="json", by_alias=True),
                    "webhook_id": key,
                },
                name=key,
                idempotency_key=key,
                labels={LABEL: message.correlation_id},
            )
    except ObjectNotFound:
        return False
    except (httpx.HTTPError, PrefectException) as error:
        logger().warning("No delivery could be started, so the message is sent from here: %s", error)
        return False
    return True


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
