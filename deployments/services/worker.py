"""The workers of the process pools: every job is a process of its own, forked by the worker's resident process.

A worker service is three processes: `keeper`, which stands for it, a stock Prefect worker and the resident (see
`deployments.launcher`). The gpu pool has one worker a GPU, each of which sees that GPU alone.
"""

import socket
import sys
import time
from collections.abc import Sequence

import httpx
import psutil

from deployments import launcher
from deployments.pools import Pool
from deployments.services.api import Api
from deployments.services.environment import Surroundings
from deployments.services.process import Service
from deployments.services.server import prefect_program
from deployments.services.sockets import socket_directory

HEARTBEAT_SECONDS = 30
"""Runs report that they live; one that falls silent is declared crashed (see `bootstrap`)."""


def service_name(pool: str) -> str:
    """The name of the service that works on a pool."""
    return f"worker-{pool}"


def services(
    surroundings: Surroundings,
    pool: Pool,
    *,
    gpus: Sequence[str],
    api: Api,
    redis_url: str,
    query_seconds: float,
) -> list[Service]:
    """The workers of one pool on this machine: one for each of `gpus` in the gpu pool, else one.

    They share what the pool may run at once.
    """
    devices: Sequence[str | None] = gpus if pool.uses_gpus and gpus else [None]
    return [
        service(
            surroundings,
            pool=pool.name,
            limit=-(-pool.worker_limit // len(devices)),
            api=api,
            redis_url=redis_url,
            query_seconds=query_seconds,
            number=number if len(devices) > 1 else None,
            gpu=gpu,
        )
        for number, gpu in enumerate(devices)
    ]


def service(
    surroundings: Surroundings,
    *,
    pool: str,
    limit: int,
    api: Api,
    redis_url: str,
    query_seconds: float,
    number: int | None = None,
    gpu: str | None = None,
    name: str | None = None,
) -> Service:
    """A worker that runs at most `limit` jobs of a pool at once and looks for more every `query_seconds`.

    `number` tells several of one pool on one machine apart. `gpu`: the one GPU that its jobs see, as
    CUDA_VISIBLE_DEVICES names it. `name` is what the server calls the worker, by default pool and machine.
    """
    part = pool if number is None else f"{pool}-{number}"
    worker_name = name or f"{part}-{socket.gethostname()}"

    def is_ready(pid: int) -> bool:
        """Whether the server has heard of this worker since it began; it may know an earlier one by that name."""
        try:
            started = psutil.Process(pid).create_time()
            with api.client(seconds=5) as client:
                response = client.post(
                    f"/work_pools/{pool}/workers/filter",
                    json={"workers": {"last_heartbeat_time": {"after_": _iso(started)}}},
                )
        except (psutil.NoSuchProcess, httpx.TransportError):
            return False
        return response.is_success and any(worker["name"] == worker_name for worker in response.json())

    stock = (
        *(prefect_program(), "worker", "start"),
        *("--pool", pool, "--type", "process", "--name", worker_name, "--limit", str(limit)),
    )
    return Service(
        name=service_name(part),
        command=_with_resident(surroundings, part, stock) if launcher.available else stock,
        environment=surroundings.environment(
            **api.environment(),
            CONTRAPONTO_REDIS_URL=redis_url,
            PREFECT_WORKER_QUERY_SECONDS=str(query_seconds),
            PREFECT_FLOWS_HEARTBEAT_FREQUENCY=str(HEARTBEAT_SECONDS),
            **({} if gpu is None else {"CUDA_VISIBLE_DEVICES": gpu}),
        ),
        directory=surroundings.project,
        is_ready=is_ready,
        start_seconds=120,
        stop_seconds=30,
    )


def _with_resident(surroundings: Surroundings, part: str, worker: tuple[str, ...]) -> tuple[str, ...]:
    socket_name = f"{part}.sock"
    path = socket_directory(surroundings.home, socket_name) / socket_name
    return (sys.executable, "-I", "-S", "-E", str(launcher.KEEPER), "--socket", str(path), "--", *worker)


def _iso(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
