"""The whole of compose.yaml: on empty volumes with two servers, through its proxy, over deaths, ends and an upgrade."""

import asyncio
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tasks.voice.speech import speak
from tests.material import word_error_rate
from tests.servers.endpoint import WebhookEndpoint
from tests.servers.media import MediaServer
from tests.system.docker import stand_ins
from tests.system.docker.conftest import IMAGE
from tests.system.docker.engine import THIS_MACHINE, Engine
from tests.system.docker.project import NAME, Project
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.models, pytest.mark.engine, pytest.mark.timeout(1500)]

SENTENCE = "The ferry leaves in the morning, and the tickets are sold in the small house by the bridge."
SUBMITS, AT_ONCE = 200, 10
_SERVED = "compose:served"
_WATCHED = (
    *("postgres", "redis", "server", "worker-cpu", "worker-gpu-on-cpu", "worker-webhooks"),
    *("worker-conversations", "listener", "metrics", "proxy"),
)


class _Media(MediaServer):
    address = "0.0.0.0"


class _Endpoint(WebhookEndpoint):
    address = "0.0.0.0"


@pytest.fixture(scope="module")
def media() -> Iterator[MediaServer]:
    running = _Media()
    running.url = f"http://{THIS_MACHINE}:{running.port}"
    yield running
    running.close()


@pytest.fixture(scope="module")
def hook() -> Iterator[WebhookEndpoint]:
    running = _Endpoint()
    running.url = f"http://{THIS_MACHINE}:{running.port}/hook"
    yield running
    running.close()


@pytest.fixture(scope="module")
def recording(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    target = tmp_path_factory.mktemp("speech") / "en.wav"
    speak(SENTENCE, language="en", target=target, models_dir=models_dir)
    return target.read_bytes()


@pytest.fixture(scope="module")
def project(
    docker: Engine,
    media: MediaServer,
    hook: WebhookEndpoint,
    models_dir: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Project]:
    stand_ins.make(docker, "base:local", tmp_path_factory.mktemp("stand-ins"))
    docker.docker("tag", IMAGE, _SERVED)
    settings = {
        "CONTRAPONTO_WHISPER_MODEL": "tiny.en",
        "CONTRAPONTO_ALLOWED_PRIVATE_HOSTS": f"{THIS_MACHINE}:{media.port},{THIS_MACHINE}:{hook.port}",
    }
    made = Project.write(tmp_path_factory.mktemp("compose"), docker, image=_SERVED, settings=settings)
    labels = ("--label", f"com.docker.compose.project={NAME}", "--label", "com.docker.compose.volume=models")
    docker.docker("volume", "create", *labels, f"{NAME}_models")
    # In place of `run --rm models`, which fetches them.
    mounts = ("--volume", f"{NAME}_models:/models", "--volume", f"{models_dir}/whisper-tiny.en:/from:ro")
    docker.docker(
        "run", "--rm", "--network", "none", *mounts, IMAGE, "cp", "-r", "/from", "/models/whisper-tiny.en"
    )
    try:
        made.up()
        yield made
    finally:
        made.compose("down", "--volumes", "--timeout", "10")


def restarts(project: Project, service: str) -> int:
    return sum(int(found["RestartCount"]) for found in project.containers(service))


def all_is_well(project: Project) -> bool:
    states = [found["State"] for service in _WATCHED for found in project.containers(service)]
    return len(states) > len(_WATCHED) and all(
        state.get("Health", {}).get("Status") == "healthy" for state in states
    )


def workers_online(project: Project, pool: str) -> int:
    body = {"workers": {"status": {"any_": ["ONLINE"]}}}
    return len(project.api("POST", f"/work_pools/{pool}/workers/filter", body).json())


def test_everything_is_healthy_on_empty_volumes_with_two_servers(project: Project) -> None:
    wait_until(lambda: all_is_well(project), what="every health check", seconds=400)
    for name in ("migrate", "prepare"):
        (found,) = project.containers(name)
        assert (found["State"]["ExitCode"], found["RestartCount"]) == (0, 0), name
    assert restarts(project, "services") == 0
    with project.client() as caller:
        page = caller.get(f"{project.address}/")
        assert "<html" in page.text, "the web page"
        assert caller.post("/flow_runs/count", json={}, auth=("contraponto", "wrong")).status_code == 401
    numbers = httpx.get(f"http://127.0.0.1:{project.metrics}/metrics", trust_env=False, timeout=60).text
    assert "contraponto_up 1.0" in numbers


def test_a_job_through_the_proxy_ends_with_its_webhook(
    project: Project, media: MediaServer, hook: WebhookEndpoint, recording: bytes
) -> None:
    job = project.submit(
        {
            "youtube_url": media.say("/ferry.wav", recording),
            "remove_noise": False,
            "webhook_url": hook.url,
        }
    )
    assert word_error_rate(SENTENCE, job.completed()["transcription_text"]) < 0.1
    wait_until(
        lambda: any(job.id.encode() in got.body for got in hook.received), what="the webhook", seconds=240
    )


def test_a_second_worker_takes_part(project: Project) -> None:
    project.up("--no-recreate", "--scale", "worker-gpu-on-cpu=2")
    wait_until(lambda: workers_online(project, "gpu") == 2, what="a second worker", seconds=400)


def test_a_server_killed_under_submits_loses_and_doubles_none_that_has_a_key(project: Project) -> None:
    path = f"/deployments/{project.deployment_id('transcribe')}/create_flow_run"
    tag = f"load-{uuid4().hex[:8]}"
    wait = asyncio.Semaphore(AT_ONCE)
    again: list[int] = []

    async def submit(caller: httpx.AsyncClient, number: int) -> str:
        """As docs/containers.md says: with a key, and again after an answer of the proxy's own."""
        later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        body = {
            "parameters": {"youtube_url": f"https://example.org/{number}.mp3"},
            "state": {"type": "SCHEDULED", "state_details": {"scheduled_time": later}},
            "tags": [tag],
            "idempotency_key": f"{tag} {number}",
        }
        async with wait:
            for _ in range(30):
                answer = await caller.post(path, json=body)
                if answer.status_code not in (502, 503, 504):
                    assert answer.status_code in (200, 201), answer.text
                    return str(answer.json()["id"])
                again.append(answer.status_code)
                await asyncio.sleep(1)
        raise AssertionError(f"submit {number} was never taken")

    async def load(caller: httpx.AsyncClient) -> list[str]:
        async with caller:
            sent = [asyncio.create_task(submit(caller, number)) for number in range(SUBMITS)]
            await asyncio.gather(*sent[: SUBMITS // 4])
            # The container's first process, with which all of it ends: the engine starts it again, as after a crash.
            os.kill(project.containers("server")[0]["State"]["Pid"], signal.SIGKILL)
            return await asyncio.gather(*sent)

    with project.client() as client:
        many = httpx.AsyncClient(
            base_url=client.base_url, verify=project.trust, trust_env=False, auth=client.auth, timeout=120
        )
        before = restarts(project, "server")
        taken = asyncio.run(load(many))
        assert len(set(taken)) == SUBMITS, f"{len(set(taken))} jobs of {SUBMITS}; sent again: {again}"
        counted = {"flow_runs": {"tags": {"all_": [tag]}}}
        assert client.post("/flow_runs/count", json=counted).json() == SUBMITS
    wait_until(lambda: restarts(project, "server") == before + 1, what="the start of the server", seconds=30)
    wait_until(lambda: all_is_well(project), what="a healthy server", seconds=300)


def test_what_was_submitted_is_there_after_down_and_up(project: Project, media: MediaServer) -> None:
    job = project.submit({"dry_run": True}, deployment="cleanup")
    job.wait_until(lambda: job.run["state_type"] == "COMPLETED", what="a job")
    project.compose("down", "--timeout", "20")
    project.up()
    assert job.run["state_type"] == "COMPLETED"
    assert "removed" in job.artifacts()
    wait_until(lambda: workers_online(project, "cpu") == 1, what="a worker", seconds=400)


def test_an_upgrade_during_a_job_does_not_lose_it(
    project: Project,
    media: MediaServer,
    hook: WebhookEndpoint,
    recording: bytes,
    docker: Engine,
    tmp_path: Path,
) -> None:
    url = media.say("/long.wav", recording, pause_after=len(recording) // 2)
    media.say("/long.wav", recording)
    job = project.submit({"youtube_url": url, "remove_noise": False, "webhook_url": hook.url})
    job.wait_until(lambda: bool(media.requests("/long.wav")), what="the download")
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nLABEL upgraded=yes\n")
    docker.docker("build", "--network", "none", "--tag", _SERVED, str(tmp_path))
    project.up()
    assert {found["Config"]["Labels"].get("upgraded") for found in project.containers("server")} == {"yes"}
    assert word_error_rate(SENTENCE, job.completed(600)["transcription_text"]) < 0.1
    wait_until(
        lambda: any(job.id.encode() in got.body for got in hook.received), what="the webhook", seconds=240
    )
