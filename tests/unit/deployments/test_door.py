"""Foreign pages, foreign names and forms are refused; the server's own pages and programs are not."""

import socket
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from deployments.guard.door import Door

HERE = "http://127.0.0.1:4200"
JSON = {"content-type": "application/json"}


async def _answer(request: Request) -> Response:
    return PlainTextResponse("done " + (await request.body()).decode())


async def _events(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("an event")
    await websocket.close()


def _caller(base: str = HERE, **options: Any) -> TestClient:
    app = Starlette(
        routes=[
            Route("/{path:path}", _answer, methods=["GET", "POST", "PATCH", "DELETE", "OPTIONS"]),
            WebSocketRoute("/api/events/out", _events),
        ]
    )
    return TestClient(Door(app, **options), base_url=base)


@pytest.mark.parametrize(
    "base",
    [
        HERE,
        "http://localhost:4200",
        "http://[::1]:4200",
        "http://10.1.2.3:4200",
        "http://contraponto.localhost",
        f"http://{socket.gethostname().lower()}:4200",
        "http://host.docker.internal:4200",
        "https://jobs.example.org",
    ],
)
def test_programs_and_own_pages_pass(base: str) -> None:
    caller = _caller(base, names=["Jobs.example.org"])
    assert caller.get("/api/flow_runs").status_code == 200
    assert caller.post("/api/flow_runs/filter", json={}).text == "done {}"
    own = {"origin": base, "sec-fetch-site": "same-origin"}
    assert caller.post("/api/flow_runs/filter", json={}, headers=own).status_code == 200
    here = {"host": base.partition("//")[2]}  # the client's own would be another
    for page in ({"origin": base}, {}):
        with caller.websocket_connect("/api/events/out", headers=here | page) as events:
            assert events.receive_text() == "an event"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:4200",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1@evil.example",
        "notlocalhost",
        "internal",
        "evil.docker.internal.example",
        "2130706433.example",
        "",
    ],
)
def test_a_name_that_somebody_else_may_own_is_refused(host: str) -> None:
    """Such a name can be made to lead to this machine, and the page that has it is then of the same origin."""
    answer = _caller().post(
        "/api/deployments/", headers={"host": host, "origin": f"http://{host}", **JSON}, content=b"{}"
    )
    assert answer.status_code == 421
    assert "CONTRAPONTO_SERVER_NAMES" in answer.json()["detail"]
    with (
        pytest.raises(WebSocketDisconnect),
        _caller().websocket_connect("/api/events/out", headers={"host": host}),
    ):
        pass


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://127.0.0.1",
        "http://127.0.0.1:3000",
        "http://127.0.0.1",
        "http://localhost:4200",
        "null",
        "http://127.0.0.1:4200.evil.example",
        "http://127.0.0.1:4200/",
        "chrome-extension://abcdef",
        "",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
def test_a_page_of_another_origin_is_refused(origin: str, method: str) -> None:
    answer = _caller().request(method, "/api/deployments/", headers={"origin": origin, **JSON})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    page = {"host": "127.0.0.1:4200", "origin": origin}
    with (
        pytest.raises(WebSocketDisconnect) as ended,
        _caller().websocket_connect("/api/events/out", headers=page),
    ):
        pass
    assert "may not use this server" in ended.value.reason


def test_one_own_origin_beside_a_foreign_one_does_not_help() -> None:
    headers = [("origin", HERE), ("origin", "http://evil.example"), ("content-type", "application/json")]
    assert _caller().post("/api/flows/", headers=headers, content=b"{}").status_code == 403


def test_pages_that_the_setting_names_pass() -> None:
    caller = _caller(origins=["https://panel.example.org"])
    page = {"origin": "https://panel.example.org", "sec-fetch-site": "cross-site"}
    assert caller.post("/api/flows/", json={}, headers=page).status_code == 200
    assert (
        caller.post("/api/flows/", json={}, headers={**page, "origin": "https://example.org"}).status_code
        == 403
    )


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("mode", ["no-cors", "websocket", "cors"])
def test_nothing_is_loaded_into_a_page_elsewhere(site: str, mode: str) -> None:
    """A picture or a script sends no origin; browsers say so in another way."""
    headers = {"sec-fetch-site": site, "sec-fetch-mode": mode}
    assert _caller().get("/api/flow_runs", headers=headers).status_code == 403


def test_a_link_to_the_page_may_be_followed_but_not_with_a_form() -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    answer = _caller().get("/runs/flow-run/1", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert _caller().post("/api/flows/", json={}, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain; application/json",
        "application/jsonp",
        "application/json, text/plain",
    ],
)
def test_what_a_form_could_send_is_refused(kind: str | None) -> None:
    headers = {} if kind is None else {"content-type": kind}
    answer = _caller().post("/api/flows/", content=b'{"name": "x"}', headers=headers)
    assert answer.status_code == 415
    assert "application/json" in answer.json()["detail"]


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"]
)
def test_json_passes(kind: str) -> None:
    assert _caller().patch("/api/flows/1", content=b"{}", headers={"content-type": kind}).status_code == 200


def test_without_a_body_no_kind_is_asked_for() -> None:
    assert _caller().post("/api/deployments/1/pause_deployment").status_code == 200
    assert _caller().delete("/api/flow_runs/1").status_code == 200


def test_a_body_in_pieces_without_a_kind_is_refused() -> None:
    def pieces() -> Any:
        yield b"{}"

    assert _caller().post("/api/flows/", content=pieces()).status_code == 415
