"""An endpoint of webhooks as a saved block: automations and flows send it signed messages."""

import asyncio
import json
import time
import uuid
from typing import Any

import httpx
from prefect.blocks.abstract import NotificationBlock, NotificationError
from prefect.blocks.webhook import Webhook
from pydantic import ConfigDict, Field, SecretStr, field_validator

from blocks.settings import get_settings
from tasks.errors import ContrapontoError, InvalidInputError, TransientError
from tasks.net.addresses import AddressPolicy
from tasks.net.http import CONNECT_TIMEOUT, REQUEST_ERRORS, request_error, safe_async_client, secret_address
from tasks.net.standard_webhooks import (
    ANSWER_LIMIT,
    CONNECTION_LIMIT,
    USER_AGENT,
    check_secrets,
    parse_secrets,
    standard_headers,
)
from tasks.net.urls import check_url
from tasks.prefect_internals import saved_name


class WebhookNotification(Webhook, NotificationBlock):
    """Sends Standard Webhooks messages; redirects are not followed, private addresses only if allowed."""

    # An error of a secret must not repeat it.
    model_config = ConfigDict(hide_input_in_errors=True)

    _block_type_name = "Webhook Notification"
    _block_type_slug = "webhook-notification"
    _description = (
        "An endpoint of signed webhook messages, for automations (send-notification, call-webhook)."
    )

    url: SecretStr = Field(
        title="Webhook URL", description="Where the endpoint listens.", examples=["https://example.org/hook"]
    )
    allow_private_urls: bool = Field(
        default=False,
        title="Any private address",
        description="Better: name hosts below, or in CONTRAPONTO_ALLOWED_PRIVATE_HOSTS.",
    )
    secrets: SecretStr | None = Field(
        default=None,
        title="Secrets",
        description="Sign the messages; several, with commas between them, while endpoints change theirs.",
    )
    request_timeout: float = Field(
        default=30, gt=0, le=300, title="Timeout", description="Seconds the endpoint has to answer."
    )
    allowed_private_hosts: str = Field(
        default="",
        title="Allowed private hosts",
        description="Hosts and networks that may be reached although private, with commas between them.",
    )

    @field_validator("secrets")
    @classmethod
    def _that_can_sign(cls, value: SecretStr | None) -> SecretStr | None:
        # The form of the web page sends an empty text for none.
        if value is not None and value.get_secret_value():
            check_secrets(value.get_secret_value())
        return value

    async def call(self, payload: dict[str, Any] | str | None = None) -> httpx.Response:
        """Send a message once; its answer.

        Raises:
            InvalidInputError: the URL cannot be used, or leads to a blocked address.
            TransientError: the endpoint did not answer.
        """
        # An address that is kept as a secret is one as a whole: messages name the block.
        name = saved_name(self)
        where = f"{self.get_block_type_slug()}/{name}" if name else "this webhook block"
        try:
            url = check_url(self.url.get_secret_value()).text
        except InvalidInputError:
            raise InvalidInputError(f"The address in {where} cannot be used.") from None
        body = payload.encode() if isinstance(payload, str) else json.dumps(payload).encode()
        secrets = parse_secrets(self.secrets.get_secret_value() if self.secrets else None)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "Accept-Encoding": "identity",
            **self.headers.get_secret_value(),
            **standard_headers(body, f"msg_{uuid.uuid4()}", timestamp=int(time.time()), secrets=secrets),
        }
        timeout = self.request_timeout
        try:
            with secret_address(True):
                async with (
                    asyncio.timeout(timeout),
                    safe_async_client(
                        self.address_policy(),
                        connect_timeout=min(CONNECT_TIMEOUT, timeout),
                        read_timeout=timeout,
                        follow_redirects=False,
                        most_bytes=CONNECTION_LIMIT,
                    ) as client,
                    client.stream(self.method, url, content=body, headers=headers) as response,
                ):
                    return httpx.Response(
                        response.status_code,
                        headers={"Content-Type": response.headers.get("Content-Type", "")},
                        content=await _beginning(response),
                        request=response.request,
                    )
        except TimeoutError as error:
            raise TransientError(
                f"The server of {where} did not answer within {timeout:g} seconds."
            ) from error
        except REQUEST_ERRORS as error:
            raise request_error(error, where) from error

    async def notify(self, body: str, subject: str | None = None) -> None:
        """Send a notification of an automation as `{"subject": …, "body": …}`.

        Raises:
            NotificationError: it was not delivered.
        """
        try:
            answer = await self.call({"subject": subject, "body": body})
        except ContrapontoError as error:
            raise NotificationError(str(error)) from error
        if not answer.is_success:
            raise NotificationError(f"The endpoint answered HTTP {answer.status_code}.")

    def address_policy(self) -> AddressPolicy:
        """Which addresses may be posted to."""
        own = tuple(part.strip() for part in self.allowed_private_hosts.split(",") if part.strip())
        everywhere = ("0.0.0.0/0", "::/0") if self.allow_private_urls else ()
        return AddressPolicy(allowed=(*get_settings().allowed_private_hosts, *own, *everywhere))


async def _beginning(response: httpx.Response) -> bytes:
    """What the endpoint says, up to a bound, as it comes: what is packed may be a thousand times larger."""
    read = bytearray()
    async for piece in response.aiter_raw():
        read += piece
        if len(read) > ANSWER_LIMIT:
            break
    return bytes(read[:ANSWER_LIMIT])
