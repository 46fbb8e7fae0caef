"""The answer to what is refused: a sentence, in the form in which Prefect's server gives its own."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # comes with Prefect's server
    from starlette.types import Receive, Scope, Send

_POLICY_VIOLATION = 1008
_LONGEST_REASON = 120
"""Bytes; https://www.rfc-editor.org/rfc/rfc6455#section-5.5 permits 123."""


async def refuse(scope: "Scope", receive: "Receive", send: "Send", status: int, sentence: str) -> None:
    """Answer a request with a status and a sentence; close a websocket before it is open."""
    if scope["type"] == "websocket":
        await receive()  # the wish to connect
        reason = sentence.encode("ascii", "replace")[:_LONGEST_REASON].decode()
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": reason})
        return
    body = json.dumps({"detail": sentence}, ensure_ascii=False).encode("utf-8", "replace")
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        # What was sent has not been read to its end.
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
