"""`worker`: one more worker of a pool, on this machine or another."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.cli.output import say
from deployments.server.pools import PoolName, pools
from tasks.errors import InvalidInputError, MissingEngineError

if TYPE_CHECKING:
    import httpx

    from deployments.processes.service import Service


def worker(
    pool: Annotated[PoolName, typer.Option(help="The pool whose jobs it runs.")],
    server: Annotated[
        str | None, typer.Option(metavar="URL", help="The server's API; by default the one known here.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Jobs at once; by default as many as the pool has here.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Its name, to which the machine's is added; by default pool and process."),
    ] = None,
) -> None:
    """Run one more worker of a pool, in the foreground, until Ctrl-C.

    On another machine it needs this project, the same media store and Redis (CONTRAPONTO_STORE,
    CONTRAPONTO_REDIS_URL) and the address of the server. In the gpu pool it starts one worker a GPU.
    """
    from blocks.settings import get_settings
    from deployments.client.connection import find_api
    from deployments.embedded import valkey
    from deployments.embedded import worker as worker_service
    from deployments.embedded.stack import EmbeddedStack
    from deployments.processes.private import make_private_home
    from tasks.inference.gpus import usable_gpus

    if server is not None:
        # As if it had been set outside: that is where a server is looked up first.
        os.environ["PREFECT_API_URL"] = server
    if name is not None and not re.fullmatch(r"[\w.-]{1,40}", name, re.ASCII):
        raise InvalidInputError(
            f'The name "{name}" cannot be used.', hint="Use up to 40 letters, digits, - and _."
        )
    settings, api = get_settings(), find_api()
    make_private_home(settings.home)
    stack = EmbeddedStack.from_settings()
    local = stack.status().api_url == api.url
    _check(api.client(seconds=10), pool, api.shown)
    definition = next(found for found in pools(settings.queue_max_workers) if found.name == pool)
    redis_url = settings.redis_url or (valkey.redis_url(stack.surroundings) if local else None)
    if redis_url is None:
        say("CONTRAPONTO_REDIS_URL is not set: work that another machine does already is not noticed.")
    services = worker_service.services(
        stack.surroundings,
        definition,
        gpus=usable_gpus() if definition.uses_gpus else (),
        on_cpu=settings.gpu_pool_on_cpu,
        api=api,
        redis_url=redis_url,
        query_seconds=settings.queue_polling_interval,
        limit=limit,
        joined=name or f"{pool}-{os.getpid()}",
    )
    if not services:
        raise MissingEngineError(
            "No GPU can be used here.", hint="Set CONTRAPONTO_GPU_POOL_ON_CPU=true to compute on the CPU."
        )
    say(f"{len(services)} worker(s) of {pool} for {api.shown}; Ctrl-C stops them.")
    raise typer.Exit(_run(services))


def _check(client: "httpx.Client", pool: str, url: str) -> None:
    import httpx

    from deployments.processes.service import ServiceError
    from deployments.server.api import is_of_api

    try:
        with client:
            answer = client.get(f"/work_pools/{pool}")
    except httpx.TransportError as error:
        raise ServiceError(
            f"The Prefect server at {url} does not answer.",
            hint="Check the address (--server URL, with its /api) and whether it is up.",
        ) from error
    if answer.is_success and is_of_api(answer):
        return
    if answer.is_success:
        raise ServiceError(
            f"What answers at {url} is no Prefect API.", hint="The address ends in /api: --server URL."
        )
    hints = {
        401: "Set CONTRAPONTO_API_AUTH to the user:password of that server.",
        404: f"It has no pool {pool}, or the address is not that of the API (it ends in /api).",
    }
    raise ServiceError(
        f"The Prefect server at {url} answered {answer.status_code}.",
        hint=hints.get(answer.status_code, answer.text[:500]),
    )


def _run(services: "list[Service]") -> int:
    """Run the workers until they end; the highest of their exit codes."""
    children = []
    for service in services:
        Path(service.environment["TMPDIR"]).mkdir(parents=True, exist_ok=True)
        children.append(
            subprocess.Popen(service.command, env=dict(service.environment), cwd=service.directory)
        )

    def pass_on(number: int, _frame: FrameType | None) -> None:
        for child in children:
            child.send_signal(number)

    signal.signal(signal.SIGTERM, pass_on)
    # Ctrl-C in a terminal reaches them by itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN if sys.stdin.isatty() else pass_on)
    return max(child.wait() for child in children)
