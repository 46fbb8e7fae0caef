"""A process worker of one work pool: every job is a process of its own."""

import socket
import time

import httpx

from deployments.services.environment import Surroundings
from deployments.services.process import Service
from deployments.services.server import prefect_program


def service_name(pool: str) -> str:
    """The name of the service that works on a pool."""
    return f"worker-{pool}"


def service(
    surroundings: Surroundings, *, pool: str, limit: int, api_url: str, redis_url: str, query_seconds: float
) -> Service:
    """A worker that runs at most `limit` jobs of a pool at once and looks for more every `query_seconds`."""
    started = time.time()
    worker_name = f"{pool}-{socket.gethostname()}"

    def is_ready(_pid: int) -> bool:
        """Whether the server has heard of this worker since now; it may know an earlier one by that name."""
        try:
            response = httpx.post(
                f"{api_url}/work_pools/{pool}/workers/filter",
                json={"workers": {"last_heartbeat_time": {"after_": _iso(started)}}},
                timeout=5,
                trust_env=False,
            )
        except httpx.TransportError:
            return False
        return response.is_success and any(worker["name"] == worker_name for worker in response.json())

    return Service(
        name=service_name(pool),
        command=(
            *(prefect_program(), "worker", "start"),
            *("--pool", pool, "--type", "process", "--name", worker_name, "--limit", str(limit)),
        ),
        environment=surroundings.environment(
            PREFECT_API_URL=api_url,
            CONTRAPONTO_REDIS_URL=redis_url,
            PREFECT_WORKER_QUERY_SECONDS=str(query_seconds),
            # Runs report that they live; one that falls silent is declared crashed (see `bootstrap`).
            PREFECT_FLOWS_HEARTBEAT_FREQUENCY="30",
        ),
        directory=surroundings.project,
        is_ready=is_ready,
        start_seconds=120,
        stop_seconds=30,
    )


def _iso(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
