"""What a caller from outside may do, against the routes of Prefect's own server, so that none is forgotten."""

import re
from typing import Any

import pytest
from prefect.server.api.server import create_api_app
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from deployments.guard.submits_only import HEADER, SubmitsOnly

OUTSIDE = {HEADER.decode(): "1"}
RUN = "0192f0a0-0000-7000-8000-000000000000"

CHANGES = {
    *("POST /deployments/{id}/create_flow_run", "POST /deployments/{id}/create_flow_run/bulk"),
    *("POST /flow_runs/{id}/set_state", "POST /flow_runs/{id}/resume", "POST /flow_runs/bulk_set_state"),
}
"""All that may be changed. What else may be posted only asks."""
QUESTIONS = re.compile(
    r"POST /.*/(filter|count|paginate|history|lateness|concurrency_status)|POST /(ui|events/count-by)/.*"
)


def routes() -> list[str]:
    """Of Prefect's API, without those that only read."""
    paths = create_api_app().openapi()["paths"]
    return sorted(
        f"{method.upper()} {path}" for path, methods in paths.items() for method in methods if method != "get"
    )


async def _answer(request: Request) -> Response:
    return Response(await request.body() or b"done")


async def _stream(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


def caller(headers: dict[str, str]) -> TestClient:
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    app = Starlette(
        routes=[Route("/{path:path}", _answer, methods=methods), WebSocketRoute("/{path:path}", _stream)]
    )
    return TestClient(SubmitsOnly(app), headers=headers)


@pytest.fixture
def outside() -> TestClient:
    return caller(OUTSIDE)


def asked(client: TestClient, route: str, body: Any = None) -> Any:
    method, path = route.split(" ")
    return client.request(method, f"/api{re.sub(r'{[^}]+}', RUN, path)}", json=body or {})


@pytest.mark.parametrize("route", routes())
def test_every_route_that_changes_something_is_closed(outside: TestClient, route: str) -> None:
    answer = asked(outside, route)
    if route in CHANGES or QUESTIONS.fullmatch(route):
        assert answer.status_code == 200
    else:
        assert answer.status_code == 403
        assert "at the server itself" in answer.json()["detail"]


@pytest.mark.parametrize("route", routes())
def test_nobody_else_is_held_up(route: str) -> None:
    for headers in ({}, {HEADER.decode(): "0"}):
        assert asked(caller(headers), route, {"job_variables": {"env": {}}}).status_code == 200


def test_what_is_asked_arrives_whole(outside: TestClient) -> None:
    body = {"parameters": {"youtube_url": "https://example.org/é.mp3"}, "tags": ["a"]}
    assert asked(outside, "POST /deployments/{id}/create_flow_run", body).json() == body


@pytest.mark.parametrize(
    "body",
    [
        {"job_variables": {"env": {"PYTHONPATH": "/tmp"}}},
        {"infrastructure_document_id": RUN},
        {"enforce_parameter_schema": False},
        {"enforce_parameter_schema": 0},
        {"state": {"type": "COMPLETED"}},
        {"state": {"type": "SCHEDULED", "data": {"type": "reference"}}},
    ],
)
def test_a_submit_says_what_to_do_and_not_how_and_where(outside: TestClient, body: dict[str, Any]) -> None:
    assert asked(outside, "POST /deployments/{id}/create_flow_run", body).status_code == 403
    assert asked(outside, "POST /deployments/{id}/create_flow_run/bulk", [{}, body]).status_code == 403


@pytest.mark.parametrize(
    ("state", "status"),
    [("CANCELLING", 200), ("CANCELLED", 200), ("SCHEDULED", 200), ("COMPLETED", 403), ("RUNNING", 403)],
)
def test_a_job_is_cancelled_or_run_again(outside: TestClient, state: str, status: int) -> None:
    for route in ("POST /flow_runs/{id}/set_state", "POST /flow_runs/bulk_set_state"):
        assert asked(outside, route, {"state": {"type": state}}).status_code == status


@pytest.mark.parametrize(
    "query", ["include_secrets=true", "include_secrets=", "a=1&include%5Fsecrets=1", "include_secrets"]
)
def test_secrets_are_not_read(outside: TestClient, query: str) -> None:
    assert outside.get(f"/api/block_documents/{RUN}?{query}").status_code == 403
    assert outside.get(f"/api/block_documents/{RUN}?limit=3").status_code == 200
    secret = {"include_secrets": True}
    assert asked(outside, "POST /block_documents/filter", secret).status_code == 403
    assert outside.get("/api/admin/settings").status_code == 403
    assert outside.get("/api/admin/version").status_code == 200
    # A router takes a path with the end of a line behind it for the path.
    for path in ("settings%0A", "version%0A", "settings%0A/x"):
        assert outside.get(f"/api/admin/{path}").status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/api//flows/filter/",
        "/api/flows/filter/../",
        "/api/flows",
        "/API/flows/",
        "/api/deployments/filter/x",
    ],
)
def test_other_spellings_open_nothing(outside: TestClient, path: str) -> None:
    assert outside.post(path, json={}).status_code == 403


def test_the_page_sees_events_and_sends_none(outside: TestClient) -> None:
    for path in ("/api/events/out", "/api/logs/out"):
        with outside.websocket_connect(path, headers=OUTSIDE):
            pass
    for path in ("/api/events/in", "/api/task_runs/subscriptions/scheduled"):
        with pytest.raises(WebSocketDisconnect), outside.websocket_connect(path, headers=OUTSIDE):
            pass
