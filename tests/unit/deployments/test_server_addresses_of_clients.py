"""Addresses that lead to no Prefect API: each command says so in a sentence, and repeats no password of an address."""

import http.server
import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from deployments.cli.app import app
from deployments.processes.service import ServiceError
from tests.servers.http import LoopbackServer

JOB = "0192f0a0-0000-7000-8000-000000000000"
COMMANDS = (
    ("jobs",),
    ("stats",),
    ("status", JOB),
    ("logs", JOB),
    ("cancel", JOB),
    ("retry", JOB),
    ("submit", "transcribe"),
    ("dead-letters",),
    ("replay", JOB),
    ("sizing",),
    ("worker", "--pool", "cpu"),
)


class WebPage(LoopbackServer):
    """What Prefect's server shows outside of /api: one page for every address, to be read only."""

    def serve(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers.get("content-length") or 0))
        reads = handler.command == "GET"
        body = b"<!doctype html><title>Prefect</title>" if reads else b"Method Not Allowed"
        handler.send_response(200 if reads else 405)
        handler.send_header("content-type", "text/html" if reads else "text/plain")
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


@pytest.fixture(scope="module")
def page() -> Iterator[WebPage]:
    running = WebPage()
    yield running
    running.close()


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, words)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_the_address_of_the_web_page_is_told_from_that_of_the_api(
    words: tuple[str, ...], page: WebPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{page.port}")
    refused = typed(*words)
    assert isinstance(refused.exception, ServiceError), refused.exception
    assert "is no Prefect API" in refused.exception.message
    assert "ends in /api" in refused.exception.hint


def test_health_does_not_take_a_web_page_for_a_server(page: WebPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{page.port}")
    found = typed("health", "--json")
    assert found.exit_code == 1
    [check] = json.loads(found.stdout)["checks"]
    assert (check["subject"], check["state"]) == ("server", "down")
    assert "<" not in check["remark"]
    assert "ends in /api" in check["fix"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:port/api", "localhost:4200/api", "foo", "http://"])
def test_what_is_no_address_is_said(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", url)
    for words in (("jobs",), ("health",), ("worker", "--pool", "cpu")):
        refused = typed(*words)
        assert isinstance(refused.exception, ServiceError), refused.exception
        assert "is no address of a server" in refused.exception.message


@pytest.mark.parametrize("words", [("jobs",), ("health",), ("worker", "--pool", "cpu")])
def test_a_password_in_the_address_is_not_repeated(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    login = "ana:geheim"
    monkeypatch.setenv("PREFECT_API_URL", f"http://{login}@127.0.0.1:9/api")
    said = typed(*words)
    assert said.exit_code == 1
    text = said.output + str(said.exception)
    assert "127.0.0.1:9/api" in text
    assert "geheim" not in text
