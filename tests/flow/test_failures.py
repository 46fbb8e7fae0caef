"""Jobs that cannot succeed: the right state, one clear sentence, the next step, and nothing left behind."""

import resource
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tasks.fetching.steps import fetch_media
from tasks.jobs.document import StageStatus
from tests.flow.conftest import Configure
from tests.flow.jobs import assert_failed, run_job
from tests.flow.recordings import Recordings, silence
from tests.servers.media import MediaServer

LOGIN = "<html><title>Sign in</title><body><p>This video is private. Sign in to watch it.</p></body></html>"
HEADERS = {"ETag": '"first"'}


@dataclass(frozen=True)
class Case:
    """A source that cannot be transcribed."""

    script: Callable[[MediaServer, Recordings], str]
    """Scripts the server and returns the source."""
    code: str
    says: str
    stage: str | None = "download"
    settings: dict[str, object] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)


CASES = {
    "private": Case(
        lambda server, _: server.say("/v", LOGIN.encode(), 403, content_type="text/html"),
        "source_forbidden",
        r"HTTP 403.*without signing in",
    ),
    "login page": Case(
        lambda server, _: server.page("/v", LOGIN), "not_media", r"page .*without audio or video"
    ),
    "not found": Case(
        lambda server, _: server.url + "/v.mp3", "source_not_found", r"HTTP 404.*Check the address"
    ),
    "html named as a recording": Case(
        lambda server, _: server.say("/v.mp4", b"<!doctype html><p>Hello</p>", content_type="video/mp4"),
        "not_media",
        "is a web page",
    ),
    "empty file": Case(
        lambda server, _: server.say("/v.wav", b"", headers=HEADERS), "not_media", r"empty \(0 bytes\)"
    ),
    "truncated": Case(
        lambda server, made: server.say("/v.mp4", half(made.film(sound=True)), content_type="video/mp4"),
        "damaged_media",
        "[Ff]ile",
    ),
    "without audio": Case(
        lambda server, made: server.say("/v.mp4", made.film(sound=False), content_type="video/mp4"),
        "no_audio",
        "no sound",
    ),
    "too long": Case(
        lambda server, _: server.say("/v.wav", silence(30)),
        "limit_exceeded",
        r"30 seconds long; the limit is 15 seconds.*CONTRAPONTO_MAX_DURATION_MINUTES",
        settings={"max_duration_minutes": 0.25},
    ),
    "too large": Case(
        lambda server, _: server.say("/v.wav", silence(60)),
        "limit_exceeded",
        "raise the size limit",
        settings={"max_download_mb": 1},
    ),
    "too large without saying so": Case(
        lambda server, _: server.say("/v.wav", silence(60), length=False),
        "limit_exceeded",
        "raise the size limit",
        settings={"max_download_mb": 1},
    ),
    "private address": Case(
        lambda server, _: server.say("/v.wav", silence(1)),
        "blocked_address",
        "CONTRAPONTO_ALLOWED_PRIVATE_HOSTS",
        settings={"allowed_private_hosts": "127.0.0.1:9"},
    ),
    "redirect to a private address": Case(
        lambda server, _: server.say("/v.wav", b"", 302, headers={"Location": "http://169.254.169.254/meta"}),
        "blocked_address",
        "169.254.169.254",
    ),
    "store key": Case(lambda *_: "talks/gone.wav", "source_not_found", "talks/gone.wav"),
    "language": Case(
        lambda server, _: server.say("/v.wav", silence(1)),
        "unknown_language",
        "klingon",
        stage=None,
        parameters={"language": "klingon"},
    ),
    "no model": Case(
        lambda server, _: server.say("/v.wav", silence(1)),
        "missing_engine",
        "contraponto models get",
        stage=None,
        settings={"models_dir": "/nonexistent"},
    ),
    "webhook": Case(
        lambda server, _: server.say("/v.wav", silence(1)),
        "blocked_address",
        "10.0.0.9",
        stage=None,
        parameters={"webhook_url": "http://10.0.0.9/hook"},
    ),
}


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_job_that_cannot_succeed_says_why(
    case: Case, server: MediaServer, recordings: Recordings, configure: Configure
) -> None:
    source = case.script(server, recordings)
    configure(**case.settings)
    job = await run_job(source, **case.parameters)
    await assert_failed(job, case.code, case.stage, case.says)
    if case.stage is None:
        assert server.asked == [], "something was fetched although the job could not be done"


async def test_a_server_that_stays_broken_is_given_up(
    server: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_media.task, "retry_delay_seconds", [0.01] * 3)
    job = await run_job(server.say("/v.wav", b"down", 500, content_type="text/plain"))
    await assert_failed(job, "temporarily_unavailable", "download", r"HTTP 500.*Try again later")
    assert len(server.requests("/v.wav")) > 4, "the step itself was not tried again"


async def test_a_download_that_is_always_cut_is_given_up(
    server: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_media.task, "retry_delay_seconds", [0.01] * 3)
    job = await run_job(server.say("/v.wav", silence(10), cut_after=10_000))
    await assert_failed(job, "temporarily_unavailable", "download", r"cut.*Try again later")


async def test_a_permanent_error_is_not_tried_again(server: MediaServer) -> None:
    await run_job(server.say("/v.wav", b"gone", 410, content_type="text/plain"))
    assert len(server.requests("/v.wav")) <= 2


@pytest.fixture
def file_size_limit() -> Iterator[Callable[[int], None]]:
    """Makes every write beyond so many bytes of a file fail, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_disk_that_fills_while_downloading(
    server: MediaServer, file_size_limit: Callable[[int], None]
) -> None:
    url = server.say("/v.wav", silence(30))
    file_size_limit(300_000)
    await assert_failed(await run_job(url), "storage_full", "download", "[Ff]ree some space")


async def test_a_job_that_takes_too_long_ends(server: MediaServer, configure: Configure) -> None:
    configure(job_timeout_minutes=0.03)
    job = await run_job(server.say("/v.wav", silence(60), drip=(2_000, 0.02)))
    says = r"longer than 0\.03 minutes.*CONTRAPONTO_JOB_TIMEOUT_MINUTES"
    await assert_failed(job, "timeout", "download", says, name="TimedOut")


async def test_a_stage_that_takes_too_long_ends(server: MediaServer, configure: Configure) -> None:
    configure(download_timeout=1)
    job = await run_job(server.say("/v.wav", silence(60), drip=(2_000, 0.02)))
    assert job.document.error_code == "timeout"
    assert job.state.name == "TimedOut"
    assert list(job.stages().values()) == [StageStatus.FAILED, StageStatus.QUEUED, StageStatus.QUEUED]
