"""Pages of others, in a real browser, against a server as `up` starts it, without a password."""

import http.server
import json
import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from tasks.jobs import markdown
from tasks.jobs.document import JobDocument, JobStatus
from tasks.jobs.page import job_page
from tests.servers.http import LoopbackServer
from tests.system.checkout import Checkout
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

PAGE = Path(__file__).with_name("attacker.html")
_SECONDS = 120


class Site(LoopbackServer):
    """Somebody's web site: the page, and what it reports."""

    def __init__(self) -> None:
        self.seen: dict[str, str] = {}
        self.asked: set[str] = set()
        self.reported = threading.Event()
        super().__init__()

    def serve(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        body = b""
        self.asked.add(handler.path)
        if handler.command == "POST":
            self.seen = json.loads(handler.rfile.read(int(handler.headers["content-length"])))
            self.reported.set()
        elif handler.path.startswith("/?"):
            body = PAGE.read_bytes()
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html; charset=utf-8")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@contextmanager
def _opened(chromium: str, folder: Path, url: str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A browser of its own that has this page open; its document is printed when it ends by itself."""
    command = [
        *(chromium, "--headless", "--disable-gpu", f"--user-data-dir={folder}"),
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
        *options,
        url,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as browser:
        try:
            yield browser
        finally:
            browser.terminate()
            browser.wait(20)


def _document(chromium: str, folder: Path, url: str, options: Sequence[str] = ()) -> str:
    """What a person would see, as HTML."""
    with _opened(chromium, folder, url, "--dump-dom", "--virtual-time-budget=20000", *options) as browser:
        return browser.communicate(timeout=_SECONDS)[0].decode()


def _shows(chromium: str, folder: Path, url: str, text: str) -> None:
    """Wait until a person would see the text: a slow machine takes longer than the browser's patience."""

    def is_there() -> bool:
        seen = _document(chromium, folder, url)
        return text in seen.replace(" ", "").replace("\n", "")

    wait_until(is_there, what=f"{text} on {url}", seconds=_SECONDS)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "evil.example"])
def test_a_page_of_somebody_else_runs_and_reads_nothing(
    chromium: str, checkout: Checkout, site: Site, tmp_path: Path, host: str
) -> None:
    before = _flows(checkout)
    url = f"http://{host}:{site.port}/?server={quote(checkout.address, safe='')}"
    with _opened(chromium, tmp_path, url, "--host-resolver-rules=MAP evil.example 127.0.0.1"):
        assert site.reported.wait(_SECONDS), "the page did not come to its end"
    assert _flows(checkout) == before
    told = {attack for attack, seen in site.seen.items() if not seen.startswith("failed")}
    assert told == {"beacon", "form", "sandbox"}, f"these alone never learn what became of them: {site.seen}"


def test_a_name_that_was_made_to_lead_here_is_refused(
    chromium: str, checkout: Checkout, tmp_path: Path
) -> None:
    """What a page sees whose own name leads to this machine all of a sudden."""
    port = checkout.address.rpartition(":")[2]
    seen = _document(
        chromium,
        tmp_path,
        f"http://evil.example:{port}/api/admin/settings",
        ["--host-resolver-rules=MAP evil.example 127.0.0.1"],
    )
    assert f'This server is not called \\"evil.example:{port}\\"' in seen
    assert "database" not in seen


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_owners_page_works(chromium: str, checkout: Checkout, tmp_path: Path, host: str) -> None:
    """Under both names of the machine, with what it asks of the server."""
    address = checkout.address.replace("127.0.0.1", host)
    _shows(chromium, tmp_path, f"{address}/work-pools", ">gpu<")


def test_what_a_stranger_named_makes_a_browser_load_nothing(
    chromium: str, checkout: Checkout, site: Site, tmp_path: Path
) -> None:
    """Pages and tables of a job, and beside them a page whose text was not escaped."""

    def title(name: str) -> str:
        return f"![a](http://127.0.0.1:{site.port}/{name}) <img src=http://127.0.0.1:{site.port}/{name}-html>"

    job = JobDocument(
        job_id="1",
        operation="transcribe",
        status=JobStatus.FAILED,
        error=title("error"),
        result={"title": title("title"), "items": [{"title": title("item"), "status": "failed"}]},
    )
    table = [{"file": str(markdown.cell(title("cell")))}]
    pages: dict[str, tuple[str, object]] = {
        "summary": ("markdown", job_page(job)),
        "transcript": ("markdown", markdown.page(markdown.heading(title("heading")))),
        "files": ("table", table),
        "control": ("markdown", title("control")),
    }
    for key, (kind, data) in pages.items():
        made = checkout.api("POST", "/artifacts/", {"key": key, "type": kind, "data": data})
        made.raise_for_status()
        page = f"{checkout.address}/artifacts/artifact/{made.json()['id']}"
        _shows(chromium, tmp_path, page, f"127.0.0.1:{site.port}")
    assert site.asked == {"/control", "/control-html"}


def _flows(checkout: Checkout) -> set[str]:
    answer = checkout.api("POST", "/flows/filter", {})
    answer.raise_for_status()
    return {flow["name"] for flow in answer.json()}
