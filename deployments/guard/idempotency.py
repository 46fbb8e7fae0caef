"""The same idempotency key with another body is a mistake of the caller, who is told so.

Prefect answers a submit whose key it knows with the first job, whatever else was sent: who uses a key twice by mistake
believes that there are two jobs. As in Stripe's API (https://docs.stripe.com/api/idempotent_requests) the second is
refused. What was sent is remembered as a label of the run, which Prefect gives back with it.

The key may also come as the header `Idempotency-Key`. That a proxy can see: it may then hand a submit to another server
when the first is lost (`deployments/proxy/contraponto.conf`).
"""

import hashlib
import json
import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from deployments.guard.bodies import LONGEST_NAME, read_body, replay
from deployments.guard.refusal import refuse

if TYPE_CHECKING:  # comes with Prefect's server
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LABEL = "contraponto.submitted"
"""Label of a run that was submitted with a key: a digest of what was sent."""

_HEADER = b"idempotency-key"
_SUBMIT = re.compile(r"/deployments/([0-9a-fA-F-]{32,36})/create_flow_run/?$")
_BULK = re.compile(r"/create_flow_run/bulk/?$")
_CONTENT = ("parameters", "work_queue_name", "job_variables", "tags")
"""What makes two submits the same; a retry may have another name, and its state another time."""


class Idempotency:
    """An ASGI application that refuses (409) a second, different submit with the same key, and hands on the rest.

    Args:
        app: Who answers; its requests have bounded bodies.
        tags: Runs with one of these are submitted by callers. What starts by itself (deliveries, shards) writes its
            own keys, and may meet its first run with another message.
    """

    def __init__(self, app: "ASGIApp", *, tags: Collection[str]) -> None:
        self._app = app
        self._tags = frozenset(tags)

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request or refuse it."""
        posts = scope["type"] == "http" and scope["method"] == "POST"
        if posts and _BULK.search(scope["path"]):
            await self._bulk(scope, receive, send)
            return
        submit = _SUBMIT.search(scope["path"]) if posts else None
        if submit is None:
            await self._app(scope, receive, send)
            return
        body = await read_body(receive)
        keyed = _with_key(scope, body)
        if isinstance(keyed, str):
            await refuse(scope, receive, send, 400, keyed)
            return
        body, sent = keyed, _submitted(keyed)
        if sent is None:
            await self._app(_of_length(scope, len(body)), replay(body, receive), send)
            return
        digest = _digest(submit[1], sent)
        labels = sent.get("labels") or {}
        marked = (
            json.dumps({**sent, "labels": {**labels, LABEL: digest}}).encode() if _is_map(labels) else body
        )
        answer = _Answer()
        try:
            await self._app(_plain(scope, len(marked)), replay(marked, receive), answer.take)
        except BaseException:  # what it has answered is answered, and raised on
            await answer.give(send)
            raise
        if (known := answer.job(self._tags)) is not None and known["labels"].get(LABEL, digest) != digest:
            await refuse(
                scope,
                receive,
                send,
                409,
                f'The idempotency key "{sent["idempotency_key"]}" has been used for another job, {known["id"]}: other '
                "parameters, tags, queue or variables. Send what was sent first, or a new key.",
            )
            return
        await answer.give(send)

    async def _bulk(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Several submits at once: the answer to each says that it was created, also where its key was known."""
        body = await read_body(receive)
        if any(map(_submitted, _each(body))):
            sentence = "Submit jobs with an idempotency_key one by one, to create_flow_run: here no key is looked at."
            await refuse(scope, receive, send, 422, sentence)
        else:
            await self._app(scope, replay(body, receive), send)


class _Answer:
    """An answer that is held back until it is known whether it is given."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def take(self, message: "Message") -> None:
        self.messages.append(message)

    async def give(self, send: "Send") -> None:
        """Send what was held back."""
        for message in self.messages:
            await send(message)

    def job(self, tags: frozenset[str]) -> dict[str, Any] | None:
        """The job that was there before; None for a new one (201), a refusal, and what is no job."""
        if not self.messages or self.messages[0].get("status") != 200:
            return None
        run = json.loads(b"".join(message.get("body", b"") for message in self.messages[1:]))
        is_of_a_caller = not tags.isdisjoint(run.get("tags", ()))
        return run if is_of_a_caller and _is_map(run.get("labels")) else None


def _with_key(scope: "Scope", body: bytes) -> bytes | str:
    """The body with the key of the header in it, where there is one; a sentence about what is wrong with that."""
    keys = [value.decode("latin-1").strip() for name, value in scope["headers"] if name == _HEADER]
    if not keys:
        return body
    try:
        sent = json.loads(body or b"{}")
    except ValueError:
        return body  # the server says so
    if not isinstance(sent, dict):
        return body
    [key, *others] = keys
    if others or not 0 < len(key) <= LONGEST_NAME:
        return f"Send one header Idempotency-Key of 1 to {LONGEST_NAME} characters."
    if sent.get("idempotency_key") not in (None, key):
        return "The header Idempotency-Key and idempotency_key in the body differ: send one of them."
    return json.dumps({**sent, "idempotency_key": key}).encode()


def _submitted(body: bytes) -> dict[str, Any] | None:
    """What was sent, if it is an object with a key."""
    try:
        sent = json.loads(body)
    except ValueError:
        return None  # the server says so
    return sent if isinstance(sent, dict) and isinstance(sent.get("idempotency_key"), str) else None


def _each(body: bytes) -> list[bytes]:
    """What is in a list of submits, each as if it had been sent alone."""
    try:
        sent = json.loads(body)
    except ValueError:
        return []  # the server says so
    return [json.dumps(each).encode() for each in sent] if isinstance(sent, list) else []


def _digest(deployment: str, sent: dict[str, Any]) -> str:
    content = [deployment.replace("-", "").lower(), *(sent.get(field) or None for field in _CONTENT)]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _of_length(scope: "Scope", length: int) -> "Scope":
    """The request with the length of its body as it is now."""
    dropped = (b"content-length", b"transfer-encoding")
    headers = [header for header in scope["headers"] if header[0] not in dropped]
    return {**scope, "headers": [*headers, (b"content-length", str(length).encode())]}


def _plain(scope: "Scope", length: int) -> "Scope":
    """The request as one whose answer is not compressed, with the length of its body."""
    headers = [header for header in scope["headers"] if header[0] != b"accept-encoding"]
    return _of_length({**scope, "headers": headers}, length)


def _is_map(value: object) -> bool:
    return isinstance(value, dict)
