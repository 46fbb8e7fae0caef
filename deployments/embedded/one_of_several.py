"""One of several API processes of Prefect's server, which answer on the same port: `python -m` this module.

Each listens on the port by itself (SO_REUSEPORT), and Linux gives it its share of the new connections; one that has
ended gets none. So none of them stands above the others, and the supervisor restarts each alone. `prefect server start`
refuses a port that another process has; its `--workers` starts children that know nothing of what is changed here.

Each has a second port, on this machine alone and of the system's choice: there it is asked whether it answers itself.
On the shared one any other might. The background services run in a process of their own (`background`).
"""

import gc
import socket
import sys

from deployments.embedded.serve import prepare
from deployments.server.prefect_internals import application

_START_FAILED = 3


def listener(host: str, port: int) -> socket.socket:
    """A socket with an address that other processes of this user may have, too; it does not listen yet.

    Raises:
        OSError: another program or user has the address, or this machine does not.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if port:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(address)
    return made


def main() -> None:
    """Answer until it is told to stop."""
    prepare()
    import uvicorn  # noqa: PLC0415 - after the garbage collector has been stopped, as all that stays
    from prefect.settings import (  # noqa: PLC0415
        PREFECT_SERVER_API_HOST,
        PREFECT_SERVER_API_KEEPALIVE_TIMEOUT,
        PREFECT_SERVER_API_PORT,
        PREFECT_SERVER_API_WEBSOCKET_PING_INTERVAL,
        PREFECT_SERVER_API_WEBSOCKET_PING_TIMEOUT,
        PREFECT_SERVER_LOGGING_LEVEL,
    )

    host, port = PREFECT_SERVER_API_HOST.value(), PREFECT_SERVER_API_PORT.value()
    try:
        sockets = [listener(host, port), listener("127.0.0.1", 0)]
    except OSError as error:
        sys.exit(f"Port {port} of {host} cannot be listened on: {error.strerror}.")
    config = uvicorn.Config(
        application(final=True),
        timeout_keep_alive=PREFECT_SERVER_API_KEEPALIVE_TIMEOUT.value(),
        ws_ping_interval=PREFECT_SERVER_API_WEBSOCKET_PING_INTERVAL.value(),
        ws_ping_timeout=PREFECT_SERVER_API_WEBSOCKET_PING_TIMEOUT.value(),
        log_level=PREFECT_SERVER_LOGGING_LEVEL.value().lower(),
    )
    gc.freeze()
    server = uvicorn.Server(config)
    server.run(sockets=sockets)
    if not server.started:
        sys.exit(_START_FAILED)


if __name__ == "__main__":
    main()
