"""Prefect's server: API, UI and background services in one process."""

import os
import sys
from importlib.util import find_spec

import httpx

from blocks.settings import Settings
from deployments.embedded import postgres
from deployments.embedded.authentication import credentials
from deployments.guard import same_user
from deployments.processes.environment import Surroundings
from deployments.processes.service import Service, ServiceError, listens, revision_of
from deployments.processes.sockets import free_port
from deployments.server.api import Api
from deployments.server.prefect_internals import LEASES_ON_DISK

NAME = "server"
DEFAULT_PORT = 4200
_NEXT_PORTS = range(DEFAULT_PORT, DEFAULT_PORT + 20)
_CONNECTIONS = 30
_BROWSERS = ("PREFECT_SERVER_CORS_", "PREFECT_SERVER_CSRF_")
_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on


def ui_url(port: int, settings: Settings) -> str:
    """Where a person on this machine looks."""
    host = "127.0.0.1" if settings.server_host in _EVERY_ADDRESS else settings.server_host
    return f"http://{host}:{port}"


def api(surroundings: Surroundings, settings: Settings, *, port: int) -> Api:
    """The server as programs on this machine see it."""
    return Api(f"{ui_url(port, settings)}/api", credentials(surroundings.home, settings))


def port_for(settings: Settings, *, last_port: int | None) -> int:
    """The port of a server that is to be started: the configured one, else 4200 or the next free one.

    The port of the last server comes first, so that links stay valid.

    Raises:
        ServiceError: something else listens on the configured port.
    """
    if settings.server_port is None:
        return free_port(*([last_port] if last_port else []), *_NEXT_PORTS)
    if free_port(settings.server_port) != settings.server_port:
        raise ServiceError(
            f"Something else listens on port {settings.server_port}.",
            hint="End it, or set CONTRAPONTO_SERVER_PORT to another port (empty: the next free one).",
        )
    return settings.server_port


def service(surroundings: Surroundings, settings: Settings, *, port: int) -> Service:
    """The server on this port; only this machine reaches it unless the setting `server_host` says otherwise."""
    access = api(surroundings, settings, port=port)
    here = ui_url(port, settings)
    variables = {
        "PREFECT_API_DATABASE_CONNECTION_URL": postgres.database_url(surroundings),
        # With five connections and ten more for a moment, Prefect's default, a busy server opens and prepares new ones
        # all the time.
        "PREFECT_SERVER_DATABASE_SQLALCHEMY_POOL_SIZE": str(_CONNECTIONS),
        "PREFECT_SERVER_API_HOST": settings.server_host,
        "PREFECT_SERVER_API_PORT": str(port),
        # Browsers know the server by several names: the page asks where it came from.
        "PREFECT_UI_API_URL": "/api",
        "CONTRAPONTO_SERVER_NAMES": ",".join(_names(settings)),
        "CONTRAPONTO_SERVER_ORIGINS": ",".join(settings.server_origins),
        # Nobody else's pages: by default Prefect tells browsers that every page may read its answers.
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ",".join(settings.server_origins) or here,
        **_operators(),
        # A run that is being cancelled and whose worker is gone ends after this many seconds, not 300.
        "PREFECT_SERVER_SERVICES_CANCELLATION_CLEANUP_CANCELLING_TIMEOUT_SECONDS": "60",
        # A job that waits for its turn is not late. Each one said to be, after 15 s, would cost as much as a submit.
        "PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_SECONDS": "600",
        **_lease_storage(settings),
        **access.environment(),
        **same_user.environment(settings, has_credentials=access.auth is not None),
    }
    if access.auth is not None:
        variables["PREFECT_SERVER_API_AUTH_STRING"] = access.auth.get_secret_value()

    def is_ready(pid: int) -> bool:
        if not listens(pid, port):
            return False
        try:
            answer = httpx.get(f"{here}/api/ready", timeout=5, trust_env=False)
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.OK

    return Service(
        name=NAME,
        command=(sys.executable, "-m", "deployments.embedded.serve"),
        environment=surroundings.environment(**variables),
        # Not the checkout: its prefect.toml and .env speak to clients.
        directory=surroundings.home,
        is_ready=is_ready,
        revision=revision_of(variables, surroundings.log_format),
        port=port,
        # While the database restarts, the server ends after some seconds.
        attempts=10,
        settle_seconds=20,
        start_seconds=180,
        stop_seconds=20,
    )


def _names(settings: Settings) -> tuple[str, ...]:
    """Addresses need not be named."""
    is_address = ":" in settings.server_host
    return settings.server_names if is_address else (settings.server_host, *settings.server_names)


def _operators() -> dict[str, str]:
    """What the operator has set of Prefect's own protection against foreign pages; it comes on top of ours."""
    return {name: value for name, value in os.environ.items() if name.startswith(_BROWSERS)}


def _lease_storage(settings: Settings) -> dict[str, str]:
    """Slots that runs hold are leases, which must outlive a restart of the server: on disk, or in a Redis.

    Several servers share them only in a Redis.
    """
    if (settings.redis_url or "").startswith("redis") and find_spec("prefect_redis") is not None:
        return {
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
            "PREFECT_REDIS_MESSAGING_URL": str(settings.redis_url),
        }
    return {"PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": LEASES_ON_DISK}
