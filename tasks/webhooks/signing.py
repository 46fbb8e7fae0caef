"""Headers by which an endpoint knows that a message is ours, new and unchanged.

Standard Webhooks (https://www.standardwebhooks.com) signs `id.timestamp.body`; the `X-Webhook-*` headers are
those of earlier systems, whose endpoints check an HMAC of the body alone.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from tasks.errors import InvalidSettingError
from tasks.webhooks.message import WebhookMessage

_PREFIX = "whsec_"


def parse_secrets(setting: str | None) -> tuple[str, ...]:
    """The secrets of a comma-separated setting, the current one first."""
    return tuple(part.strip() for part in (setting or "").split(",") if part.strip())


def signed_headers(
    message: WebhookMessage, webhook_id: str, *, timestamp: int, secrets: Sequence[str] = ()
) -> dict[str, str]:
    """The headers of one try made at `timestamp` (seconds since 1970).

    Each secret gives a signature, so that endpoints can change theirs one after the other; the old header has
    room for one only, that of the first secret as it is written. Without secrets nothing is signed. Raises
    InvalidSettingError for a `whsec_` secret that is not base64.
    """
    body = message.body()
    headers = {
        "Content-Type": "application/json",
        **standard_headers(body, webhook_id, timestamp=timestamp, secrets=secrets),
        "X-Webhook-JobId": message.job_id,
        "X-Webhook-Status": message.status,
        "X-Webhook-Timestamp": str(timestamp),
    }
    if secrets:
        old = hmac.digest(secrets[0].encode(), body, hashlib.sha256)
        headers["X-Webhook-Signature"] = f"sha256={old.hex()}"
    return headers


def standard_headers(
    body: bytes, webhook_id: str, *, timestamp: int, secrets: Sequence[str] = ()
) -> dict[str, str]:
    """Those of Standard Webhooks alone, for any body."""
    headers = {"webhook-id": webhook_id, "webhook-timestamp": str(timestamp)}
    if secrets:
        signed = f"{webhook_id}.{timestamp}.".encode() + body
        headers["webhook-signature"] = " ".join(_standard(secret, signed) for secret in secrets)
    return headers


def _standard(secret: str, signed: bytes) -> str:
    digest = hmac.digest(_key(secret), signed, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()


def _key(secret: str) -> bytes:
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidSettingError(
            "A secret in CONTRAPONTO_WEBHOOK_SECRET begins with whsec_ but is not base64 after it.",
            hint="Copy it again in full, or write a plain text secret without whsec_.",
        ) from error
