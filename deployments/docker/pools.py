"""The work pools whose jobs are containers, and the same deployments on them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient

from deployments.docker.templates import APP, Containers, template
from deployments.server import bootstrap
from deployments.server.pools import Pool, pools

_SUFFIX = "-docker"


def docker_pools(gpu_jobs: int) -> tuple[Pool, ...]:
    """`cpu-docker` and `gpu-docker`: the process pools' counterparts."""
    return tuple(
        Pool(
            f"{pool.name}{_SUFFIX}",
            f"{pool.description} Each job is a container.",
            concurrency=pool.concurrency,
            worker_limit=pool.worker_limit,
            uses_gpus=pool.uses_gpus,
        )
        for pool in pools(gpu_jobs)
        if not pool.in_one_process
    )


def ensure_docker_pools(client: SyncPrefectClient, containers: Containers, *, gpu_jobs: int) -> None:
    """Make both pools with their queues, or bring them up to date; limits that a person has set stay."""
    for pool in docker_pools(gpu_jobs):
        bootstrap.ensure_pool(
            client, pool, kind="docker", template=template(containers, with_gpu=pool.uses_gpus)
        )


def deploy_to_docker(client: SyncPrefectClient, *, project: Path, environment: Mapping[str, str]) -> None:
    """Apply every deployment of prefect.yaml, names kept, to the docker pools; deliveries stay where they are.

    Raises:
        ServiceError: `prefect deploy` refused something.
    """
    bootstrap.deploy(client, project=project, environment=environment, change=_on_docker)


def _on_docker(content: dict[str, Any]) -> None:
    stay = {pool.name for pool in pools(1) if pool.in_one_process}
    for deployment in content["deployments"]:
        pool = deployment["work_pool"]
        if pool["name"] in stay:
            continue
        deployment["work_pool"] = {**pool, "name": f"{pool['name']}{_SUFFIX}"}
    content["pull"] = [{"prefect.deployments.steps.set_working_directory": {"directory": APP}}]
