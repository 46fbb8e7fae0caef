import re
import ssl
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deployments import launcher
from deployments.cli.app import app
from deployments.embedded import worker
from deployments.processes.environment import Surroundings
from deployments.processes.service import Service
from deployments.server.api import Api
from deployments.server.pools import Pool, pools
from tasks.errors import InvalidInputError
from tasks.webhooks.endpoints import SLOW_DELIVERIES

CPU, GPU, WEBHOOKS, CONVERSATIONS = pools(3)


def workers(
    home: Path,
    pool: Pool,
    *gpus: str,
    on_cpu: bool = True,
    joined: str | None = None,
    url: str = "http://127.0.0.1:1/api",
) -> list[Service]:
    return worker.services(
        Surroundings(home=home),
        pool,
        gpus=gpus,
        on_cpu=on_cpu,
        api=Api(url),
        redis_url=None,
        query_seconds=1,
        joined=joined,
    )


def option(service: Service, name: str) -> str:
    return service.command[service.command.index(name) + 1]


def test_each_gpu_has_a_worker_that_sees_it_alone(tmp_path: Path) -> None:
    found = workers(tmp_path, GPU, "0", "GPU-8a2c")
    assert [service.name for service in found] == ["worker-gpu-0", "worker-gpu-1"]
    assert [service.environment["CUDA_VISIBLE_DEVICES"] for service in found] == ["0", "GPU-8a2c"]
    assert [option(service, "--limit") for service in found] == ["2", "2"]
    assert len({option(service, "--name") for service in found}) == 2


def test_the_cpu_pool_has_one_worker_that_keeps_the_callers_gpus(tmp_path: Path) -> None:
    (found,) = workers(tmp_path, CPU, "0", "1")
    assert found.name == "worker-cpu"
    assert option(found, "--limit") == "8"


def test_deliveries_have_one_process_and_slots_of_their_own(tmp_path: Path) -> None:
    (found,) = workers(tmp_path, WEBHOOKS, "0", "1")
    assert found.name == "worker-webhooks"
    assert "deployments.in_process_worker" in found.command
    assert int(option(found, "--limit")) >= 2 * SLOW_DELIVERIES
    # The folder that the services of forked runs watch over as well.
    (cpu,) = workers(tmp_path, CPU)
    if launcher.available:
        assert Path(option(found, "--marks")).parent == Path(option(cpu, "--socket")).parent


def test_conversations_have_one_process_for_hundreds(tmp_path: Path) -> None:
    (found,) = workers(tmp_path, CONVERSATIONS)
    assert found.name == "worker-conversations"
    assert "deployments.in_process_worker" in found.command
    assert int(option(found, "--limit")) >= 500


def test_without_a_gpu_the_cpu_works_only_if_it_may(tmp_path: Path) -> None:
    (found,) = workers(tmp_path, GPU)
    assert (found.name, option(found, "--limit")) == ("worker-gpu", "3")
    assert workers(tmp_path, GPU, on_cpu=False) == []


def test_authorities_are_left_out_only_where_no_certificate_is_checked(tmp_path: Path) -> None:
    (plain,) = workers(tmp_path, CPU)
    file = plain.environment["PREFECT_API_SSL_CERT_FILE"]
    assert len(ssl.create_default_context(cafile=file).get_ca_certs()) == 1
    (secure,) = workers(tmp_path, CPU, url="https://prefect.example.org/api")
    assert "PREFECT_API_SSL_CERT_FILE" not in secure.environment


@pytest.mark.skipif(not launcher.available, reason="runs are forked on Linux only")
def test_a_joined_worker_does_not_take_the_socket_of_the_stacks_own(tmp_path: Path) -> None:
    own, joined = (
        option(service, "--socket")
        for service in (*workers(tmp_path, CPU), *workers(tmp_path, CPU, joined="second"))
    )
    assert own != joined
    assert len(joined) < 104


def test_a_name_that_is_no_file_name_and_a_server_that_is_none_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:2/api")  # put back afterwards
    runner = CliRunner()
    refused = runner.invoke(app, ["worker", "--pool", "cpu", "--name", "../x"])
    assert isinstance(refused.exception, InvalidInputError)
    silent = runner.invoke(app, ["worker", "--pool", "cpu", "--server", "http://127.0.0.1:1/api"])
    assert silent.exception is not None
    assert re.search("does not answer", str(silent.exception))
