"""Jobs in containers: a real engine, the project's own image, real docker workers, real speech."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tasks.voice.speech import speak
from tests.material import word_error_rate
from tests.servers.media import MediaServer
from tests.system.checkout import Checkout, Job
from tests.system.docker.conftest import IMAGE, SECRET_OF_JOBS, SECRET_OF_THE_WORKER, prepare
from tests.system.docker.engine import Engine
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.models, pytest.mark.engine, pytest.mark.timeout(900)]

SENTENCE = (
    "The ferry leaves in the morning, and the tickets are sold in the small house by the bridge. "
    "Please bring warm clothes, because the wind on the water is cold."
)
MEGABYTES = 1e6


@pytest.fixture(scope="module")
def recording(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    target = tmp_path_factory.mktemp("speech") / "en.wav"
    speak(SENTENCE, language="en", target=target, models_dir=models_dir)
    return target.read_bytes()


def move_to(stack: Checkout, pool: str) -> None:
    """Let `transcribe` run on another pool; nothing else about it changes."""
    answer = stack.api("PATCH", f"/deployments/{stack.deployment_id('transcribe')}", {"work_pool_name": pool})
    assert answer.is_success, answer.text


def container_of(docker: Engine, job: Job) -> str:
    job.wait_until(lambda: bool(docker.containers_of(job.id)), what="a container", seconds=240)
    return docker.containers_of(job.id)[0]


def test_the_image_is_small_and_its_user_is_not_root(docker: Engine) -> None:
    found = docker.inspect(IMAGE)
    assert found["Size"] < 1450 * MEGABYTES
    assert found["Config"]["WorkingDir"] == "/app"
    run = ("run", "--rm", "--network", "none", "--entrypoint")
    assert docker.docker(*run, "id", IMAGE, "-u") == "10001"
    # Jobs may write where data belongs, and nowhere in the project.
    docker.docker(*run, "sh", IMAGE, "-c", "touch /data/x && ! touch /app/x 2>/dev/null && ! command -v pip")
    # Skia names libraries of OpenGL, which the image does not have.
    docker.docker(*run, "python", IMAGE, "-c", "import tasks.film.templates")


@contextmanager
def asleep(stack: Checkout, service: str) -> Iterator[None]:
    """Meanwhile the service and its processes stand still."""
    service_process = psutil.Process(stack.pids()[service])
    processes = [service_process, *service_process.children(recursive=True)]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


def test_the_image_is_a_worker_and_says_when_it_is_none(docker: Engine, stack: Checkout) -> None:
    given = (
        *("--env", f"PREFECT_API_URL={stack.settings['PREFECT_API_URL']}"),
        *("--env", f"CONTRAPONTO_API_AUTH={stack.settings['CONTRAPONTO_API_AUTH']}"),
    )
    # The line of docs/containers.md, on this machine's network.
    worker = docker.docker(
        "run", "--detach", "--init", "--network", "host", *given, "--env", "POOL=cpu", IMAGE
    )
    check = ("exec", worker, "sh", "-c", "python -m deployments.docker.alive >/dev/null 2>&1; echo $?")
    assert docker.docker(*check) == "1"
    wait_until(lambda: docker.docker(*check) == "0", what="a healthy worker", seconds=400)
    # What prepares the server in compose: without a right to write into the project.
    assert "Prepared" in docker.docker("exec", worker, "sh", "-c", "contraponto deploy 2>&1", seconds=400)
    # That moved the deployments to the pools of processes; here nobody but the container takes their jobs.
    with asleep(stack, "worker-cpu"):
        job = stack.submit({"dry_run": True}, deployment="cleanup")
        job.wait_until(lambda: job.run["state_type"] == "COMPLETED", what="a job in the worker's container")
    assert "removed" in job.artifacts()
    docker.docker("stop", "--time", "30", worker)
    assert docker.inspect(worker)["State"]["ExitCode"] in (0, 143)
    docker.docker("rm", worker)


def test_a_recording_is_transcribed_in_a_container(
    docker: Engine, stack: Checkout, web: MediaServer, recording: bytes
) -> None:
    move_to(stack, "cpu-docker")
    job = stack.submit({"youtube_url": web.say("/ferry.wav", recording), "remove_noise": False})
    container = docker.inspect(container_of(docker, job))
    assert container["Config"]["Image"] == IMAGE
    assert container["HostConfig"]["DeviceRequests"] is None
    document = job.completed()
    assert word_error_rate(SENTENCE, document["transcription_text"]) < 0.1
    wait_until(lambda: docker.containers_of(job.id) == [], what="the removal of the container", seconds=30)


def test_a_cancelled_job_leaves_no_container_and_a_running_one_no_secret(
    docker: Engine, stack: Checkout, web: MediaServer, recording: bytes
) -> None:
    move_to(stack, "cpu-docker")
    # The download does not end by itself.
    url = web.say("/stalled.wav", recording, pause_after=len(recording) // 2)
    job = stack.submit({"youtube_url": url})
    name = container_of(docker, job)
    job.wait_until(lambda: bool(web.requests("/stalled.wav")), what="the start of the download")
    container = docker.inspect(name)
    environment = "\n".join(container["Config"]["Env"])
    assert SECRET_OF_THE_WORKER not in environment
    assert SECRET_OF_JOBS not in environment
    assert "PREFECT_HOME=/data/prefect" in environment
    assert container["HostConfig"]["CapDrop"] == ["ALL"]
    assert container["HostConfig"]["Memory"] == 3 * 2**30
    assert {mount["Destination"]: mount["RW"] for mount in container["Mounts"]} == {
        "/models": False,
        "/data": True,
        "/etc/contraponto.toml": False,
    }
    assert docker.docker("exec", name, "id", "-u") == "10001"

    stack.api("POST", f"/flow_runs/{job.id}/set_state", {"state": {"type": "CANCELLING"}})
    job.wait_until(lambda: job.run["state_type"] == "CANCELLED", what="the end of the job", seconds=400)
    wait_until(lambda: docker.containers_of(job.id) == [], what="the removal of the container", seconds=240)
    assert job.document["status"] == "cancelled"


def test_the_request_for_gpus_reaches_the_engine(
    docker: Engine, stack: Checkout, web: MediaServer, recording: bytes
) -> None:
    move_to(stack, "gpu-docker")
    job = stack.submit({"youtube_url": web.say("/gpu.wav", recording), "remove_noise": False})
    container = docker.inspect(container_of(docker, job))
    (request,) = container["HostConfig"]["DeviceRequests"]
    assert (request["Count"], request["Capabilities"]) == (-1, [["gpu"]])
    assert container["HostConfig"]["ShmSize"] == 2**30
    assert job.completed()["transcription_text"]
    told = [found for found in docker.containers_with_gpus() if container["Id"] in str(found)]
    assert len(told) == 1
    assert "NVIDIA_VISIBLE_DEVICES=all" in told[0]["process"]["env"]


def test_no_deployment_can_lose_the_gpu(stack: Checkout) -> None:
    refused = stack.api(
        "PATCH",
        f"/deployments/{stack.deployment_id('transcribe')}",
        {"work_pool_name": "gpu-docker", "job_variables": {"container_create_kwargs": {"shm_size": "2g"}}},
    )
    assert refused.status_code == 409
    assert "container_create_kwargs" in refused.text


def test_preparing_again_makes_nothing_twice(stack: Checkout) -> None:
    def prepared() -> list[tuple[object, ...]]:
        pools = [stack.api("GET", f"/work_pools/{name}").json() for name in ("cpu-docker", "gpu-docker")]
        queues = [
            queue
            for pool in pools
            for queue in stack.api("POST", f"/work_pools/{pool['name']}/queues/filter", {}).json()
        ]
        return [
            *((pool["id"], pool["name"], pool["type"], pool["base_job_template"]) for pool in pools),
            *((queue["id"], queue["name"], queue["priority"]) for queue in queues),
            *((found["id"], found["name"]) for found in deployments()),
        ]

    def deployments() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = stack.api("POST", "/deployments/filter", {}).json()
        return found

    before = prepared()
    assert [queue[1] for queue in before[2:8]] == ["high", "default", "low"] * 2
    prepare(stack)
    assert prepared() == before
    pools = {found["name"]: found["work_pool_name"] for found in deployments()}
    # Not `transcribe`, which other tests move: what nothing has changed of stays where it is.
    assert (pools["img2vid"], pools["deliver-webhook"]) == ("gpu-docker", "webhooks")
