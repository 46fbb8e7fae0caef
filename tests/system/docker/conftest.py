"""One engine with the project's image, one stack whose deployments are on the docker pools, one worker a pool."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.media import MediaServer
from tests.system.checkout import Checkout
from tests.system.docker import image
from tests.system.docker.engine import Engine, engine
from tests.waiting import wait_until

IMAGE = "contraponto:test"
PASSWORD = "wears-a-hat-indoors"
SECRET_OF_THE_WORKER = "known-to-the-worker-alone"
SECRET_OF_JOBS = "whsec_" + "c2VjcmV0IG9mIHRoZSBqb2Jz" * 2
_ASKED_FOR = "CONTRAPONTO_TEST_ENGINE"
_PROGRAMS = ("dockerd", "debootstrap", "iptables")


@pytest.fixture(scope="session")
def engine_wanted() -> None:
    if os.environ.get(_ASKED_FOR) != "1":
        pytest.skip("starts a Docker engine, which takes root: `make test-engine` runs it")


@pytest.fixture(scope="session")
def docker(engine_wanted: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    assert os.geteuid() == 0, "A Docker engine needs root."
    missing = [name for name in _PROGRAMS if shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") is None]
    assert not missing, f"not installed: {missing}; `make test-engine` installs them on Debian"
    image.fetch()
    base, context = image.base_archive(), image.context(tmp_path_factory.mktemp("context"))
    with engine(tmp_path_factory.mktemp("engine")) as running:
        running.docker("import", "-", "base:local", stdin=base, seconds=400)
        running.docker(
            *(
                "build",
                "--network",
                "none",
                "--build-arg",
                "BASE=base:local",
                "--build-arg",
                "PIP_NO_INDEX=1",
            ),
            *("--tag", IMAGE, str(context)),
            seconds=400,
        )
        shutil.rmtree(context)
        yield running


@pytest.fixture(scope="session")
def stack(
    docker: Engine, tmp_path_factory: pytest.TempPathFactory, web: MediaServer, models_dir: Path
) -> Iterator[Checkout]:
    """A server with credentials, prepared for containers, and a docker worker for each pool."""
    directory = tmp_path_factory.mktemp("docker-stack")
    settings_of_jobs = tmp_path_factory.mktemp("etc") / "contraponto.toml"
    settings_of_jobs.write_text(
        f'allowed_private_hosts = "127.0.0.1:{web.port}"\n'
        'whisper_model = "tiny.en"\n'
        f'webhook_secret = "{SECRET_OF_JOBS}"\n'
    )
    settings = {
        "CONTRAPONTO_PROFILE": "production",
        "CONTRAPONTO_API_AUTH": f"contraponto:{PASSWORD}",
        "CONTRAPONTO_MODELS_DIR": str(models_dir),
    }
    copy = Checkout.copy(directory, settings, ("contraponto", PASSWORD))
    try:
        copy.contraponto("up")
        api = {"PREFECT_API_URL": f"{copy.address}/api"}
        copy.settings.update(api)
        copy.settings["CONTAINERS"] = f"{models_dir}:{settings_of_jobs}"
        prepare(copy)
        with _workers(copy, docker, tmp_path_factory.mktemp("workers")):
            yield copy
    finally:
        copy.contraponto("down")


def prepare(stack: Checkout) -> None:
    """Let every deployment of the stack run in containers."""
    models, settings = stack.settings["CONTAINERS"].split(":")
    stack.contraponto(
        *("deploy", "--image", IMAGE, "--memory", "3g", "--models", models, "--settings-file", settings)
    )


@contextlib.contextmanager
def _workers(stack: Checkout, docker: Engine, directory: Path) -> Iterator[None]:
    """Workers whose own environment is full of what is no business of jobs."""
    environment = stack.environment | {
        "PREFECT_API_AUTH_STRING": stack.settings["CONTRAPONTO_API_AUTH"],
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PREFECT_HOME": str(directory),
        "PREFECT_API_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://u:{SECRET_OF_THE_WORKER}@db/prefect",
        "PREFECT_SERVER_API_AUTH_STRING": f"admin:{SECRET_OF_THE_WORKER}",
        "CONTRAPONTO_WEBHOOK_SECRET": SECRET_OF_THE_WORKER,
        "AWS_SECRET_ACCESS_KEY": SECRET_OF_THE_WORKER,
        "DOCKER_HOST": docker.host,
    }
    program = str(Path(sys.executable).with_name("prefect"))
    pools = ("cpu-docker", "gpu-docker")
    with contextlib.ExitStack() as cleanup:
        for pool in pools:
            output = cleanup.enter_context((directory / f"{pool}.log").open("wb"))
            worker = subprocess.Popen(
                [program, "worker", "start", "--pool", pool, "--type", "docker"],
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
            cleanup.callback(_end, worker)
        for pool in pools:
            wait_until(
                lambda pool=pool: bool(stack.api("POST", f"/work_pools/{pool}/workers/filter", {}).json()),  # type: ignore[misc]
                what=f"a worker of {pool}",
                seconds=90,
            )
        yield


def _end(worker: subprocess.Popen[bytes]) -> None:
    worker.terminate()
    try:
        worker.wait(30)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait(10)
