"""Webhooks of jobs as Prefect sees them: a delivery is a flow run of its own; no job waits for a receiver."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any, NoReturn

import httpx
from prefect import State, get_run_logger
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.exceptions import MissingContextError, ObjectNotFound, PrefectException
from prefect.logging import get_logger
from prefect.states import Completed, Failed

from blocks.settings import Settings, get_settings
from blocks.webhook import WebhookNotification
from tasks.errors import BlockedAddressError, ContrapontoError, InvalidInputError
from tasks.jobs.correlation import LABEL
from tasks.jobs.document import JobDocument
from tasks.jobs.prefect_internals import leave_until
from tasks.jobs.slots import NoSlotError
from tasks.net.addresses import AddressPolicy
from tasks.net.urls import mask_url
from tasks.webhooks.delivery import (
    Delivered,
    Outcome,
    Rejected,
    Retry,
    attempt,
    check_webhook_url,
    wait_before_retry,
)
from tasks.webhooks.endpoints import delivery_slot, note_failure, note_success, paused_receiver
from tasks.webhooks.message import WebhookMessage
from tasks.webhooks.signing import parse_secrets, signed_headers

DELIVERY = "deliver-webhook/deliver-webhook"
"""The deployment whose runs are deliveries, as `flow/deployment`."""

FAILED_TRIES = "contraponto.failed-tries"
"""Label of a delivery's run that counts its tries: it outlives the process."""

_SHORT_WAIT = 60.0
"""Seconds up to which a process stays to wait for the next try."""
_LONGEST_SHORT_WAIT = _SHORT_WAIT * 1.5
"""The same, with what chance may add."""


_BUSY_WAIT = 5.0
"""Seconds after which a delivery looks again for a slot, where its receiver gets as many as it may; ± half."""

BLOCK = f"{WebhookNotification.get_block_type_slug()}/"
"""Begins a receiver that is a saved block: its address and its secrets then stand in no parameter."""


@dataclass(frozen=True)
class _Address:
    """Where a receiver listens, and how it is spoken to."""

    url: str
    secrets: str | None
    policy: AddressPolicy
    block: str | None = None
    """The saved block that holds all this, if one does: the address is then not to be shown."""


async def check_receiver(receiver: str) -> None:
    """Raises InvalidInputError or BlockedAddressError if no message can ever be sent to `receiver`.

    That is a URL, or `webhook-notification/NAME`: a saved block.
    """
    address = await _address(receiver, get_settings())
    try:
        await check_webhook_url(address.url, address.policy)
    except InvalidInputError as error:
        if address.block is None or isinstance(error, BlockedAddressError):
            raise
        raise InvalidInputError(
            f"The address in {address.block} cannot be used.", hint="Correct it in the saved block."
        ) from None


async def _address(receiver: str, settings: Settings) -> _Address:
    own = settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
    if not receiver.startswith(BLOCK):
        return _Address(receiver, own, _policy(settings))
    name = receiver.removeprefix(BLOCK)
    try:
        # The annotation of `aload` is lost in its decorators.
        block: Any = await WebhookNotification.aload(name)
    except ValueError as error:
        raise InvalidInputError(
            f'There is no saved block "{receiver}".',
            hint="Make it on the Blocks page of the web page (Webhook Notification), or correct its name.",
        ) from error
    assert isinstance(block, WebhookNotification)  # noqa: S101 - for the type checker
    secrets = block.secrets.get_secret_value() if block.secrets else own
    return _Address(block.url.get_secret_value(), secrets, block.address_policy(), receiver)


def _shown(receiver: str) -> str:
    return receiver if receiver.startswith(BLOCK) else mask_url(receiver)


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
        _logger().warning("The webhook message to %s was not delivered: %s", _shown(url), reason)


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
        address = await _address(url, settings)
        if paused := await paused_receiver(url):
            return Failed(message=f"Not delivered. {paused.remark} A replay of this message resumes it.")
        letter = _Letter(address, message, webhook_id)
        async with _slot(run, address.url, settings):
            tried = await _try_repeatedly(
                letter, settings, _delays(settings), wait, failed=_failed_tries(run)
            )
    except ContrapontoError as error:
        return Failed(message=str(error))
    await _remember(url, tried.outcome, settings)
    match tried.outcome:
        case Delivered(status=status):
            return Completed(message=f"Delivered at try {tried.number} (HTTP {status}).")
        case Retry(reason=reason):
            tries = "1 try" if tried.number == 1 else f"{tried.number} tries"
            return Failed(message=f"Not delivered after {tries}. {reason}")
        case refused:
            return Failed(message=f"Not delivered. {refused.reason}")


@asynccontextmanager
async def _slot(run: FlowRun, url: str, settings: Settings) -> AsyncIterator[None]:
    """Held while the receiver is spoken to. Without one the run leaves its worker and comes back some seconds later."""
    if run.deployment_id is None:
        yield
        return
    try:
        async with delivery_slot(url, settings.webhook_deliveries_per_receiver):
            yield
    except NoSlotError:
        later = _BUSY_WAIT * random.uniform(0.5, 1.5)  # noqa: S311 - spreads deliveries, keeps no secret
        async with get_client() as client:
            await _leave_until(client, run, later)


async def _remember(url: str, outcome: Outcome, settings: Settings) -> None:
    """What the outcome says of the receiver. A refused message says nothing: the next may be taken."""
    try:
        match outcome:
            case Delivered():
                await note_success(url)
            case Retry(reason=reason):
                await _note(url, reason, settings)
            case Rejected(gone=True, reason=reason):
                await _note(url, reason, settings, gone=True)
    except (httpx.HTTPError, PrefectException) as error:
        # The message has its end all the same; the next delivery tells the same of the receiver.
        _logger().warning("What is known of the receiver could not be written: %s", error)


async def _note(url: str, reason: str, settings: Settings, *, gone: bool = False) -> None:
    after = timedelta(days=settings.webhook_pause_after_days)
    receiver = await note_failure(url, reason, gone=gone, pause_after=after)
    if receiver.paused:
        _logger().warning("%s", receiver.remark)


@dataclass(frozen=True)
class _Letter:
    address: _Address
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
    address = letter.address
    headers = signed_headers(
        letter.message, letter.webhook_id, timestamp=int(time.time()), secrets=parse_secrets(address.secrets)
    )
    return await attempt(
        address.url,
        letter.message.body(),
        headers,
        policy=address.policy,
        timeout=settings.webhook_timeout,
        shown=address.block,
    )


async def _send_from_here(message: WebhookMessage, url: str) -> str | None:
    """Why the message was not delivered, or None if it was."""
    settings = get_settings()
    short = list(takewhile(lambda delay: delay <= _SHORT_WAIT, _delays(settings)))
    address = await _address(url, settings)
    tried = await _try_repeatedly(
        _Letter(address, message, message.webhook_id),
        settings,
        short,
        lambda _failed, seconds, _reason: asyncio.sleep(seconds),
        longest_wait=_LONGEST_SHORT_WAIT,
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
                labels={LABEL: message.correlation_id},
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
            await _leave_until(client, run, seconds)
    await asyncio.sleep(seconds)


async def _leave_until(client: PrefectClient, run: FlowRun, seconds: float) -> NoReturn:
    """The run leaves its process and its slot, and is started again that much later."""
    await leave_until(client, run.id, datetime.now(UTC) + timedelta(seconds=seconds))


def longest_delivery() -> timedelta:
    """What no process of a delivery outlasts: all tries in one, each as slow as may be, and the waits between them."""
    settings = get_settings()
    return timedelta(seconds=(settings.webhook_timeout + _LONGEST_SHORT_WAIT) * (len(_delays(settings)) + 1))


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
