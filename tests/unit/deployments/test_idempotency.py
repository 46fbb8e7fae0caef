"""A key stands for what was sent with it first."""

import json
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from deployments.guard.bodies import LONGEST_NAME
from deployments.guard.idempotency import LABEL, Idempotency

SUBMIT = "/api/deployments/7365ebb0-c438-4c71-8669-f9fc6a5645a9/create_flow_run"
OTHER = "/api/deployments/11111111-c438-4c71-8669-f9fc6a5645a9/create_flow_run"


class Runs:
    """Prefect's server, as far as it matters: a key that is known gives the first run."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.runs: dict[str, dict[str, Any]] = {}

    async def create(self, request: Request) -> Response:
        sent = await request.json()
        key = sent.get("idempotency_key")
        if sent.get("parameters") == "bad":
            return JSONResponse({"detail": "bad"}, 409)
        known = self.runs.get(key)
        run = known or {
            "id": f"run-{len(self.runs)}",
            "tags": [self.tag, *sent.get("tags", ())],
            "labels": sent.get("labels") or {},
            "padding": "x" * 2000,
        }
        self.runs.setdefault(key or run["id"], run)
        return JSONResponse(run, 200 if known else 201)


def _caller(tag: str = "job") -> TestClient:
    app = Starlette(routes=[Route("/{path:path}", Runs(tag).create, methods=["POST"])])
    app.add_middleware(GZipMiddleware)
    return TestClient(Idempotency(app, tags=("job", "maintenance")))


@pytest.mark.parametrize(
    "again",
    [
        {"parameters": {"b": 2, "a": [1]}},
        {"parameters": {"a": [1], "b": 2}, "name": "another name", "state": {"type": "SCHEDULED"}},
        {"parameters": {"a": [1], "b": 2}, "tags": [], "labels": {"mine": "other"}},
    ],
)
def test_the_same_again_is_the_first_job(again: dict[str, Any]) -> None:
    caller = _caller()
    first = caller.post(SUBMIT, json={"idempotency_key": "k", "parameters": {"a": [1], "b": 2}})
    second = caller.post(SUBMIT, json={"idempotency_key": "k", **again})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]


@pytest.mark.parametrize(
    "other",
    [
        {"parameters": {"a": 2}},
        {"parameters": {"a": 1, "b": None}},
        {"parameters": {}},
        {},
        {"parameters": {"a": 1}, "tags": ["mine"]},
        {"parameters": {"a": 1}, "work_queue_name": "high"},
        {"parameters": {"a": 1}, "job_variables": {"env": {"A": "1"}}},
    ],
)
def test_another_body_is_refused(other: dict[str, Any]) -> None:
    caller = _caller()
    first = caller.post(SUBMIT, json={"idempotency_key": "k", "parameters": {"a": 1}})
    answer = caller.post(SUBMIT, json={"idempotency_key": "k", **other})
    assert answer.status_code == 409
    assert 'The idempotency key "k" has been used for another job' in answer.json()["detail"]
    assert first.json()["id"] in answer.json()["detail"]


def test_another_deployment_is_another_job() -> None:
    caller = _caller()
    sent = {"idempotency_key": "k", "parameters": {"a": 1}}
    caller.post(SUBMIT, json=sent)
    assert caller.post(OTHER, json=sent).status_code == 409


def test_other_keys_and_no_keys_make_jobs() -> None:
    caller = _caller()
    for key in ("k", "l", None):
        for a in (1, 2) if key is None else (1,):
            sent = {"parameters": {"a": a}} | ({"idempotency_key": key} if key else {})
            assert caller.post(SUBMIT, json=sent).status_code == 201


def test_what_starts_by_itself_may_differ() -> None:
    caller = _caller(tag="delivery")
    caller.post(SUBMIT, json={"idempotency_key": "k", "parameters": {"a": 1}})
    assert caller.post(SUBMIT, json={"idempotency_key": "k", "parameters": {"a": 2}}).status_code == 200


def test_housekeeping_is_submitted_by_callers_too() -> None:
    """A clean-up that was only to count is not the one that removes."""
    caller = _caller(tag="maintenance")
    caller.post(SUBMIT, json={"idempotency_key": "k", "parameters": {"dry_run": True}})
    again = caller.post(SUBMIT, json={"idempotency_key": "k", "parameters": {"dry_run": False}})
    assert again.status_code == 409


def test_several_at_once_have_no_keys() -> None:
    """Prefect says of each that it was created, also of one that is the first job of its key."""
    caller = _caller()
    refused = caller.post(f"{SUBMIT}/bulk", json=[{"parameters": {}}, {"idempotency_key": "k"}])
    assert refused.status_code == 422
    assert "one by one" in refused.json()["detail"]
    for body in (b'[{"idempotency_key": null}]', b"[]", b"{}", b"{no", b"[1]"):
        echoed = TestClient(
            Idempotency(Starlette(routes=[Route("/{path:path}", _echo, methods=["POST"])]), tags=())
        )
        assert echoed.post(f"{SUBMIT}/bulk", content=body).content == body


async def _echo(request: Request) -> Response:
    return Response(await request.body())


def test_labels_of_the_caller_stay() -> None:
    run = _caller().post(SUBMIT, json={"idempotency_key": "k", "labels": {"mine": "1"}}).json()
    assert run["labels"]["mine"] == "1"
    assert len(run["labels"][LABEL]) == 64


def test_refusals_of_the_server_pass() -> None:
    answer = _caller().post(SUBMIT, json={"idempotency_key": "k", "parameters": "bad"})
    assert (answer.status_code, answer.json()) == (409, {"detail": "bad"})


@pytest.mark.parametrize("body", [b"", b"[]", b"{no", json.dumps({"idempotency_key": 1}).encode()])
def test_odd_bodies_reach_the_server(body: bytes) -> None:
    caller = TestClient(_caller().app, raise_server_exceptions=False)
    assert caller.post(SUBMIT, content=body).status_code in (201, 500)


def test_an_error_of_the_server_is_answered_in_its_own_words() -> None:
    async def fail(_: Request) -> Response:
        raise ValueError

    async def in_words(_: Request, __: Exception) -> Response:
        return JSONResponse({"exception_message": "Internal Server Error"}, 500)

    app = Starlette(
        routes=[Route("/{path:path}", fail, methods=["POST"])], exception_handlers={Exception: in_words}
    )
    caller = TestClient(Idempotency(app, tags=("job", "maintenance")), raise_server_exceptions=False)
    answer = caller.post(SUBMIT, json={"idempotency_key": "k"})
    assert (answer.status_code, answer.json()) == (500, {"exception_message": "Internal Server Error"})


def test_a_key_may_come_as_a_header() -> None:
    caller = _caller()
    header = {"Idempotency-Key": "k"}
    first = caller.post(SUBMIT, json={"parameters": {"a": 1}}, headers=header)
    for sent, headers in (
        ({"parameters": {"a": 1}}, header),
        ({"parameters": {"a": 1}, "idempotency_key": "k"}, {}),
    ):
        again = caller.post(SUBMIT, json=sent, headers=headers)
        assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert caller.post(SUBMIT, json={"parameters": {"a": 2}}, headers=header).status_code == 409


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        (["k"], "The header Idempotency-Key and idempotency_key in the body differ"),
        (["k", "k"], "Send one header"),
        ([""], "Send one header"),
        (["k" * (LONGEST_NAME + 1)], "Send one header"),
    ],
)
def test_a_header_that_says_something_else_is_refused(keys: list[str], sentence: str) -> None:
    headers = [("Idempotency-Key", key) for key in keys]
    answer = _caller().post(SUBMIT, json={"idempotency_key": "other"}, headers=headers)
    assert answer.status_code == 400
    assert sentence in answer.json()["detail"]
