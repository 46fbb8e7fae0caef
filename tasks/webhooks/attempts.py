"""The tries of one message: where its endpoint listens, what is sent there, and when it is tried again."""

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from prefect import get_run_logger
from prefect.exceptions import MissingContextError
from prefect.logging import get_logger
from pydantic import ValidationError

from blocks.settings import Settings
from blocks.webhook import WebhookNotification
from tasks.errors import InvalidInputError
from tasks.net.addresses import AddressPolicy
from tasks.net.standard_webhooks import parse_secrets
from tasks.webhooks.delivery import Outcome, Retry, attempt, wait_before_retry
from tasks.webhooks.headers import signed_headers
from tasks.webhooks.message import WebhookMessage

SHORT_WAIT = 60.0
"""Seconds up to which a process stays to wait for the next try."""
LONGEST_SHORT_WAIT = SHORT_WAIT * 1.5
"""The same, with what chance may add."""

BLOCK = f"{WebhookNotification.get_block_type_slug()}/"
"""Begins an endpoint that is a saved block: its address and its secrets then stand in no parameter."""


@dataclass(frozen=True)
class Address:
    """Where an endpoint listens, and how it is spoken to."""

    url: str
    secrets: str | None
    policy: AddressPolicy
    block: str | None = None
    """The saved block that holds all this, if one does: the address is then not to be shown."""


@dataclass(frozen=True)
class Letter:
    """A message and where it goes."""

    address: Address
    message: WebhookMessage
    webhook_id: str


@dataclass(frozen=True)
class LastTry:
    """How the last try ended."""

    outcome: Outcome
    number: int
    """1 is the first."""


async def find_address(endpoint: str, settings: Settings) -> Address:
    """That of an endpoint, which is a URL or `webhook-notification/NAME`: a saved block.

    Raises:
        InvalidInputError: there is no such block, or it cannot be used.
    """
    own = settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
    if not endpoint.startswith(BLOCK):
        return Address(endpoint, own, AddressPolicy(allowed=settings.allowed_private_hosts))
    name = endpoint.removeprefix(BLOCK)
    try:
        # The annotation of `aload` is lost in its decorators.
        block: Any = await WebhookNotification.aload(name)
    except RuntimeError as error:
        # So Prefect says that what is saved is not valid; its sentence does not say what.
        raise InvalidInputError(
            f'The saved block "{endpoint}" cannot be used{_faults(error.__cause__)}.',
            hint="Correct it on the Blocks page of the web page.",
        ) from None
    except ValueError as error:
        raise InvalidInputError(
            f'There is no saved block "{endpoint}".',
            hint="Make it on the Blocks page of the web page (Webhook Notification), or correct its name.",
        ) from error
    assert isinstance(block, WebhookNotification)  # noqa: S101 - for the type checker
    secrets = block.secrets.get_secret_value() if block.secrets else own
    return Address(block.url.get_secret_value(), secrets, block.address_policy(), endpoint)


def _faults(error: BaseException | None) -> str:
    if not isinstance(error, ValidationError):
        return ""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return ": " + "; ".join(
        f"{'.'.join(str(part) for part in fault['loc'])} {fault['msg'].removeprefix('Value error, ')}"
        for fault in found
    )


async def try_repeatedly(
    letter: Letter,
    settings: Settings,
    delays: Sequence[float],
    wait: Callable[[int, float, str], Awaitable[None]],
    *,
    failed: int = 0,
    longest_wait: float = float("inf"),
    during: Callable[[int], AbstractAsyncContextManager[None]] = lambda _failed: nullcontext(),
) -> LastTry:
    """Tries after each of the delays that `failed` earlier tries have left, as long as it is of use.

    `wait(failed, seconds, reason)` is awaited before each further try; each try is made within `during(failed)`.
    """
    while True:
        async with during(failed):
            outcome = await _try_once(letter, settings)
        if not isinstance(outcome, Retry):
            return LastTry(outcome, failed + 1)
        failed += 1
        seconds = wait_before_retry(failed, delays, outcome.retry_after)
        if seconds is None or seconds > longest_wait:
            return LastTry(outcome, failed)
        await wait(failed, seconds, outcome.reason)


async def _try_once(letter: Letter, settings: Settings) -> Outcome:
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


def retry_delays(settings: Settings) -> tuple[float, ...]:
    """Seconds before each further try: the schedule, cut or with its last delay repeated to the number of tries."""
    delays, tries = settings.webhook_retry_delays, settings.webhook_max_retries
    if tries is None or not delays:
        return delays
    return (*delays, *(delays[-1:] * (tries - len(delays))))[:tries]


def logger() -> Any:
    """The run's own log; hooks of cancelled and crashed jobs run outside it."""
    try:
        return get_run_logger()
    except MissingContextError:
        return get_logger("webhooks")
