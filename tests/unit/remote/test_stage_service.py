"""The stage-service client against a local server that speaks the protocol, with failures on order."""

import email
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import (
    BlockedAddressError,
    CancelledError,
    EngineError,
    InvalidInputError,
    InvalidSettingError,
    LimitExceededError,
    SourceNotFoundError,
    StageTimeoutError,
    StorageFullError,
    TransientError,
)
from tasks.remote.outcomes import FinishedJob
from tasks.remote.protocol import (
    DownloadRequest,
    NormalizationRequest,
    RemoteTranscript,
    ServicePaths,
    ServiceRules,
    TranscriptionRequest,
)
from tasks.remote.stage_service import StageService
from tests.servers.stages import Refusal, Service, serve

REQUEST = DownloadRequest(url="https://example.com/v", max_bytes=1000, max_seconds=60)
QUICK = ServiceRules(poll_interval=0.01, max_poll_attempts=50, max_retries=3, backoff=0.01, request_timeout=5)


def client_of(service: Service, **options: Any) -> StageService:
    return StageService("download", service.address, **{"rules": QUICK, **options})


@pytest.fixture
def service() -> Iterator[Service]:
    with serve(Service()) as running:
        yield running


@pytest.fixture
def other_service() -> Iterator[Service]:
    with serve(Service()) as running:
        yield running


def run(client: StageService, **options: Any) -> FinishedJob:
    return client.run(REQUEST, **{"idempotency_key": "k", "deadline": 30, **options})


def test_a_job_is_submitted_followed_and_read(service: Service) -> None:
    seen: list[float] = []
    told: list[str] = []
    job = run(client_of(service, api_key="geheim"), progress=seen.append, submitted=told.append)
    assert (job.job_id, job.result) == ("job-0", {"title": "Fala"})
    assert told == ["job-0"]
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert json.loads(service.bodies[0]) == {
        "url": "https://example.com/v",
        "max_bytes": 1000,
        "max_seconds": 60,
    }
    assert {headers["Authorization"] for headers in service.headers} == {"Bearer geheim"}
    assert service.cancelled == []


def test_remote_progress_is_taken_over(service: Service) -> None:
    service.states.insert(1, {"status": "processing", "progress": 40})
    seen: list[float] = []
    run(client_of(service, rules=ServiceRules(poll_interval=0.6)), progress=seen.append)
    assert 0.4 in seen


def test_a_file_travels_with_its_parameters(service: Service, tmp_path: Path) -> None:
    audio = tmp_path / "fala ção.wav"
    audio.write_bytes(bytes(range(256)) * 4000)
    parameters = NormalizationRequest(
        remove_noise=True,
        convert_to_mono=True,
        apply_highpass_filter=False,
        set_sample_rate_16k=True,
        isolate_vocals=False,
    )
    service.failures = [503]
    client_of(service).run(parameters, idempotency_key="k", deadline=30, file=audio)
    head = f"Content-Type: {service.headers[1]['Content-Type']}\r\n\r\n".encode()
    parts = email.message_from_bytes(head + service.bodies[0]).get_payload()
    assert isinstance(parts, list)
    assert json.loads(parts[0].get_payload(decode=True))["remove_noise"] is True  # type: ignore[union-attr, arg-type]
    assert parts[1].get_payload(decode=True) == audio.read_bytes()  # type: ignore[union-attr]


@pytest.mark.parametrize("failure", [500, 502, 503, 504, "cut"])
def test_passing_failures_are_borne_everywhere(service: Service, failure: int | str) -> None:
    service.failures = [failure, failure, failure]
    assert run(client_of(service)).job_id == "job-0"
    assert service.made("/jobs") == 4
    service.jobs.clear()
    service.keys.clear()
    service.log.clear()
    original = client_of(service)
    service.failures = []

    def fail_the_next_polls(job_id: str) -> None:
        service.failures = [failure, failure, failure]

    assert run(original, submitted=fail_the_next_polls).job_id == "job-0"
    assert service.made("/jobs/job-0") == 3 + 3


def test_the_waits_between_tries_double(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.failures = [503, 503, 503]
    waits: list[float] = []
    monkeypatch.setattr("tasks.net.deadline.Deadline.sleep", lambda self, seconds: waits.append(seconds))
    run(client_of(service, rules=ServiceRules()))
    assert [2 <= waits[0] <= 2.5, 4 <= waits[1] <= 5, 8 <= waits[2] <= 10] == [True] * 3
    assert set(waits[3:]) == {3.0}


def test_lasting_failure_is_transient_and_leaves_the_job_to_be_found_again(service: Service) -> None:
    def fail_all_polls(job_id: str) -> None:
        service.failures = [503] * 4

    with pytest.raises(TransientError, match="out of order"):
        run(client_of(service), submitted=fail_all_polls)
    assert service.cancelled == []
    assert run(client_of(service)).job_id == "job-0"
    assert list(service.jobs) == ["job-0"], "the second call found the job of the first"


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (400, InvalidInputError, "refuses the job (HTTP 400): scripted 400"),
        (401, InvalidSettingError, "refuses the key"),
        (403, InvalidSettingError, "refuses the key"),
        (404, InvalidSettingError, "has nothing at /jobs"),
        (422, InvalidInputError, "scripted 422"),
        (429, TransientError, "overloaded"),
        (302, InvalidSettingError, "redirects"),
    ],
)
def test_refusals_are_not_retried(service: Service, status: int, error: type[Exception], said: str) -> None:
    service.failures = [status]
    with pytest.raises(error) as caught:
        run(client_of(service))
    assert said in str(caught.value)
    assert len(service.log) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_service_that_asks_to_wait_is_given_the_time(service: Service, status: int) -> None:
    service.failures = [Refusal(status, {"Retry-After": "1"})]
    assert run(client_of(service)).job_id == "job-0"
    assert service.times[1] - service.times[0] >= 1, "the policy itself would have waited 0.01 s"
    polls = len(service.times)

    def refuse_the_next_poll(job_id: str) -> None:
        service.failures = [Refusal(status, {"Retry-After": "1"})]

    run(client_of(service), submitted=refuse_the_next_poll)
    # Submit, the refused poll, the next poll.
    assert service.times[polls + 2] - service.times[polls + 1] >= 1
    assert service.cancelled == []


def test_a_service_that_asks_for_more_time_than_is_left_fails_at_once(service: Service) -> None:
    service.failures = [Refusal(503, {"Retry-After": "100"})]
    with pytest.raises(
        TransientError, match=r"may start in 1\d\d\.\d s, and only (30\.0|29\.\d) s are left"
    ) as caught:
        run(client_of(service))
    assert caught.value.retry_after == 100
    assert len(service.log) == 1


def test_nobody_there() -> None:
    client = StageService("download", "http://127.0.0.1:1", rules=QUICK)
    with pytest.raises(TransientError, match="cannot be reached"):
        run(client)


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ({"status": "failed", "error": "no such video"}, "failed: no such video"),
        ({"status": "failed", "error": {"message": "no such video", "code": 7}}, "failed: no such video"),
        ({"status": "failed"}, "download service failed."),
        ({"status": "cancelled"}, "was cancelled by the service"),
    ],
)
def test_a_failed_job_says_why_and_is_not_cancelled(service: Service, end: dict[str, Any], said: str) -> None:
    service.states = [end]
    with pytest.raises(EngineError) as caught:
        run(client_of(service))
    assert said in str(caught.value)
    assert service.cancelled == []


@pytest.mark.parametrize(
    "state", [{"status": "exploded"}, {"progress": 5}, {"status": "queued", "progress": 400}]
)
def test_an_unknown_answer_cancels_the_job(service: Service, state: dict[str, Any]) -> None:
    service.states = [state]
    with pytest.raises(EngineError, match="unknown form"):
        run(client_of(service))
    assert service.cancelled == ["job-0"]


def test_cancelling_here_cancels_there(service: Service) -> None:
    service.states = [{"status": "processing", "progress": 30}]
    reported: list[float] = []

    def cancel(fraction: float) -> None:
        reported.append(fraction)
        if fraction > 0.2:
            raise CancelledError("The job was cancelled.")

    with pytest.raises(CancelledError):
        run(client_of(service, rules=ServiceRules(poll_interval=0.05)), progress=cancel)
    assert service.cancelled == ["job-0"]


def test_cancelling_does_not_wait_for_a_silent_service(service: Service) -> None:
    service.states = [{"status": "processing"}]

    def hang_now(job_id: str) -> None:
        service.failures = ["hang"]

    def cancel(fraction: float) -> None:
        # Only while the answer to the first poll is being waited for.
        if service.made("/jobs/job-0") == 1:
            service.released.set()
            raise CancelledError("The job was cancelled.")

    with pytest.raises(CancelledError):
        run(client_of(service), progress=cancel, submitted=hang_now)
    assert service.cancelled == ["job-0"]


def test_the_deadline_cancels_there(service: Service) -> None:
    service.states = [{"status": "processing"}]
    with pytest.raises(StageTimeoutError, match="did not finish within"):
        run(client_of(service), deadline=0.3)
    assert service.cancelled == ["job-0"]


def test_too_many_polls_cancel_there(service: Service) -> None:
    service.states = [{"status": "queued"}]
    with pytest.raises(StageTimeoutError, match="after 50 polls"):
        run(client_of(service))
    assert service.cancelled == ["job-0"]
    assert service.made("/jobs/job-0") == 50 + 1


def test_an_interrupt_cancels_there_even_if_the_service_stumbles(service: Service) -> None:
    service.states = [{"status": "processing"}]

    def interrupt(job_id: str) -> None:
        service.failures = [503]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(client_of(service), submitted=interrupt)
    assert service.cancelled == ["job-0"]


def test_cancelling_a_job_that_is_gone_is_fine_and_a_dead_service_is_told(service: Service) -> None:
    assert client_of(service).cancel("never-was")
    service.failures = [500, 500]
    assert not client_of(service).cancel("job-0")


def test_the_file_is_fetched_whole(service: Service, tmp_path: Path) -> None:
    client = client_of(service)
    job = run(client)
    seen: list[float] = []
    fetched = client.fetch(
        job, tmp_path / "new" / "a.wav", max_bytes=10**6, deadline=30, progress=seen.append
    )
    assert fetched.path.read_bytes() == service.file
    assert (fetched.size, fetched.content_type) == (len(service.file), "audio/wav")
    assert fetched.sha256 == hashlib.sha256(service.file).hexdigest()


def test_a_cut_download_is_fetched_again(service: Service, tmp_path: Path) -> None:
    service.cut_downloads = 2
    client = client_of(service)
    fetched = client.fetch(run(client), tmp_path / "a.wav", max_bytes=10**6, deadline=30)
    assert fetched.path.read_bytes() == service.file
    service.cut_downloads = 99
    with pytest.raises(TransientError):
        client.fetch(run(client), tmp_path / "b.wav", max_bytes=10**6, deadline=30)
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_a_file_over_the_limit_is_refused(service: Service, tmp_path: Path) -> None:
    client = client_of(service)
    with pytest.raises(LimitExceededError, match="larger than"):
        client.fetch(run(client), tmp_path / "a.wav", max_bytes=100_000, deadline=30)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_named(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(hashlib, "sha256", full)
    client = client_of(service)
    with pytest.raises(StorageFullError, match=r"a\.wav"):
        client.fetch(FinishedJob("download", "job-0", {}), tmp_path / "a.wav", max_bytes=10**6, deadline=30)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_named(service: Service, tmp_path: Path) -> None:
    client = client_of(service, paths=ServicePaths(download="/nowhere/{job_id}"))
    with pytest.raises(SourceNotFoundError):
        client.fetch(FinishedJob("download", "job-0", {}), tmp_path / "a.wav", max_bytes=10**6, deadline=30)


@pytest.mark.parametrize(
    "url", ["http://[a", "/files/1", "http://a:port/", "file:///etc/passwd", "http://", "http://xn--a/", ""]
)
def test_an_address_that_is_none_is_the_fault_of_the_service(
    url: str, service: Service, tmp_path: Path
) -> None:
    client = client_of(service)
    with pytest.raises((EngineError, InvalidInputError)) as caught:
        client.fetch(FinishedJob("download", "job-0", {"url": url}), tmp_path / "a", max_bytes=1, deadline=30)
    assert isinstance(caught.value, EngineError) or "xn--a" in url


def test_the_key_stays_with_the_service(service: Service, other_service: Service, tmp_path: Path) -> None:
    job = FinishedJob("download", "job-0", {"url": f"{other_service.address}/files/1"})
    with pytest.raises(BlockedAddressError):
        client_of(service, api_key="geheim").fetch(job, tmp_path / "a", max_bytes=10**6, deadline=30)
    assert other_service.log == []
    client = client_of(service, api_key="geheim", allowed_private_hosts=("127.0.0.1",))
    assert client.fetch(job, tmp_path / "a", max_bytes=10**6, deadline=30).size == len(other_service.file)
    assert other_service.headers[0]["Authorization"] is None
    own = FinishedJob("download", "job-0", {"url": f"{service.address}/files/1"})
    client.fetch(own, tmp_path / "b", max_bytes=10**6, deadline=30)
    assert service.headers[-1]["Authorization"] == "Bearer geheim"


def test_paths_can_differ(service: Service) -> None:
    client = client_of(service, paths=ServicePaths(submit="api/v1/submit", status="x"))
    with pytest.raises(InvalidSettingError, match="/api/v1/submit"):
        run(client)


def test_a_job_id_cannot_change_the_path(service: Service) -> None:
    service.keys["k"] = "../admin/delete"
    with pytest.raises(EngineError, match="unknown form"):
        run(client_of(service))


def test_health(service: Service) -> None:
    assert client_of(service).health().healthy
    service.failures = [500]
    sick = client_of(service).health()
    assert (sick.healthy, sick.detail) == (False, "The download service answers HTTP 500.")
    dead = StageService("download", "http://127.0.0.1:1").health()
    assert not dead.healthy
    assert "cannot be reached" in dead.detail


def test_a_transcript_is_read_and_a_wrong_one_named() -> None:
    result: dict[str, Any] = {
        "text": "olá",
        "language": "pt",
        "segments": [
            {
                "text": "olá",
                "start": 0,
                "end": 1,
                "duration": 1,
                "words": [{"word": "olá", "start": 0, "end": 1}],
            }
        ],
    }
    transcript = FinishedJob("transcription", "1", result).read(RemoteTranscript)
    assert transcript.segments[0].words[0].word == "olá"
    del result["segments"][0]["end"]
    with pytest.raises(EngineError, match=r"segments\.0\.end"):
        FinishedJob("transcription", "1", result).read(RemoteTranscript)


def test_requests_leave_out_what_is_not_given() -> None:
    assert "model" not in TranscriptionRequest().model_dump(exclude_none=True)
