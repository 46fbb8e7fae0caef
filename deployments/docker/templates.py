"""The base job templates of the docker pools: Prefect's own, narrowed to what a job of this project may vary.

Three things are written into the job's configuration itself, where no deployment and no run can replace them:
the request for GPUs, the hardening of the container, and an environment without the worker's own settings.
"""

from pathlib import PurePosixPath
from typing import Any

from prefect_docker.worker import DockerWorker
from pydantic import BaseModel, ConfigDict, Field

from deployments.server.containers import kept_from_jobs
from deployments.server.heartbeats import HEARTBEAT_SECONDS

SETTINGS_FILE = "/etc/contraponto.toml"
_CLOSED = ("container_create_kwargs", "privileged", "registry_credentials")
"""Variables of Prefect's template that would undo what is fixed here."""


class Containers(BaseModel):
    """How the containers of jobs are made, on every machine that has a docker worker."""

    model_config = ConfigDict(frozen=True)

    image: str = Field("contraponto:latest", min_length=1)
    network: str = Field("host", min_length=1)
    """`host`, `bridge`, `none` or a network of the engine."""
    memory: str | None = Field(None, pattern=r"^[1-9][0-9]*[bkmg]?$")
    shared_memory: str = Field("1g", pattern=r"^[1-9][0-9]*[bkmg]?$")
    models: str = Field("contraponto-models", pattern=r"^(/|[A-Za-z0-9])[^:]*$")
    """Volume or folder with the models; containers only read it."""
    data: str = Field("contraponto-data", pattern=r"^(/|[A-Za-z0-9])[^:]*$")
    """Volume or folder with the local media store and scratch files."""
    settings_file: PurePosixPath | None = None
    """Settings file on the workers' machines, readable by user 10001: the one way by which secrets reach jobs."""
    gpus: int = Field(-1, ge=-1)
    """GPUs that a job of `gpu-docker` gets; -1: all; 0: none, it computes on the CPU."""
    environment: dict[str, str] = Field(default_factory=dict)
    """Further variables of every job. They are readable for all who may call the server's API: no secrets."""


def template(containers: Containers, *, with_gpu: bool) -> dict[str, Any]:
    """The base job template of one docker pool."""
    made: dict[str, Any] = DockerWorker.get_default_base_job_template()
    configuration, variables = made["job_configuration"], made["variables"]
    for name in _CLOSED:
        del configuration[name], variables["properties"][name]
    variables.pop("$defs", None)
    # What is not listed is refused when a deployment is made, instead of being dropped in silence.
    variables["additionalProperties"] = False
    variables["description"] = "What a deployment of this pool may set for its containers."
    for name, value in _defaults(containers).items():
        variables["properties"][name]["default"] = value
    variables["properties"]["shm_size"] = {
        "type": "string",
        "title": "Shared memory",
        "description": "Size of /dev/shm, for example 1g.",
        "default": containers.shared_memory,
    }
    kwargs: dict[str, Any] = {
        "init": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        # The image's check is that of a worker.
        "healthcheck": {"test": ["NONE"]},
        "shm_size": "{{ shm_size }}",
    }
    if with_gpu and containers.gpus:
        variables["properties"]["gpus"] = {
            "type": "integer",
            "title": "GPUs",
            "description": "How many GPUs a container gets; -1: all of the machine.",
            "minimum": -1,
            "default": containers.gpus,
        }
        kwargs["device_requests"] = [
            {"Driver": "", "Count": "{{ gpus }}", "DeviceIDs": [], "Capabilities": [["gpu"]], "Options": {}}
        ]
    configuration["container_create_kwargs"] = kwargs
    # A dictionary here lies under the `env` of deployments and runs, which adds to it; null takes a name away.
    configuration["env"] = {**dict.fromkeys(kept_from_jobs()), **_environment(containers)}
    return made


def _defaults(containers: Containers) -> dict[str, Any]:
    mounts = [f"{containers.models}:/models:ro", f"{containers.data}:/data"]
    if containers.settings_file is not None:
        mounts.append(f"{containers.settings_file}:{SETTINGS_FILE}:ro")
    return {
        "image": containers.image,
        # An image that was built on the machine is not looked for in a registry.
        "image_pull_policy": "IfNotPresent",
        "network_mode": containers.network,
        "mem_limit": containers.memory,
        "volumes": mounts,
        "auto_remove": True,
        # Without it the worker takes a container that failed for one that succeeded.
        "stream_output": True,
    }


def _environment(containers: Containers) -> dict[str, str]:
    named = {"CONTRAPONTO_SETTINGS_FILE": SETTINGS_FILE} if containers.settings_file is not None else {}
    return {
        "CONTRAPONTO_HOME": "/data",
        "CONTRAPONTO_MODELS_DIR": "/models",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS),
        **named,
        **containers.environment,
    }
