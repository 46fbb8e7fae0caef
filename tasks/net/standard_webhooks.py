"""Standard Webhooks: headers by which an endpoint knows that a message is ours, new and unchanged.

The specification (https://www.standardwebhooks.com) signs `id.timestamp.body`.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from tasks.errors import InvalidSettingError

USER_AGENT = "Contraponto-Webhook/1"
ANSWER_LIMIT = 65_536
"""Bytes of an answer that are read."""

_PREFIX = "whsec_"


def parse_secrets(setting: str | None) -> tuple[str, ...]:
    """The secrets of a comma-separated setting, the current one first."""
    return tuple(part.strip() for part in (setting or "").split(",") if part.strip())


def standard_headers(
    body: bytes, webhook_id: str, *, timestamp: int, secrets: Sequence[str] = ()
) -> dict[str, str]:
    """The headers of one try made at `timestamp` (seconds since 1970), for any body.

    Each secret gives a signature, so that endpoints can change theirs one after the other; without secrets nothing is
    signed.

    Raises:
        InvalidSettingError: a `whsec_` secret is not base64.
    """
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
