"""What may be written to the server: JSON that it can store, and hand out again to everybody.

Prefect takes more than it can give back. A run whose parameters are nested 300 deep, or hold a number that JSON does
not know, is stored; then every answer that would contain it fails: lists of jobs, and what workers ask for. So what
cannot come out again is not let in, wherever it is written: runs, deployments, schedules, variables, automations.
"""

import asyncio
import functools
import json
import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from deployments.guard.refusal import refuse
from deployments.guard.submits import refusal

if TYPE_CHECKING:  # comes with Prefect's server
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

DEEPEST = 64
"""Lists and objects within each other. Python's and Rust's writers of JSON give up at about 250."""

LARGEST = 1024 * 1024
"""Bytes of a request; Prefect bounds the parameters of a run at half of it."""
LARGEST_REPORT = 32 * 1024 * 1024
"""Bytes of what a run reports: the document of a long transcript, a batch of log lines."""

_LONG = 64 * 1024

LONGEST_NAME = 500
"""Characters of a name, a tag, a key. PostgreSQL cannot index one of more than some 2,700 bytes."""
MOST_TAGS = 100

_TOO_DEEP = f"Lists and objects are nested more than {DEEPEST} deep. Send a flatter one, or text."

_REPORT = re.compile(r"/(artifacts|logs|task_runs|task_workers|events)(/|$)|/set_state/?$")
_SUBMIT = re.compile(r"/create_flow_run(/bulk)?/?$")

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_SUSPICIOUS = re.compile(
    # Any letter of the name may be written as an escape.
    r"\\u00[0-7]|\\u[dD][89a-fA-F]|__prefect_kind"
    r"|(?:^|[:,\[\s])-?(?:NaN|Infinity|[0-9]{19}|[0-9]+(?:\.[0-9]+)?[eE]\+?[0-9])"
)
"""Without this no value of a JSON text can be one that is refused: most need not be looked at one by one."""

_LEAST_NUMBER, _LARGEST_NUMBER = -(2**63), 2**64 - 1
"""Fractions, too: PostgreSQL keeps 1e300 as an integer of 301 digits, which is read as one."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NAMES = (
    "name",
    "idempotency_key",
    "work_queue_name",
    "work_pool_name",
    "flow_run_name",
    "version",
    "slug",
    "key",
)
_MAPS_OF_NAMES = ("labels",)


class BodyError(ValueError):
    """What was sent cannot be stored; the message is a sentence that says what, where, and what to change."""


class Bodies:
    """An ASGI application that reads what is written, refuses what is poison (413, 422), and hands on the rest."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request or refuse it."""
        if scope["type"] == "http" and (_CONTROL.search(scope["path"]) or b"%00" in scope["query_string"]):
            sentence = (
                "The address holds a control character (%00, %0A or the like), which nothing here is called."
            )
            await refuse(scope, receive, send, 400, sentence)
            return
        if scope["type"] != "http" or scope["method"] not in _WRITES:
            await self._app(scope, receive, send)
            return
        bound = LARGEST_REPORT if _REPORT.search(scope["path"]) else LARGEST
        body = await read_body(receive, bound)
        if len(body) > bound:
            sentence = f"The body is larger than {bound // 1024} KiB. Send addresses, not contents."
            await refuse(scope, receive, send, 413, sentence)
            return
        try:
            check = functools.partial(check_body, body, is_submit=bool(_SUBMIT.search(scope["path"])))
            # The long documents of runs take a tenth of a second, in which others are answered.
            await asyncio.to_thread(check) if len(body) > _LONG else check()
        except BodyError as error:
            await refuse(scope, receive, send, 422, str(error))
            return
        await self._app(scope, replay(body, receive), send)


def check_body(body: bytes, *, is_submit: bool = False) -> None:
    """Refuse JSON that cannot be stored and given back.

    What is no JSON at all is left to the server, which says so.

    Args:
        body: What was sent.
        is_submit: Whether it makes a run: then no parameter may be a template, whose result nobody has checked.

    Raises:
        BodyError: it is nested too deep, or holds a value or a name that is refused.
    """
    if not body:
        return
    if b"\x00" in body:  # as UTF-16 has, which Python's reader would take
        raise BodyError("The body is not UTF-8.")
    try:
        text = body.decode("utf-8-sig")
        value = json.loads(text)
    except UnicodeDecodeError as error:
        raise BodyError("The body is not UTF-8.") from error
    except RecursionError as error:
        raise BodyError(_TOO_DEEP) from error
    except json.JSONDecodeError:
        return
    except ValueError as error:  # an integer of thousands of digits
        raise BodyError("A number has thousands of digits. Send it as text.") from error
    if _is_too_deep(value):
        raise BodyError(_TOO_DEEP)
    if _SUSPICIOUS.search(text):
        _check_values(value, "", is_submit=is_submit)
    for item in value if isinstance(value, list) else [value]:  # several schedules, several runs
        if is_submit and (sentence := refusal(item)):
            raise BodyError(sentence)
        if isinstance(item, dict):
            _check_names(item)


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _check_values(value: Any, place: str, *, is_submit: bool) -> None:
    for where, found in _walk(value, place):
        if isinstance(found, str):
            _check_text(found, where)
        elif isinstance(found, bool):
            continue
        elif isinstance(found, float) and not math.isfinite(found):
            raise BodyError(
                f"{where} is no number that JSON knows (NaN, Infinity or too large). Leave it out."
            )
        elif isinstance(found, int | float) and not _LEAST_NUMBER <= found <= _LARGEST_NUMBER:
            raise BodyError(f"{where} is a number beyond 64 bits. Send it as text.")
        elif isinstance(found, dict):
            _check_prefect_kind(found, where, is_submit=is_submit)


def _walk(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Every value within one, with its place; the keys of objects, too."""
    left = [(place, value)]
    while left:
        where, found = left.pop()
        yield where or "The body", found
        if isinstance(found, dict):
            for key, inner in found.items():
                yield f"The name of a field in {where or 'the body'}", key
                left.append((f"{where}.{key[:60]}" if where else key[:60], inner))
        elif isinstance(found, list):
            left += [(f"{where}[{number}]", inner) for number, inner in enumerate(found)]


def _check_text(text: str, where: str) -> None:
    shown = where.encode("utf-8", "replace").decode()
    if "\x00" in text:
        raise BodyError(f"{shown} holds a NUL character (\\u0000), which no database stores. Take it out.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BodyError(
            f"{shown} holds half a character (a lone surrogate, \\u{ord(text[error.start]):04x}). Send whole ones."
        ) from error


def _check_prefect_kind(found: dict[str, Any], where: str, *, is_submit: bool) -> None:
    """Prefect turns such an object into another value, after this check."""
    kind, content = found.get("__prefect_kind"), found.get("value")
    if kind == "jinja" and is_submit:
        raise BodyError(f"{where} is a template (jinja). Send the value itself.")
    if kind == "json":
        if isinstance(content, str):
            try:
                check_body(content.encode("utf-8", "surrogatepass"), is_submit=is_submit)
            except BodyError as error:
                raise BodyError(f"In the JSON text of {where}: {error}") from error
        elif isinstance(content, dict) and is_submit:
            raise BodyError(f"{where} is a JSON text that is made of something else. Send the value itself.")


def _check_names(body: dict[str, Any]) -> None:
    """Names that are stored beside the values: in indexes, in lists, on terminals."""
    for field in _NAMES:
        if isinstance(body.get(field), str):
            _check_name(body[field], field)
    tags = body.get("tags")
    if isinstance(tags, list):
        if len(tags) > MOST_TAGS:
            raise BodyError(f"tags holds {len(tags)} tags; at most {MOST_TAGS} are taken.")
        for number, tag in enumerate(tags):
            _check_name(tag, f"tags[{number}]")
    for field in _MAPS_OF_NAMES:
        named = body.get(field)
        if isinstance(named, dict):
            if len(named) > MOST_TAGS:
                raise BodyError(f"{field} holds {len(named)} names; at most {MOST_TAGS} are taken.")
            for key, content in named.items():
                _check_name(key, f"A name in {field}")
                _check_name(content, f"{field}.{key}")


def _check_name(name: Any, where: str) -> None:
    if not isinstance(name, str):
        return
    if len(name) > LONGEST_NAME:
        raise BodyError(f"{where} has {len(name)} characters; at most {LONGEST_NAME} are taken.")
    if _CONTROL.search(name):
        raise BodyError(f"{where} holds a control character (a line break, a tab or the like). Take it out.")


async def read_body(receive: "Receive", bound: int = LARGEST_REPORT) -> bytes:
    """The body of a request; of one that is larger than the bound, only so much that this can be seen."""
    parts: list[bytes] = []
    size, more = 0, True
    while more and size <= bound:
        message = await receive()
        if message["type"] != "http.request":  # the caller has left
            break
        part = message.get("body", b"")
        size += len(part)
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


def replay(body: bytes, receive: "Receive") -> "Receive":
    """What the application receives: the body as one message, then what comes after it."""
    given = False

    async def receive_again() -> "Message":
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
