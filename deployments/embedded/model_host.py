"""The model host: keeps models loaded for the jobs of this machine."""

import sys

from blocks.settings import Settings
from deployments.model_host.__main__ import limits_of
from deployments.model_host.fingerprint import code_fingerprint
from deployments.processes.environment import Surroundings
from deployments.processes.service import Service
from tasks.inference.client import host_status
from tasks.inference.sockets import OFF, host_socket

NAME = "model-host"


def wanted(settings: Settings) -> bool:
    """Whether jobs use a model host at all."""
    return settings.model_host != OFF


def service(surroundings: Surroundings, settings: Settings) -> Service:
    """The host on the socket where jobs look for it; it is restarted when its code or its limits have changed."""
    socket = host_socket(settings.model_host, surroundings.home)

    def is_ready(pid: int) -> bool:
        status = host_status(socket)
        return status is not None and status.pid == pid

    return Service(
        name=NAME,
        command=(sys.executable, "-m", "deployments.model_host"),
        environment=surroundings.environment(),
        directory=surroundings.project,
        is_ready=is_ready,
        revision=f"{code_fingerprint(surroundings.project)}, {limits_of(settings)}",
        start_seconds=30,
        stop_seconds=15,
    )
