"""`python -m deployments.model_host`: the model host of this home, with the settings in force."""

import asyncio
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from blocks.settings import Settings, get_settings
from deployments.model_host.models import Limits, default_budget_mb
from deployments.model_host.server import Host, listening
from deployments.processes.kernel import stop_with_supervisor
from deployments.processes.log_lines import formatter
from tasks.errors import ContrapontoError
from tasks.inference.kinds import KINDS
from tasks.inference.sockets import host_socket

_NICENESS = 10
"""As runs do, it gives way to what takes jobs in."""


def limits_of(settings: Settings) -> Limits:
    """What the settings allow."""
    return Limits(
        memory_mb=settings.model_host_memory_mb or default_budget_mb(),
        idle_seconds=settings.model_host_idle_minutes * 60,
    )


def run(path: Path, limits: Limits, kinds: Mapping[str, str] = KINDS) -> None:
    """Serves until it is stopped, or its supervisor is gone. Raises HostRunsError."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter("%(asctime)s host %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    stop_with_supervisor()
    os.nice(_NICENESS)
    with listening(path) as listener:
        asyncio.run(Host(limits, kinds).serve(listener))


def main() -> None:
    """Runs the host of this home; an error of the product ends it with its message."""
    try:
        settings = get_settings()
        run(host_socket(settings.model_host, settings.home), limits_of(settings))
    except ContrapontoError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
