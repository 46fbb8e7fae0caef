"""Prefect's server: API, UI and background services in one process; or several processes that answer on one port.

Several share a port, the database and a Redis. The first is called as the only one would be; the background services
are then a service of their own.
"""

import os
import sys
from functools import partial
from importlib.util import find_spec

import httpx

from blocks.settings import Settings
from deployments.embedded import retention, shared_state
from deployments.embedded.authentication import credentials
from deployments.embedded.database import server_variables
from deployments.guard import same_user
from deployments.processes.environment import Surroundings
from deployments.processes.pulse import BACKGROUND, has_said
from deployments.processes.service import Service, ServiceError, listening_ports, listens, revision_of
from deployments.processes.sockets import free_port
from deployments.server.api import Api
from deployments.server.prefect_internals import LEASES_ON_DISK, WEBSERVER_ONLY_VARIABLE

NAME = "server"
BACKGROUND_NAME = "services"
DEFAULT_PORT = 4200
_NEXT_PORTS = range(DEFAULT_PORT, DEFAULT_PORT + 20)
_CONNECTIONS = 30
_SHARED_CONNECTIONS = 60
"""Of all processes together; each may open ten more for a moment, and PostgreSQL takes 200."""
_OPERATORS = ("PREFECT_SERVER_CORS_", "PREFECT_SERVER_CSRF_", "PREFECT_UI_URL")
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


def is_api(name: str) -> bool:
    """Whether the service of this name answers on the server's port."""
    return name == NAME or name.startswith(f"{NAME}-")


def services(
    surroundings: Surroundings, settings: Settings, *, port: int, redis_url: str, processes: int
) -> list[Service]:
    """The server on this port; only this machine reaches it unless the setting `server_host` says otherwise.

    Several `processes` answer in common, and the last service runs what a single one does in the background.
    """
    variables = _variables(surroundings, settings, port=port)
    if processes == 1:
        return [_alone(surroundings, settings, {**variables, **_lease_storage(settings)}, port)]
    variables |= shared_state.variables(redis_url)
    variables["PREFECT_SERVER_DATABASE_SQLALCHEMY_POOL_SIZE"] = str(_SHARED_CONNECTIONS // (processes + 1))
    names = [NAME, *(f"{NAME}-{number}" for number in range(2, processes + 1))]
    answering = variables | {WEBSERVER_ONLY_VARIABLE: "1"}
    return [
        *(_one_of_several(surroundings, name, answering, port) for name in names),
        _background(surroundings, variables),
    ]


def answers_itself(pid: int, port: int) -> bool:
    """Whether this one of several processes on a port answers and reaches its database, whatever the others do."""
    ports = listening_ports(pid)
    if port not in ports or len(ports) == 1:
        return False
    [own, *_] = ports - {port}
    return _is_ready(f"http://127.0.0.1:{own}")


def _alone(surroundings: Surroundings, settings: Settings, variables: dict[str, str], port: int) -> Service:
    here = ui_url(port, settings)
    return Service(
        name=NAME,
        command=(sys.executable, "-m", "deployments.embedded.serve"),
        environment=surroundings.environment(**variables),
        # Not the checkout: its prefect.toml and .env speak to clients.
        directory=surroundings.home,
        is_ready=lambda pid: listens(pid, port) and _is_ready(here),
        revision=revision_of(variables, surroundings.log_format),
        port=port,
        # While the database restarts, the server ends after some seconds.
        attempts=10,
        settle_seconds=20,
        start_seconds=180,
        stop_seconds=20,
    )


def _one_of_several(surroundings: Surroundings, name: str, variables: dict[str, str], port: int) -> Service:
    return Service(
        name=name,
        command=(sys.executable, "-m", "deployments.embedded.one_of_several"),
        environment=surroundings.environment(**variables),
        directory=surroundings.home,
        is_ready=partial(answers_itself, port=port),
        revision=revision_of(variables, surroundings.log_format),
        port=port,
        attempts=10,
        settle_seconds=20,
        start_seconds=180,
        stop_seconds=20,
        in_turn=True,
    )


def _background(surroundings: Surroundings, variables: dict[str, str]) -> Service:
    return Service(
        name=BACKGROUND_NAME,
        command=(sys.executable, "-m", "deployments.embedded.background"),
        environment=surroundings.environment(**variables),
        directory=surroundings.home,
        is_ready=partial(has_said, surroundings.home / BACKGROUND),
        revision=revision_of(variables, surroundings.log_format),
        attempts=10,
        settle_seconds=20,
        start_seconds=180,
        stop_seconds=20,
    )


def _is_ready(address: str) -> bool:
    try:
        answer = httpx.get(f"{address}/api/ready", timeout=5, trust_env=False)
    except httpx.TransportError:
        return False
    return answer.status_code == httpx.codes.OK


def _variables(surroundings: Surroundings, settings: Settings, *, port: int) -> dict[str, str]:
    access = api(surroundings, settings, port=port)
    here = ui_url(port, settings)
    variables = {
        **server_variables(surroundings, settings),
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
        **_alerts(settings),
        # A run that is being cancelled and whose worker is gone ends after this many seconds, not 300.
        "PREFECT_SERVER_SERVICES_CANCELLATION_CLEANUP_CANCELLING_TIMEOUT_SECONDS": "60",
        # A job that waits for its turn is not late. Each one said to be, after 15 s, would cost as much as a submit.
        "PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_SECONDS": "600",
        **retention.environment(settings),
        **access.environment(),
        **same_user.environment(settings, has_credentials=access.auth is not None),
    }
    if access.auth is not None:
        variables["PREFECT_SERVER_API_AUTH_STRING"] = access.auth.get_secret_value()
    return variables


def _names(settings: Settings) -> tuple[str, ...]:
    """Addresses need not be named."""
    is_address = ":" in settings.server_host
    return settings.server_names if is_address else (settings.server_host, *settings.server_names)


def _operators() -> dict[str, str]:
    """What the operator has set of Prefect's own protection against foreign pages, which comes on top of ours.

    And where people find the web page, for the links in alerts.
    """
    return {name: value for name, value in os.environ.items() if name.startswith(_OPERATORS)}


def _alerts(settings: Settings) -> dict[str, str]:
    """Automations send from within the server, which reads no `.env` of the checkout. Wrong addresses are refused."""
    if settings.alerts_to is not None:
        from blocks.alerts import targets  # noqa: PLC0415 - brings Prefect

        targets(settings)
    secrets = {"CONTRAPONTO_ALERTS_TO": settings.alerts_to, "CONTRAPONTO_ALERTS_SMTP": settings.alerts_smtp}
    return {name: value.get_secret_value() if value else "" for name, value in secrets.items()}


def _lease_storage(settings: Settings) -> dict[str, str]:
    """Slots that runs hold are leases, which must outlive a restart of the server: on disk, or in a Redis.

    (Several processes share them in a Redis in any case: `shared_state`.)
    """
    if (settings.redis_url or "").startswith("redis") and find_spec("prefect_redis") is not None:
        return {
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
            "PREFECT_REDIS_MESSAGING_URL": str(settings.redis_url),
        }
    return {"PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": LEASES_ON_DISK}
