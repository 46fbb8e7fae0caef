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
CONNECTION_LIMIT = 3 * ANSWER_LIMIT
"""Bytes that a connection may bring: what is read, its head, and what comes in one piece with them."""

_PREFIX = "whsec_"
_LEAST_BYTES = 16
"""Of the key that `whsec_` stands before. The specification has 24 to 64; less than this nobody's generator makes."""
_LEAST_CHARACTERS = 8
"""Of a plain text secret; earlier systems had such."""


def parse_secrets(setting: str | None) -> tuple[str, ...]:
    """The secrets of a comma-separated setting, the current one first."""
    return tuple(part.strip() for part in (setting or "").split(",") if part.strip())


def check_secrets(setting: str) -> None:
    """Whether every secret of a comma-separated setting can sign.

    Raises:
        ValueError: one cannot. The message is the end of a sentence, and does not repeat the secret.
    """
    secrets = parse_secrets(setting)
    if not secrets:
        raise ValueError("must hold a secret, and holds nothing but commas")
    for number, secret in enumerate(secrets, 1):
        which = f" (number {number} of {len(secrets)})" if len(secrets) > 1 else ""
        if (fault := _fault(secret)) is not None:
            raise ValueError(f"{fault}{which}")


def _fault(secret: str) -> str | None:
    if not secret.startswith(_PREFIX):
        if len(secret) >= _LEAST_CHARACTERS:
            return None
        return f"must have {_LEAST_CHARACTERS} or more characters: anybody can guess a shorter one"
    if secret == _PREFIX:
        return f"must have a key after {_PREFIX}: nothing stands there. Copy it again in full"
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return (
            f"must be base64 after {_PREFIX}, and is not: copy it again in full, or write a plain text secret "
            f"without {_PREFIX}"
        )
    if len(key) < _LEAST_BYTES:
        return (
            f"must have a key of {_LEAST_BYTES} or more bytes after {_PREFIX}, and has {len(key)}: "
            f"make one with `openssl rand -base64 32`"
        )
    return None


def standard_headers(
    body: bytes, webhook_id: str, *, timestamp: int, secrets: Sequence[str] = ()
) -> dict[str, str]:
    """The headers of one try made at `timestamp` (seconds since 1970), for any body.

    Each secret gives a signature, so that endpoints can change theirs one after the other; without secrets nothing is
    signed.

    Raises:
        InvalidSettingError: a secret cannot sign.
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
    if (fault := _fault(secret)) is not None:
        raise InvalidSettingError(
            f"A secret of webhooks {fault}.",
            hint="It stands in CONTRAPONTO_WEBHOOK_SECRET, or in the saved block of the endpoint.",
        )
    if not secret.startswith(_PREFIX):
        return secret.encode()
    return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
