"""The first product as its callers use it: a server, workers, jobs over REST and from the command line."""

import json
import re
from pathlib import Path

import httpx
import psutil
import pytest

from tasks.voice.speech import speak
from tests.material import NARRATION, PORTUGUESE, with_noise, word_error_rate
from tests.servers.media import MediaServer
from tests.system.checkout import STARTING, Checkout, Job
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.models, pytest.mark.timeout(900)]

STAGES = ("download", "normalization", "transcription")


@pytest.fixture(scope="session")
def narration() -> str:
    """Two minutes of prose: long enough for a job to be caught in each of its stages."""
    return " ".join(" ".join(NARRATION.read_text(encoding="utf-8").split()).split(" ")[:330]) + "."


@pytest.fixture(scope="session")
def speech(narration: str, models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    target = tmp_path_factory.mktemp("speech") / "en.wav"
    speak(narration, language="en", target=target, models_dir=models_dir)
    return target.read_bytes()


@pytest.fixture
def url(web: MediaServer, speech: bytes, request: pytest.FixtureRequest) -> str:
    """The narration at an address of the test's own."""
    return _edition(web, speech, request.node.name)


@pytest.fixture
def noisy_url(web: MediaServer, speech: bytes, request: pytest.FixtureRequest) -> str:
    """The same with noise that is worth removing, which takes as long as it takes to catch a job in it."""
    return _edition(web, with_noise(speech), request.node.name)


def _edition(web: MediaServer, audio: bytes, test: str) -> str:
    """Some bytes at the end make it a file that was never seen before, so that nothing of it is in the cache."""
    name = re.sub(r"\W+", "-", test)
    return web.say(f"/{name}.wav", audio + name.encode(), headers={"ETag": f'"{name}"'})


def start_of(job: Job, stage: str) -> None:
    """Wait until a stage has begun: that is written at once, what it has done every two seconds."""
    job.wait_until(lambda: job.stage(stage).get("status", "queued") != "queued", what=f"the start of {stage}")
    assert job.stage(stage)["status"] == "processing", f"{stage} was over before it was seen"


def test_a_job_over_rest_with_the_body_that_callers_have_always_sent(
    checkout: Checkout, url: str, narration: str
) -> None:
    body = {
        "youtube_url": url,
        "language": "en",
        "remove_noise": True,
        "convert_to_mono": True,
        "set_sample_rate_16k": True,
        "id_roteiro": "R-42",
        "metadata": {"episode": 7},
    }
    job = checkout.submit(body)
    seen: dict[str, set[float]] = {stage: set() for stage in STAGES}

    def poll() -> bool:
        artifacts = job.artifacts()
        for stage in STAGES:
            seen[stage].add(artifacts.get(f"progress-{stage}", 0.0))
        return bool(job.run["state_type"] == "COMPLETED")

    job.wait_until(poll, what="the end of the job")
    document = job.document
    assert (document["status"], document["overall_progress"]) == ("completed", 100)
    assert (document["id_roteiro"], document["metadata"]) == ("R-42", {"episode": 7})
    assert word_error_rate(narration, document["transcription_text"]) <= 0.05
    # Bars move: the long stages were seen between their ends, and every one at its end.
    assert all(100 in values for values in seen.values()), seen
    assert any(0 < value < 100 for value in seen["transcription"]), seen

    store = checkout.home / "store"
    files = document["result"]["files"]
    assert set(files) == {"srt", "vtt", "txt", "json"}
    assert (store / files["vtt"]).read_text(encoding="utf-8").startswith("WEBVTT")
    assert word_error_rate(narration, (store / document["transcription_file"]).read_text()) <= 0.05
    assert (store / document["audio_file"]).read_bytes()[:4] == b"fLaC"
    words = [word for segment in document["transcription_segments"] for word in segment["words"]]
    assert all(0 <= word["start"] <= word["end"] <= document["result"]["duration"] for word in words)
    assert not list((checkout.home / "scratch").glob("*"))


def test_portuguese(checkout: Checkout, web: MediaServer, models_dir: Path, tmp_path: Path) -> None:
    spoken = speak(PORTUGUESE, language="pt", target=tmp_path / "pt.wav", models_dir=models_dir)
    assert spoken.engine == "kokoro"
    url = web.say("/pt.wav", spoken.path.read_bytes())
    document = checkout.submit({"youtube_url": url, "language": "auto"}).completed()
    assert document["result"]["language"] == "pt"
    assert word_error_rate(PORTUGUESE, document["transcription_text"]) <= 0.10


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (
            {"youtube_url": "https://example.org/a.mp3", "remove_noize": True},
            'There is no parameter "remove_noize" here. Did you mean "remove_noise"?',
        ),
        ({}, "'youtube_url' is missing: give a URL"),
        ({"youtube_url": "ftp://example.org/a.mp3"}, "ftp://example.org/a.mp3"),
        ({"youtube_url": "https://example.org/a.mp3", "formats": ["doc"]}, "doc"),
    ],
)
def test_a_wrong_body_is_refused_by_name(checkout: Checkout, body: dict[str, object], name: str) -> None:
    path = f"/deployments/{checkout.deployment_id('transcribe')}/create_flow_run"
    refused = checkout.api("POST", path, {"parameters": body})
    assert refused.status_code == 409
    assert name in refused.json()["detail"]


def test_the_web_interface_answers(checkout: Checkout) -> None:
    page = httpx.get(checkout.address, follow_redirects=True, timeout=30, trust_env=False)
    assert page.status_code == 200
    assert "<html" in page.text.lower()


@pytest.mark.parametrize("stage", ["normalization", "transcription"])
def test_a_killed_job_goes_on_where_it_was(
    checkout: Checkout, noisy_url: str, narration: str, stage: str
) -> None:
    job = checkout.submit({"youtube_url": noisy_url, "language": "en", "remove_noise": True})
    start_of(job, stage)
    process = job.process()
    children = process.children(recursive=True)
    process.kill()
    _, alive = psutil.wait_procs([process, *children], timeout=10)
    assert not alive, f"outlived the job: {alive}"
    job.wait_until(lambda: job.run["state_type"] == "COMPLETED", what="its second start", seconds=300)
    document = job.completed()
    assert set(STAGES[: STAGES.index(stage)]) <= set(job.cached())
    assert stage not in job.cached()
    assert word_error_rate(narration, document["transcription_text"]) <= 0.05
    assert not list((checkout.home / "scratch").glob("*")), "what the killed process left was not swept"


def test_a_cancelled_job_is_gone_within_ten_seconds(checkout: Checkout, noisy_url: str) -> None:
    job = checkout.submit({"youtube_url": noisy_url, "language": "en", "remove_noise": True})
    start_of(job, "normalization")
    process = job.process()
    family = [process, *process.children(recursive=True)]
    cancel = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
    assert checkout.api("POST", f"/flow_runs/{job.id}/set_state", cancel).status_code == 201
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive, f"still running: {[survivor.cmdline() for survivor in alive]}"
    job.wait_until(lambda: job.run["state_type"] == "CANCELLED", what="the end of the run", seconds=60)
    job.wait_until(
        lambda: job.document.get("status") == "cancelled", what="the job document's end", seconds=60
    )
    assert job.document["error_code"] == "cancelled"
    assert not list((checkout.home / "scratch").glob("*"))


def test_from_the_command_line(checkout: Checkout, url: str, narration: str) -> None:
    printed = checkout.contraponto(
        "submit", "transcribe", "-p", f"youtube_url={url}", "-p", "language=en", "--wait", "--json"
    )
    document = json.loads(printed.stdout)
    assert word_error_rate(narration, document["transcription_text"]) <= 0.05

    status = checkout.contraponto("status", document["job_id"])
    assert document["transcription_text"] in status.stdout
    assert str(checkout.home / "store" / document["result"]["files"]["srt"]) in status.stdout
    assert json.loads(checkout.contraponto("status", document["job_id"], "--json").stdout) == document


def test_from_prefects_command_line(checkout: Checkout, web: MediaServer) -> None:
    url = web.say("/nothing.wav", b"not found", 404)
    printed = checkout.prefect("deployment", "run", "transcribe/transcribe", "-p", f"youtube_url={url}")
    job = Job(checkout, re.findall(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", printed)[0])
    document = job.ended()
    assert (document["status"], document["error_code"]) == ("failed", "source_not_found")
    assert job.run["state"]["message"] == document["error"]
    failed = checkout.contraponto("status", job.id, "--watch", code=1)
    assert document["error"].split("\n")[0] in failed.stdout


def test_a_schedule_makes_jobs(checkout: Checkout, web: MediaServer) -> None:
    url = web.say("/nightly.wav", b"not found", 404)
    deployment = f"/deployments/{checkout.deployment_id('transcribe')}"
    schedule = {
        # The server plans runs about once a minute, so a single moment could have passed by then.
        "schedule": {"interval": 20},
        "parameters": {"youtube_url": url},
        "slug": "test",
    }
    made = checkout.api("POST", f"{deployment}/schedules", [schedule])
    assert made.status_code == 201, made.text
    try:
        body = {"flow_runs": {"parent_task_run_id": None, "tags": {"all_": ["auto-scheduled"]}}}
        job: list[Job] = []

        def began() -> bool:
            for run in checkout.api("POST", "/flow_runs/filter", body).json():
                if run["parameters"].get("youtube_url") == url and run["state_type"] not in STARTING:
                    job.append(Job(checkout, run["id"]))
            return bool(job)

        wait_until(began, what="a job of the schedule", seconds=240)
        assert job[0].ended()["error_code"] == "source_not_found"
    finally:
        checkout.api("DELETE", f"{deployment}/schedules/{made.json()[0]['id']}")
