"""The headers of our messages: those of Standard Webhooks, and the `X-Webhook-*` headers of earlier systems.

The endpoints of those check an HMAC of the body alone.
"""

import hashlib
import hmac
from collections.abc import Sequence

from tasks.net.standard_webhooks import standard_headers
from tasks.webhooks.message import WebhookMessage


def signed_headers(
    message: WebhookMessage, webhook_id: str, *, timestamp: int, secrets: Sequence[str] = ()
) -> dict[str, str]:
    """The headers of one try made at `timestamp` (seconds since 1970).

    Each secret gives a signature, so that endpoints can change theirs one after the other; the old header has
    room for one only, that of the first secret as it is written. Without secrets nothing is signed. Raises
    InvalidSettingError for a secret that cannot sign.
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
