"""Numbers for Prometheus, served by `contraponto metrics`."""

import sys

from deployments.processes.environment import Surroundings
from deployments.processes.service import Service, listens
from deployments.server.api import Api

NAME = "metrics"
FOLDERS = ("deployments/checks", "deployments/client", "blocks")
"""The code that it runs."""


def service(surroundings: Surroundings, api: Api, *, port: int, redis_url: str) -> Service:
    """The exporter for the server of this stack, for this machine alone: it asks for no credentials."""
    return Service(
        name=NAME,
        command=(sys.executable, "-m", "deployments.cli.app", "metrics", "--port", str(port)),
        environment=surroundings.environment(**api.environment(), CONTRAPONTO_REDIS_URL=redis_url),
        directory=surroundings.project,
        is_ready=lambda pid: listens(pid, port),
        start_seconds=60,
    )
