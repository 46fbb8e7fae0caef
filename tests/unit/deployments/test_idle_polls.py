"""A worker hears at once of work that was written, and the server is asked no more often than that needs."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.embedded.serve import is_only_server
from deployments.guard.idle_polls import KNOWN_SECONDS, IdlePolls
from deployments.server.prefect_internals import WEBSERVER_ONLY_VARIABLE

POOL = "/api/work_pools/cpu/get_scheduled_flow_runs"
DEPLOYMENT = "/api/deployments/7365ebb0-c438-4c71-8669-f9fc6a5645a9"
RUN = "/api/flow_runs/d0e4c49e-3ef0-4fd8-a668-8b3fe41cd2af"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Served:
    """A server whose polls tell what is due."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.polls = IdlePolls(self._answer, clock=lambda: self.now)
        self.due: list[str] = []
        self.asked = 0
        self.status = 200
        self.meanwhile: list[Any] = []
        """What happens between the look into the database and the answer."""

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        if scope["method"] == "POST" and "get_scheduled" in scope["path"]:
            self.asked += 1
            await receive()
            body = json.dumps(self.due).encode()
            while self.meanwhile:
                await self.meanwhile.pop()
        await send({"type": "http.response.start", "status": self.status, "headers": [(b"x-of", b"server")]})
        await send({"type": "http.response.body", "body": body})

    async def request(
        self, method: str, path: str, body: bytes = b"", authorization: str = ""
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        sent: list[Any] = []
        received = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            return received.pop()

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"authorization", authorization.encode())] if authorization else []
        await self.polls({"type": "http", "method": method, "path": path, "headers": headers}, receive, send)
        return sent[0]["status"], sent[0]["headers"], b"".join(each["body"] for each in sent[1:])

    async def poll(self, path: str = POOL, authorization: str = "", **asked: Any) -> list[str]:
        body = json.dumps({"work_queue_names": [], "scheduled_before": NOW.isoformat(), **asked}).encode()
        _, _, answer = await self.request("POST", path, body, authorization)
        found = json.loads(answer)
        assert isinstance(found, list)
        return found


async def test_nothing_is_looked_up_once() -> None:
    served = Served()
    first = await served.request("POST", POOL, b"{}")
    assert first == await served.request("POST", POOL, b"{}") == (200, [(b"x-of", b"server")], b"[]")
    assert served.asked == 1


async def test_after_a_while_the_server_is_asked_again() -> None:
    served = Served()
    await served.poll()
    served.due = ["of a schedule"]
    served.now += KNOWN_SECONDS + 0.01
    assert await served.poll() == ["of a schedule"]


async def test_what_is_due_is_looked_up_each_time() -> None:
    served = Served()
    served.due = ["a run"]
    assert await served.poll() == await served.poll() == ["a run"]
    assert served.asked == 2


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{DEPLOYMENT}/create_flow_run"),
        ("POST", f"{DEPLOYMENT}/create_flow_run/bulk"),
        ("POST", f"{DEPLOYMENT}/resume_deployment"),
        ("POST", "/api/flow_runs/"),
        ("PATCH", RUN),
        ("DELETE", RUN),
        ("POST", f"{RUN}/set_state"),
        ("POST", f"{RUN}/resume"),
        ("POST", "/api/flow_runs/bulk_set_state"),
        ("PATCH", "/api/work_pools/cpu"),
        ("PATCH", "/api/work_pools/filter"),
        ("PATCH", "/api/work_pools/cpu/queues/urgent"),
        ("PATCH", "/api/v2/concurrency_limits/gpu"),
        ("POST", "/api/v2/concurrency_limits/decrement"),
        ("POST", "/api/something/that/prefect/will/have"),
    ],
)
async def test_after_what_may_have_made_a_run_due_the_server_is_asked(method: str, path: str) -> None:
    served = Served()
    await served.poll()
    served.due = ["a run"]
    await served.request(method, path)
    assert await served.poll() == ["a run"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", RUN),
        ("POST", "/api/flow_runs/filter"),
        ("POST", "/api/logs/"),
        ("POST", "/api/artifacts/"),
        ("PATCH", "/api/artifacts/d0e4c49e-3ef0-4fd8-a668-8b3fe41cd2af"),
        ("POST", "/api/work_pools/cpu/workers/heartbeat"),
        ("POST", "/api/v2/concurrency_limits/leases/d0e4c49e-3ef0-4fd8-a668-8b3fe41cd2af/renew"),
        ("POST", "/api/work_pools/gpu/get_scheduled_flow_runs"),
    ],
)
async def test_what_makes_no_run_due_changes_nothing(method: str, path: str) -> None:
    served = Served()
    await served.poll()
    asked = served.asked
    await served.request(method, path)
    served.asked = asked
    await served.poll()
    assert served.asked == asked


async def test_a_submit_during_a_poll_is_not_missed() -> None:
    served = Served()
    served.meanwhile = [served.request("POST", f"{DEPLOYMENT}/create_flow_run")]
    assert await served.poll() == []
    served.due = ["submitted meanwhile"]
    assert await served.poll() == ["submitted meanwhile"]


async def test_a_write_that_fails_may_have_written() -> None:
    served = Served()
    await served.poll()

    async def fail(*_: Any) -> None:
        raise ConnectionError

    served.polls._app, answer = fail, served.polls._app
    with pytest.raises(ConnectionError):
        await served.request("POST", f"{DEPLOYMENT}/create_flow_run")
    served.polls._app = answer
    served.due = ["a run"]
    assert await served.poll() == ["a run"]


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/api/work_pools/gpu/get_scheduled_flow_runs"},
        {"authorization": "Basic b3RoZXI6b25l"},
        {"work_queue_names": ["urgent"]},
        {"limit": 1},
        {"scheduled_before": (NOW + timedelta(hours=1)).isoformat()},
        {"scheduled_before": None},
        {"scheduled_before": "soon"},
        {"scheduled_before": 7},
        {"scheduled_before": NOW.replace(tzinfo=None).isoformat()},
        {"scheduled_after": NOW.isoformat()},
    ],
)
async def test_another_question_is_another(other: dict[str, Any]) -> None:
    served = Served()
    await served.poll()
    await served.poll(**other)
    assert served.asked == 2


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b"\xff"])
async def test_what_is_no_question_is_left_to_the_server(body: bytes) -> None:
    served = Served()
    for _ in range(2):
        await served.request("POST", POOL, body)
    assert served.asked == 2


async def test_an_error_is_not_remembered() -> None:
    served = Served()
    served.status = 503
    await served.poll()
    served.status = 200
    await served.poll()
    assert served.asked == 2


async def test_a_worker_that_asks_for_a_little_more_each_time() -> None:
    served = Served()
    for quarter in range(8):
        served.now += 0.25
        await served.poll(scheduled_before=(NOW + timedelta(seconds=quarter // 4)).isoformat())
    assert served.asked == 1


_WORKERS = st.sampled_from(["cpu", "gpu", "webhooks"])
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("poll"), _WORKERS),
        st.tuples(st.just("submit"), _WORKERS),
        st.tuples(st.just("submit meanwhile"), _WORKERS),
        st.tuples(st.just("look"), _WORKERS),
        st.tuples(st.just("wait"), st.floats(0, 3)),
    ),
    max_size=40,
)


@given(_STEPS)
def test_whatever_happens_a_run_that_is_written_is_in_the_next_answer(steps: list[tuple[str, Any]]) -> None:
    class Server(Served):
        """Each pool has its runs; they are handed out once."""

        def __init__(self) -> None:
            super().__init__()
            self.of: dict[str, list[str]] = {}

        async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
            pool = scope["path"].split("/")[3]
            if "get_scheduled" in scope["path"]:
                self.due = self.of.pop(pool, [])
            await super()._answer(scope, receive, send)

    async def play() -> None:
        served = Server()
        number = 0

        async def submit(pool: str) -> None:
            nonlocal number
            number += 1
            served.of.setdefault(pool, []).append(str(number))
            await served.request("POST", f"{DEPLOYMENT}/create_flow_run")

        for step, what in steps:
            if step == "submit":
                await submit(what)
            elif step == "look":
                await served.request("POST", "/api/flow_runs/filter")
            elif step == "wait":
                served.now += what
            else:
                expected = list(served.of.get(what, []))
                if step == "submit meanwhile":
                    served.meanwhile = [submit(what)]
                found = await served.poll(f"/api/work_pools/{what}/get_scheduled_flow_runs")
                assert found == expected
                for left in served.meanwhile:
                    await left
                served.meanwhile = []

    asyncio.run(play())


@pytest.mark.parametrize(
    ("arguments", "variables", "expected"),
    [([], {}, True), (["--no-services"], {}, False), ([], {WEBSERVER_ONLY_VARIABLE: "1"}, False)],
)
def test_only_a_server_through_which_all_writes_pass_remembers(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], variables: dict[str, str], expected: bool
) -> None:
    monkeypatch.delenv(WEBSERVER_ONLY_VARIABLE, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["serve", *arguments])
    assert is_only_server() is expected
