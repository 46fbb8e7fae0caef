"""The work pools and their queues: names that the deployments, the workers and the command line share."""

from dataclasses import dataclass
from enum import StrEnum


class Priority(StrEnum):
    """The queues of every pool, most urgent first: `high` runs are taken before `default` runs."""

    HIGH = "high"
    DEFAULT = "default"
    LOW = "low"


@dataclass(frozen=True)
class Pool:
    """One work pool."""

    name: str
    description: str
    concurrency: int | None
    """Runs at once over all workers, set when the pool is made; None: as many as the workers take."""
    worker_limit: int
    """Runs at once on this machine, over all of its workers."""
    uses_gpus: bool = False
    """One worker a GPU, each of which sees that one alone."""
    in_one_process: bool = False
    """Its runs are tasks of their worker (`deployments.in_process_worker`), not processes; nor are they containers."""


class PoolName(StrEnum):
    """The pools that every installation has."""

    CPU = "cpu"
    GPU = "gpu"
    WEBHOOKS = "webhooks"
    CONVERSATIONS = "conversations"


POOL_NAMES = tuple(name.value for name in PoolName)


def pools(gpu_jobs: int) -> tuple[Pool, ...]:
    """All of them; `gpu_jobs` run at once on the gpu pool (setting `queue_max_workers`)."""
    return (
        Pool("cpu", "Orchestration, downloads and documents.", concurrency=None, worker_limit=8),
        Pool(
            "gpu",
            "Transcription, video, images: what a GPU speeds up.",
            concurrency=gpu_jobs,
            worker_limit=gpu_jobs,
            uses_gpus=True,
        ),
        Pool(
            "webhooks",
            "Deliveries of webhook messages.",
            concurrency=None,
            worker_limit=200,
            in_one_process=True,
        ),
        Pool(
            "conversations",
            "Jobs that wait for the answers of others.",
            concurrency=None,
            worker_limit=1000,
            in_one_process=True,
        ),
    )
