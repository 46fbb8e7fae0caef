"""What the pools have in common whose jobs are containers: docker's and those of Kubernetes."""

import inspect
from collections.abc import Callable, Collection, Iterator
from typing import Any

from prefect.settings import Settings as PrefectSettings
from pydantic_settings import BaseSettings

from deployments.server.pools import Pool, pools

APP = "/app"
"""Where the project lies in the image: the working directory of every job."""

_HANDED_ON = ("PREFECT_API_", "PREFECT_CLIENT_", "PREFECT_LOGGING_")
"""What a job needs to speak to the server as its worker does."""
_OF_THE_WORKERS_MACHINE = ("PREFECT_API_SSL_CERT_FILE", "PREFECT_LOGGING_CONFIG_PATH")


def container_pools(kind: str, gpu_jobs: int) -> tuple[Pool, ...]:
    """`cpu-KIND` and `gpu-KIND`: the process pools' counterparts, each of whose jobs is a container."""
    return tuple(
        Pool(
            f"{pool.name}-{kind}",
            f"{pool.description} Each job is a container.",
            concurrency=pool.concurrency,
            worker_limit=pool.worker_limit,
            uses_gpus=pool.uses_gpus,
        )
        for pool in pools(gpu_jobs)
        if not pool.in_one_process
    )


def on_container_pools(kind: str, stay: Collection[str] = ()) -> Callable[[dict[str, Any]], None]:
    """Make what moves the deployments of prefect.yaml to the pools of this kind, for `bootstrap.deploy`.

    Deliveries and conversations stay where they are, and so do the deployments of the pools that `stay` names.
    """
    left = {*stay, *(pool.name for pool in pools(1) if pool.in_one_process)}

    def change(content: dict[str, Any]) -> None:
        for deployment in content["deployments"]:
            pool = deployment["work_pool"]
            if pool["name"] in left:
                continue
            deployment["work_pool"] = {**pool, "name": f"{pool['name']}-{kind}"}
            deployment["pull"] = [{"prefect.deployments.steps.set_working_directory": {"directory": APP}}]

    return change


def kept_from_jobs() -> list[str]:
    """Prefect's settings that a worker would hand on to its containers and that are none of a job's business."""
    return [
        name
        for name in _names(PrefectSettings)
        if not name.startswith(_HANDED_ON) or name in _OF_THE_WORKERS_MACHINE
    ]


def _names(group: type[BaseSettings]) -> Iterator[str]:
    for name, field in group.model_fields.items():
        kind = field.annotation
        if inspect.isclass(kind) and issubclass(kind, BaseSettings):
            yield from _names(kind)
        else:
            yield f"{group.model_config.get('env_prefix')}{name.upper()}"
