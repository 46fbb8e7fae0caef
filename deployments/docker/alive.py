"""The image's health check: exit code 0 if the server has lately heard of a worker that runs here."""

import socket
import sys

import httpx

from deployments.client.connection import find_api
from deployments.server.pools import POOL_NAMES
from tasks.errors import ContrapontoError


def is_alive() -> bool:
    """Whether the worker that the image starts is online for the server: the one named after its container."""
    host = socket.gethostname()
    with find_api().client(seconds=4) as client:
        for pool in POOL_NAMES:
            answer = client.post(
                f"/work_pools/{pool}/workers/filter", json={"workers": {"status": {"any_": ["ONLINE"]}}}
            )
            if answer.is_success and any(
                worker["name"].startswith(f"{host}-") and worker["name"].endswith(f"-{host}")
                for worker in answer.json()
            ):
                return True
    return False


def main() -> None:
    """Exit with 0 or 1."""
    try:
        alive = is_alive()
    except (httpx.HTTPError, ContrapontoError) as error:
        sys.exit(f"unhealthy: {error}")
    sys.exit(0 if alive else "unhealthy: the server has not heard of this worker")


if __name__ == "__main__":
    main()
