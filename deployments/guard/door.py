"""Who may speak to the server: programs on the network that it listens to, and its own pages; no other page.

A server that only this machine reaches is still reached by every page that its user opens, and what can be posted to
Prefect's API can run a command. A page gives itself away: browsers say where a request comes from (`Origin`,
`Sec-Fetch-Site`), under which name it found the server (`Host`), and send JSON to a stranger only after asking. So

- a name that is not the server's is refused (421): a page may have its own name point to this machine;
- a page of another origin is refused (403), also one that opens a websocket, which browsers let everybody do;
- what is written must be called JSON (415): a form of a page cannot;
- no page may show this server's pages in a frame, where a click could be stolen.

Programs (`curl`, workers, n8n) send no origin and pass. See https://fetch.spec.whatwg.org/#origin-header and
https://www.w3.org/TR/fetch-metadata/ for what browsers promise.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from deployments.guard.refusal import refuse
from tasks.net.host_names import HostNames
from tasks.net.origins import Authority, authority

if TYPE_CHECKING:  # comes with Prefect's server
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_READS = frozenset({"GET", "HEAD", "OPTIONS"})

_HEADERS = (
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Door:
    """An ASGI application that refuses what a foreign page could have sent, and hands on the rest.

    Args:
        app: Who answers.
        names: Host names of this server besides its addresses and the name of this machine.
        origins: Pages elsewhere that may use this server, as `https://panel.example.org`.
    """

    def __init__(self, app: "ASGIApp", *, names: Iterable[str] = (), origins: Iterable[str] = ()) -> None:
        self._app = app
        self._names = HostNames(names)
        self._origins = {authority(origin) for origin in origins}

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refused = self._refusal(scope)
        if refused is None:
            await self._app(scope, receive, _with_headers(send) if scope["type"] == "http" else send)
        else:
            await refuse(scope, receive, _with_headers(send), *refused)

    def _refusal(self, scope: "Scope") -> tuple[int, str] | None:
        """Status and sentence for what is refused."""
        hosts = _all(scope, b"host")
        for host in hosts:
            if host not in self._names:
                return 421, (
                    f'This server is not called "{_shown(host)}". Use its address, or set CONTRAPONTO_SERVER_NAMES '
                    "to the names that it has."
                )
        origins = _all(scope, b"origin")
        for origin in origins:
            if not self._is_permitted(authority(origin), hosts):
                return 403, (
                    f'Pages of "{_shown(origin)}" may not use this server. If they should, add it to '
                    "CONTRAPONTO_SERVER_ORIGINS."
                )
        if scope["type"] == "websocket":
            return None
        if not origins and _is_loaded_by_a_page_elsewhere(scope):
            return (
                403,
                "Pages of other sites may not load anything of this server. Open it in a tab of its own.",
            )
        if scope["method"] not in _READS and _has_body(scope) and not _is_json(scope):
            return 415, "Send the body as JSON, with the header Content-Type: application/json."
        return None

    def _is_permitted(self, origin: Authority | None, hosts: list[str]) -> bool:
        """Whether a page is one of this server, under the name that it was opened by, or one that the setting names."""
        if origin is None:
            return False
        return origin in self._origins or any(authority(f"{origin[0]}://{host}") == origin for host in hosts)


def _with_headers(send: "Send") -> "Send":
    async def send_with_headers(message: "Message") -> None:
        if message["type"] == "http.response.start":
            given = {name.lower() for name, _ in message.get("headers", ())}
            more = [header for header in _HEADERS if header[0] not in given]
            message = {**message, "headers": [*message.get("headers", ()), *more]}
        await send(message)

    return send_with_headers


def _is_loaded_by_a_page_elsewhere(scope: "Scope") -> bool:
    """A picture, a script or the like; a link that is followed is none, as it shows the page to its user alone."""
    site, mode = _all(scope, b"sec-fetch-site"), _all(scope, b"sec-fetch-mode")
    follows_link = mode == ["navigate"] and scope["method"] in _READS
    return any(value in ("cross-site", "same-site") for value in site) and not follows_link


def _has_body(scope: "Scope") -> bool:
    lengths = _all(scope, b"content-length")
    return any(length.strip() != "0" for length in lengths) or bool(_all(scope, b"transfer-encoding"))


def _is_json(scope: "Scope") -> bool:
    types = _all(scope, b"content-type")
    kind = types[0].partition(";")[0].strip().lower() if len(types) == 1 else ""
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _all(scope: "Scope", name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _shown(text: str) -> str:
    return text[:100]
