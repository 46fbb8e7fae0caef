"""The listener of messages: messages start runs, ends of runs are answered."""

import sys
from functools import partial

from blocks.settings import Settings
from deployments.processes.environment import Surroundings
from deployments.processes.pulse import LISTENERS, has_said
from deployments.processes.service import Service
from deployments.server.api import Api

NAME = "listener"
FOLDERS = (
    "deployments/listener",
    "deployments/processes",
    "blocks",
    "tasks/messages",
    "tasks/recovery",
    "tasks/jobs",
)
"""The code that it runs."""


def wanted(settings: Settings) -> bool:
    """Whether there are messages that another process can hear."""
    return settings.message_bus != "local"


def service(surroundings: Surroundings, api: Api, *, redis_url: str) -> Service:
    """The listener of this machine."""
    return Service(
        name=NAME,
        command=(sys.executable, "-m", "deployments.listener"),
        environment=surroundings.environment(**api.environment(), CONTRAPONTO_REDIS_URL=redis_url),
        directory=surroundings.project,
        # Whatever it needs may come later: it waits.
        is_ready=partial(has_said, surroundings.home / LISTENERS),
        start_seconds=60,
        stop_seconds=20,
    )
