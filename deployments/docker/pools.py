"""The work pools whose jobs are containers, and the same deployments on them."""

from collections.abc import Mapping
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient

from deployments.docker.templates import Containers, template
from deployments.server import bootstrap
from deployments.server.containers import container_pools, on_container_pools
from deployments.server.pools import Pool

_KIND = "docker"


def docker_pools(gpu_jobs: int) -> tuple[Pool, ...]:
    """`cpu-docker` and `gpu-docker`."""
    return container_pools(_KIND, gpu_jobs)


def ensure_docker_pools(client: SyncPrefectClient, containers: Containers, *, gpu_jobs: int) -> None:
    """Make both pools with their queues, or bring them up to date; limits that a person has set stay."""
    for pool in docker_pools(gpu_jobs):
        bootstrap.ensure_pool(
            client, pool, kind=_KIND, template=template(containers, with_gpu=pool.uses_gpus)
        )


def deploy_to_docker(client: SyncPrefectClient, *, project: Path, environment: Mapping[str, str]) -> None:
    """Apply every deployment of prefect.yaml, names kept, to the docker pools; deliveries stay where they are.

    Raises:
        ServiceError: `prefect deploy` refused something.
    """
    bootstrap.deploy(client, project=project, environment=environment, change=on_container_pools(_KIND))
