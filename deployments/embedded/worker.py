"""The workers of the pools: every job is a process of its own, forked by the worker's zygote.

A worker service is three processes: `service`, which stands for it, a stock Prefect worker and the zygote (see
`deployments.launcher`). The gpu pool has one worker a GPU, each of which sees that GPU alone. The worker of
each of the pools webhooks and conversations is one process, in which all its runs go on (see
`deployments.in_process_worker`).
"""

import socket
import sys
import time
from collections.abc import Sequence

import httpx
import psutil

from deployments import launcher
from deployments.processes.environment import Surroundings, prefect_program
from deployments.processes.service import Service
from deployments.processes.sockets import socket_directory
from deployments.server.api import Api, one_authority
from deployments.server.heartbeats import HEARTBEAT_SECONDS
from deployments.server.pools import Pool

_DELIVERY_QUERY_SECONDS = 0.5


def service_name(pool: str) -> str:
    """The name of the service that works on a pool."""
    return f"worker-{pool}"


def services(
    surroundings: Surroundings,
    pool: Pool,
    *,
    gpus: Sequence[str],
    on_cpu: bool,
    api: Api,
    redis_url: str | None,
    query_seconds: float,
    limit: int | None = None,
    joined: str | None = None,
) -> list[Service]:
    """The workers of one pool on this machine: one for each of `gpus` in the gpu pool, else one.

    They share what may run at once: `limit`, by default what the pool runs on this machine. Without a GPU the
    gpu pool has a worker only if it may compute `on_cpu`. `joined` is the name of workers that somebody adds to
    those of the stack.
    """
    devices: Sequence[str | None] = gpus if pool.uses_gpus and gpus else [None]
    if pool.uses_gpus and not gpus and not on_cpu:
        devices = []
    return [
        service(
            surroundings,
            pool=pool.name,
            in_one_process=pool.in_one_process,
            part="-".join([joined or pool.name, *([str(number)] if len(devices) > 1 else [])]),
            limit=-(-(limit or pool.worker_limit) // len(devices)),
            api=api,
            redis_url=redis_url,
            # A message that is half a second late costs less than to be asked for all the time.
            query_seconds=max(query_seconds, _DELIVERY_QUERY_SECONDS)
            if pool.in_one_process
            else query_seconds,
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
    redis_url: str | None,
    query_seconds: float,
    part: str | None = None,
    gpu: str | None = None,
    in_one_process: bool = False,
) -> Service:
    """A worker that runs at most `limit` jobs of a pool at once and looks for more every `query_seconds`.

    `part` tells the workers of one machine apart, by default the pool. `gpu`: the one GPU that its jobs see, as
    CUDA_VISIBLE_DEVICES names it. `in_one_process`: its runs are tasks of the worker itself.
    """
    part = part or pool
    worker_name = f"{part}-{socket.gethostname()}"

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

    stock: tuple[str, ...] = (
        *(prefect_program(), "worker", "start"),
        *("--pool", pool, "--type", "process", "--name", worker_name, "--limit", str(limit)),
    )
    command = stock
    if in_one_process:
        command = _in_process(surroundings, part, pool, worker_name, limit)
    elif launcher.available:
        command = _with_zygote(surroundings, part, stock)
    return Service(
        name=service_name(part),
        command=command,
        environment=surroundings.environment(
            **api.environment(),
            PREFECT_WORKER_QUERY_SECONDS=str(query_seconds),
            PREFECT_FLOWS_HEARTBEAT_FREQUENCY=str(HEARTBEAT_SECONDS),
            **one_authority(api.url, surroundings.prefect_home),
            # It would end where the server does not answer yet; the stock worker waits.
            **({"PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false"} if in_one_process else {}),
            **({} if redis_url is None else {"CONTRAPONTO_REDIS_URL": redis_url}),
            **({} if gpu is None else {"CUDA_VISIBLE_DEVICES": gpu}),
        ),
        directory=surroundings.project,
        is_ready=is_ready,
        start_seconds=120,
        stop_seconds=30,
    )


def _in_process(surroundings: Surroundings, part: str, pool: str, name: str, limit: int) -> tuple[str, ...]:
    # The folder that the services of forked runs have beside their sockets.
    marks = socket_directory(surroundings.home, f"{part}.sock") / "taken"
    return (
        *(sys.executable, "-m", "deployments.in_process_worker", "--pool", pool, "--name", name),
        *("--limit", str(limit), "--marks", str(marks)),
    )


def _with_zygote(surroundings: Surroundings, part: str, worker: tuple[str, ...]) -> tuple[str, ...]:
    socket_name = f"{part}.sock"
    path = socket_directory(surroundings.home, socket_name) / socket_name
    return (sys.executable, "-I", "-S", "-E", str(launcher.SERVICE), "--socket", str(path), "--", *worker)


def _iso(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
