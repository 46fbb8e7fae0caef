"""Prefect's server: API, UI and background services in one process, for this machine only."""

import shutil
import sys
from pathlib import Path

import httpx

from deployments.services import postgres
from deployments.services.environment import Surroundings
from deployments.services.process import Service, listens
from deployments.services.sockets import free_port

NAME = "server"
DEFAULT_PORT = 4200
_NEXT_PORTS = range(DEFAULT_PORT, DEFAULT_PORT + 20)


def ui_url(port: int) -> str:
    """Where a person looks."""
    return f"http://127.0.0.1:{port}"


def api_url(port: int) -> str:
    """What `PREFECT_API_URL` is set to."""
    return f"{ui_url(port)}/api"


def service(surroundings: Surroundings, *, last_port: int | None) -> Service:
    """The server on port 4200 or the next free one; `last_port` comes first, so that links stay valid."""
    port = free_port(*([last_port] if last_port else []), *_NEXT_PORTS)
    environment = surroundings.environment(
        PREFECT_API_DATABASE_CONNECTION_URL=postgres.database_url(surroundings),
        PREFECT_SERVER_API_HOST="127.0.0.1",
        PREFECT_SERVER_API_PORT=str(port),
        PREFECT_API_URL=api_url(port),
        PREFECT_UI_API_URL=api_url(port),
        # Slots that runs hold are leases: on disk they outlive a restart of the server.
        PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE="prefect.server.concurrency.lease_storage.filesystem",
        # A run that is told to cancel and whose worker is gone ends after this many seconds, not 300.
        PREFECT_SERVER_SERVICES_CANCELLATION_CLEANUP_CANCELLING_TIMEOUT_SECONDS="60",
    )

    def is_ready(pid: int) -> bool:
        if not listens(pid, port):
            return False
        try:
            return (
                httpx.get(f"{api_url(port)}/ready", timeout=5, trust_env=False).status_code == httpx.codes.OK
            )
        except httpx.TransportError:
            return False

    return Service(
        name=NAME,
        command=(prefect_program(), "server", "start"),
        environment=environment,
        # Not the checkout: its prefect.toml and .env speak to clients.
        directory=surroundings.home,
        is_ready=is_ready,
        port=port,
        start_seconds=180,
        stop_seconds=20,
    )


def prefect_program() -> str:
    """The `prefect` command of the environment that this process runs in."""
    beside = Path(sys.executable).with_name("prefect")
    return str(beside) if beside.exists() else shutil.which("prefect") or "prefect"
