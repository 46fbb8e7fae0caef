"""What the docker pools' templates make of a deployment's wishes and a worker's environment."""

from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_HOME,
    PREFECT_SERVER_API_AUTH_STRING,
    PREFECT_SERVER_DATABASE_CONNECTION_URL,
    get_current_settings,
    temporary_settings,
)
from prefect_docker.worker import DockerWorkerJobConfiguration
from pydantic import ValidationError

from deployments.cli.deploy import job_environment
from deployments.docker.templates import SETTINGS_FILE, Containers, template

SECRET = "known-to-the-worker-alone"


async def configured(made: dict[str, Any], **wishes: Any) -> DockerWorkerJobConfiguration:
    """What a worker starts for a run."""
    # A template that names no block and no variable asks the server for nothing.
    no_server: Any = object()
    configuration = await DockerWorkerJobConfiguration.from_template_and_values(
        made, wishes, client=no_server
    )
    configuration.prepare_for_flow_run(FlowRun(id=uuid4(), flow_id=uuid4(), name="a-job"))
    return configuration


async def test_nothing_that_a_deployment_sets_loses_the_gpu() -> None:
    made = template(Containers(gpus=2), with_gpu=True)
    configuration = await configured(
        made, container_create_kwargs={"shm_size": "9g"}, env={"A": "b"}, shm_size="4g", privileged=True
    )
    kwargs = configuration.container_create_kwargs or {}
    (request,) = kwargs["device_requests"]
    assert (request["Count"], request["Capabilities"]) == (2, [["gpu"]])
    assert kwargs["shm_size"] == "4g"
    assert (kwargs["cap_drop"], configuration.privileged) == (["ALL"], False)
    assert made["variables"]["additionalProperties"] is False


async def test_only_the_gpu_pool_asks_for_gpus() -> None:
    for made in (template(Containers(), with_gpu=False), template(Containers(gpus=0), with_gpu=True)):
        configuration = await configured(made)
        assert "device_requests" not in (configuration.container_create_kwargs or {})


async def test_the_workers_settings_stay_with_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRAPONTO_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    of_the_worker = {
        PREFECT_SERVER_DATABASE_CONNECTION_URL: f"postgresql+asyncpg://u:{SECRET}@db/prefect",
        PREFECT_SERVER_API_AUTH_STRING: f"admin:{SECRET}",
        PREFECT_HOME: "/home/of/the/worker",
        PREFECT_API_AUTH_STRING: "user:password",
    }
    with temporary_settings(of_the_worker):
        assert SECRET in str(get_current_settings().to_environment_variables(exclude_unset=True))
        configuration = await configured(template(Containers(), with_gpu=False), env={"OF_THE_RUN": "1"})
    assert SECRET not in str(configuration.env)
    assert "PREFECT_HOME" not in configuration.env
    # The job speaks to the server as its worker does, and has what the run was given.
    assert configuration.env["PREFECT_API_AUTH_STRING"] == "user:password"
    assert (configuration.env["OF_THE_RUN"], configuration.env["CONTRAPONTO_HOME"]) == ("1", "/data")


async def test_models_are_read_only_and_secrets_come_in_a_file() -> None:
    containers = Containers(models="/srv/models", settings_file="/etc/jobs.toml", memory="8g")
    configuration = await configured(template(containers, with_gpu=False))
    assert configuration.volumes == [
        "/srv/models:/models:ro",
        "contraponto-data:/data",
        f"/etc/jobs.toml:{SETTINGS_FILE}:ro",
    ]
    assert configuration.env["CONTRAPONTO_SETTINGS_FILE"] == SETTINGS_FILE
    assert (configuration.mem_limit, configuration.network_mode) == ("8g", "host")
    assert (configuration.auto_remove, configuration.stream_output) == (True, True)


@pytest.mark.parametrize(
    "wrong", [{"memory": "much"}, {"gpus": -2}, {"models": "a:b"}, {"image": ""}, {"data": "./here"}]
)
def test_options_that_no_engine_takes_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Containers(**wrong)


@pytest.mark.parametrize(
    ("log_format", "given", "expected"),
    [
        ("text", [], None),
        ("json", [], "json"),
        ("json", ["CONTRAPONTO_LOG_FORMAT=text"], "text"),
    ],
)
async def test_jobs_log_in_the_form_of_where_they_were_deployed_from(
    log_format: str, given: list[str], expected: str | None
) -> None:
    made = template(Containers(environment=job_environment(log_format, given)), with_gpu=False)
    assert (await configured(made)).env.get("CONTRAPONTO_LOG_FORMAT") == expected
