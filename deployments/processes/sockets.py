"""Unix sockets and loopback ports for the services."""

import hashlib
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from deployments.processes.private import OWNER_ONLY
from deployments.processes.service import ServiceError

_LONGEST_PATH = 100
"""Bytes. The kernel takes 107 (Linux) or 103 (macOS) for a socket's path."""


def socket_directory(home: Path, longest_name: str) -> Path:
    """A directory that only this user can enter, short enough for sockets called up to `longest_name`.

    It is `home/run` unless the home lies too deep; then one under /tmp that belongs to this home alone.

    Raises:
        ServiceError: the directory under /tmp belongs to somebody else.
    """
    directory = home / "run"
    if len(os.fsencode(directory / longest_name)) > _LONGEST_PATH:
        digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
        directory = Path("/tmp") / f"contraponto-{os.getuid()}-{digest}"  # noqa: S108 - owner is checked below
    return _own(directory, hint="Set CONTRAPONTO_HOME to a shorter path.")


def _own(directory: Path, *, hint: str) -> Path:
    """The directory, made if need be, for this user alone. Raises ServiceError: it belongs to somebody else."""
    directory.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
    if directory.is_symlink() or directory.stat().st_uid != os.getuid():
        raise ServiceError(f"The directory {directory} belongs to another user.", hint=hint)
    directory.chmod(OWNER_ONLY)  # an earlier version may have made it for everybody
    return directory


@contextmanager
def port_lock(seconds: float = 300) -> Iterator[None]:
    """Held by one stack of this user at a time, from the choice of a port until something listens on it.

    Raises:
        ServiceError: another stack has held it for so long, or its directory belongs to somebody else.
    """
    # In a directory of its own: a file in /tmp could be made, and held, by any user of the machine.
    place = Path(tempfile.gettempdir()) / f"contraponto-{os.getuid()}"
    path = _own(place, hint="Remove it, or set TMPDIR to another directory.") / "ports.lock"
    try:
        with FileLock(path, timeout=seconds):
            yield
    except Timeout as error:
        raise ServiceError(
            "Another stack of this user has been starting for minutes.", hint=f"End it. It holds {path}."
        ) from error


def free_port(*preferred: int) -> int:
    """The first of the preferred TCP ports that nobody listens on at 127.0.0.1, else any free one."""
    for port in (*preferred, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            number: int = candidate.getsockname()[1]
            return number
    raise ServiceError("No TCP port is free on 127.0.0.1.", hint="Close programs that hold many connections.")
