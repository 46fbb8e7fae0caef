"""Callers from outside submit jobs, look at them and cancel them; nothing else, whatever credentials they have.

Prefect's servers know one credential and no roles: whoever has it may store a deployment whose first step is a shell
command, give a job another environment or container, and read the secrets of blocks. A proxy in front closes that for
those who come through it by one header (`deployments/proxy/contraponto.conf`); workers, deployments and whoever looks
after the installation use the port behind it.

What is permitted is listed, not what is refused: what a later Prefect adds is closed until somebody opens it.
"""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from deployments.guard.bodies import read_body, replay
from deployments.guard.refusal import refuse

if TYPE_CHECKING:  # comes with Prefect's server
    from starlette.types import ASGIApp, Receive, Scope, Send

HEADER = b"x-contraponto-submits-only"
"""Sent by the proxy with every request, `1`; callers who send it themselves give up what they might do."""

_ADVICE = (
    "Through this address jobs are submitted, looked at and cancelled; the rest is done at the server itself."
)

_LISTS = (
    "artifacts|artifacts/latest|automations|block_documents|block_schemas|block_types|concurrency_limits|deployments|"
    "events|flow_runs|flow_runs/[^/]+/input|flows|logs|saved_searches|task_runs|task_workers|v2/concurrency_limits|"
    "variables|work_pools|work_pools/[^/]+/queues|work_pools/[^/]+/workers|work_queues"
)
_READS = re.compile(
    rf"/api/(({_LISTS})/(filter|count|paginate|history|lateness)"
    r"|events/count-by/[^/]+|(work_pools|work_queues)/[^/]+/concurrency_status"
    r"|ui/(flow_runs|flows|task_runs|schemas)/[a-z/-]+)/?"
)
_SUBMIT = re.compile(r"/api/deployments/[^/]+/create_flow_run(/bulk)?/?")
_CHANGE = re.compile(r"/api/flow_runs/([^/]+/(set_state|resume)|bulk_set_state)/?")
_STREAMS = re.compile(r"/api/(events|logs)/out/?")
_CLOSED = re.compile(r"/api/admin/(?!version/?\Z).*", re.DOTALL)
"""Whatever follows: a router may pass over the end of a line."""

_SUBMITTED, _ASKED = frozenset({"SCHEDULED"}), frozenset({"SCHEDULED", "CANCELLING", "CANCELLED"})
"""States that a job may be submitted in, and be brought into: to run it at a time or again, and to end it."""


class SubmitsOnly:
    """An ASGI application that refuses (403) what a request with the header may not do, and hands on the rest."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request or refuse it."""
        if scope["type"] == "lifespan" or not _comes_from_outside(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            if _STREAMS.fullmatch(scope["path"]):
                await self._app(scope, receive, send)
            else:
                await refuse(scope, receive, send, 403, _ADVICE)
        else:
            body = b"" if scope["method"] in ("GET", "HEAD", "OPTIONS") else await read_body(receive)
            if (refusal := _refusal(scope, body)) is not None:
                await refuse(scope, receive, send, 403, f"{refusal} {_ADVICE}")
            else:
                await self._app(scope, replay(body, receive) if body else receive, send)


def _comes_from_outside(scope: "Scope") -> bool:
    return any(name == HEADER and value.strip() not in (b"", b"0") for name, value in scope["headers"])


def _refusal(scope: "Scope", body: bytes) -> str | None:
    """A sentence about what is asked for in vain; None where nothing is."""
    path, method = scope["path"], scope["method"]
    if method in ("GET", "HEAD", "OPTIONS"):
        if _CLOSED.fullmatch(path) or "include_secrets" in dict(
            parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        ):
            return "Secrets and the server's own settings are not shown."
        return None
    if method != "POST":
        return f"{method} is refused."
    if _READS.fullmatch(path):
        return "Secrets are not shown." if "include_secrets" in _first(body) else None
    if _SUBMIT.fullmatch(path):
        return next(filter(None, map(_refused_submit, _objects(body))), None)
    if _CHANGE.fullmatch(path):
        states = (_refused_state(sent.get("state"), _ASKED) for sent in _objects(body))
        return next(filter(None, states), None)
    return f"POST to {path[:100]} is refused."


def _refused_submit(sent: dict[str, Any]) -> str | None:
    for field in ("job_variables", "infrastructure_document_id"):
        if sent.get(field):
            return f"{field} says where and how a job runs; that is not the caller's choice."
    if sent.get("enforce_parameter_schema") is not None and sent["enforce_parameter_schema"] is not True:
        return "The check of the parameters cannot be left out (enforce_parameter_schema)."
    return _refused_state(sent.get("state"), _SUBMITTED)


def _refused_state(state: Any, permitted: frozenset[str]) -> str | None:
    if not isinstance(state, dict):
        return None  # none, or something that the server refuses
    if str(state.get("type")).upper() not in permitted:
        return f"A caller may not bring a job into the state {str(state.get('type'))[:50]}."
    if state.get("data") is not None:
        return "A caller may not send the result of a job (state.data)."
    return None


def _first(body: bytes) -> dict[str, Any]:
    return next(_objects(body), {})


def _objects(body: bytes) -> Iterator[dict[str, Any]]:
    """The objects that were sent; of what is none, nothing: the server refuses it."""
    try:
        sent = json.loads(body or b"{}")
    except ValueError:
        return
    yield from (item for item in (sent if isinstance(sent, list) else [sent]) if isinstance(item, dict))
