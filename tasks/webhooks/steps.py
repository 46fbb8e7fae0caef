"""Webhooks of jobs as Prefect sees them: a delivery is a flow run of its own; no job waits for a receiver."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

import httpx
from prefect import State, get_run_logger
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.exceptions import MissingContextError, ObjectNotFound, Pause, PrefectException
from prefect.logging import get_logger
from prefect.states import AwaitingRetry, Completed, Failed
from prefect.utilities.engine import propose_state

from blocks.settings import Settings, get_settings
from tasks.errors import ContrapontoError
from tasks.fetching.addresses import AddressPolicy
from tasks.fetching.urls import mask_url
from tasks.jobs.document import JobDocument
from tasks.webhooks.delivery import (
    Delivered,
    Outcome,
    Retry,
    attempt,
    check_webhook_url,
    wait_before_retry,
)
from tasks.webhooks.message import WebhookMessage
from tasks.webhooks.signing import parse_secrets, signed_headers

DELIVERY = "deliver-webhook/deliver-webhook"
"""The deployment whose runs are deliveries, as `flow/deployment`."""

FAILED_TRIES = "contraponto.failed-tries"
"""Label of a delivery's run that counts its tries: it outlives the process."""

_SHORT_WAIT = 60.0
"""Seconds up to which a process stays to wait for the next try."""


async def check_receiver(url: str) -> None:
    """Raises InvalidInputError or BlockedAddressError if no message can ever be sent to `url`."""
    await check_webhook_url(url, _policy(get_settings()))


async def announce(document: JobDocument, url: str) -> None:
    """Tells the receiver at `url` that a job has ended.

    On a server that has the deployment `DELIVERY` this starts a delivery and does not wait for it; a second
    call for the same end starts no second one. Elsewhere the message is sent from here, with the short
    retries only. A message that cannot be delivered is a warning in the log: the job has ended as it has.
    """
    message = WebhookMessage.of(document)
    try:
        if await _hand_over(message, url):
            return
        reason = await _send_from_here(message, url)
    except (ContrapontoError, httpx.HTTPError, PrefectException) as error:
        reason = str(error)
    if reason:
        _logger().warning("The webhook message to %s was not delivered: %s", mask_url(url), reason)


async def deliver(url: str, message: WebhookMessage, webhook_id: str) -> State[Any]:
    """Tries until the message is delivered, the receiver refuses it or no try is left; the state to end in.

    Must run within a flow. For a long wait the run leaves its process and slot: it is scheduled anew for the
    time of the next try.
    """
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    assert run is not None, "a delivery is a flow run"  # noqa: S101
    settings = get_settings()

    async def wait(failed: int, seconds: float, reason: str) -> None:
        _logger().info("%s Next try in %.0f s.", reason, seconds)
        await _wait(run, failed, seconds)

    try:
        tried = await _try_repeatedly(
            _Letter(url, message, webhook_id), settings, _delays(settings), wait, failed=_failed_tries(run)
        )
    except ContrapontoError as error:
        return Failed(message=str(error))
    match tried.outcome:
        case Delivered(status=status):
            return Completed(message=f"Delivered at try {tried.number} (HTTP {status}).")
        case Retry(reason=reason):
            tries = "1 try" if tried.number == 1 else f"{tried.number} tries"
            return Failed(message=f"Not delivered after {tries}. {reason}")
        case refused:
            return Failed(message=f"Not delivered. {refused.reason}")


@dataclass(frozen=True)
class _Letter:
    url: str
    message: WebhookMessage
    webhook_id: str


@dataclass(frozen=True)
class _LastTry:
    outcome: Outcome
    number: int
    """1 is the first."""


async def _try_repeatedly(
    letter: _Letter,
    settings: Settings,
    delays: Sequence[float],
    wait: Callable[[int, float, str], Awaitable[None]],
    *,
    failed: int = 0,
    longest_wait: float = float("inf"),
) -> _LastTry:
    """Tries after each of the delays that `failed` earlier tries have left, as long as it is of use."""
    while True:
        outcome = await _try_once(letter, settings)
        if not isinstance(outcome, Retry):
            return _LastTry(outcome, failed + 1)
        failed += 1
        seconds = wait_before_retry(failed, delays, outcome.retry_after)
        if seconds is None or seconds > longest_wait:
            return _LastTry(outcome, failed)
        await wait(failed, seconds, outcome.reason)


async def _try_once(letter: _Letter, settings: Settings) -> Outcome:
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
    headers = signed_headers(
        letter.message, letter.webhook_id, timestamp=int(time.time()), secrets=parse_secrets(secret)
    )
    return await attempt(
        letter.url,
        letter.message.body(),
        headers,
        policy=_policy(settings),
        timeout=settings.webhook_timeout,
    )


async def _send_from_here(message: WebhookMessage, url: str) -> str | None:
    """Why the message was not delivered, or None if it was."""
    settings = get_settings()
    short = list(takewhile(lambda delay: delay <= _SHORT_WAIT, _delays(settings)))
    tried = await _try_repeatedly(
        _Letter(url, message, message.webhook_id),
        settings,
        short,
        lambda _failed, seconds, _reason: asyncio.sleep(seconds),
        longest_wait=_SHORT_WAIT * 1.5,
    )
    return None if isinstance(tried.outcome, Delivered) else tried.outcome.reason


async def _hand_over(message: WebhookMessage, url: str) -> bool:
    """Starts a delivery; False if the server has none to start or does not answer."""
    key = message.webhook_id
    try:
        async with get_client() as client:
            deployment = await client.read_deployment_by_name(DELIVERY)
            await client.create_flow_run_from_deployment(
                deployment.id,
                parameters={
                    "url": url,
                    "message": message.model_dump(mode="json", by_alias=True),
                    "webhook_id": key,
                },
                name=key,
                idempotency_key=key,
            )
    except ObjectNotFound:
        return False
    except (httpx.HTTPError, PrefectException) as error:
        _logger().warning("No delivery could be started, so the message is sent from here: %s", error)
        return False
    return True


async def _wait(run: FlowRun, failed: int, seconds: float) -> None:
    async with get_client() as client:
        await client.update_flow_run_labels(run.id, {FAILED_TRIES: failed})
        # Only a worker would start the run again, and a worker runs nothing but deployments.
        if seconds > _SHORT_WAIT and run.deployment_id is not None:
            at = datetime.now(UTC) + timedelta(seconds=seconds)
            state = await propose_state(client, AwaitingRetry(scheduled_time=at), flow_run_id=run.id)
            raise Pause(state=state)
    await asyncio.sleep(seconds)


def _failed_tries(run: FlowRun) -> int:
    count = run.labels.get(FAILED_TRIES, 0)
    return count if isinstance(count, int) else 0


def _policy(settings: Settings) -> AddressPolicy:
    return AddressPolicy(allowed=settings.allowed_private_hosts)


def _delays(settings: Settings) -> tuple[float, ...]:
    """Seconds before each further try."""
    return settings.webhook_retry_delays[: settings.webhook_max_retries]


def _logger() -> Any:
    """The run's own log; hooks of cancelled and crashed jobs run outside it."""
    try:
        return get_run_logger()
    except MissingContextError:
        return get_logger("webhooks")
