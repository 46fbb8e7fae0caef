"""The work pools whose jobs are Jobs of a cluster, and the same deployments on them."""

from collections.abc import Mapping
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient

from deployments.kubernetes.pods import Pods
from deployments.kubernetes.templates import template
from deployments.server import bootstrap
from deployments.server.containers import container_pools, on_container_pools
from deployments.server.pools import Pool

_KIND = "kubernetes"


def kubernetes_pools(gpu_jobs: int) -> tuple[Pool, ...]:
    """`cpu-kubernetes` and `gpu-kubernetes`."""
    return container_pools(_KIND, gpu_jobs)


def ensure_kubernetes_pools(client: SyncPrefectClient, pods: Pods, *, gpu_jobs: int) -> None:
    """Make both pools with their queues, or bring them up to date; limits that a person has set stay."""
    for pool in kubernetes_pools(gpu_jobs):
        bootstrap.ensure_pool(client, pool, kind=_KIND, template=template(pods, with_gpu=pool.uses_gpus))


def deploy_to_kubernetes(
    client: SyncPrefectClient, pods: Pods, *, project: Path, environment: Mapping[str, str]
) -> None:
    """Apply every deployment of prefect.yaml, names kept, to the Kubernetes pools.

    Deliveries and conversations stay where they are, and so does what runs in workers that are kept `warm`.

    Raises:
        ServiceError: `prefect deploy` refused something.
    """
    bootstrap.deploy(
        client, project=project, environment=environment, change=on_container_pools(_KIND, stay=pods.warm)
    )
