"""The model host's socket: where it is, how to reach it, and who is at its other end."""

import contextlib
import os
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

from tasks.inference.protocol import HEADER_BYTES, body_length

OFF = "off"
AUTO = "auto"

_NAME = "model-host.sock"
_LONGEST_PATH = 100
"""Bytes. The kernel takes 107 for a socket's path."""
_CREDENTIALS = struct.Struct("3i")
"""The kernel's `struct ucred`: process, user and group of the other end."""


def host_socket(choice: str, home: Path) -> Path:
    """Where the model host of a home listens, by the setting `model_host` ("off" concerns the jobs only)."""
    return home / "run" / _NAME if choice in (AUTO, OFF) else Path(choice)


def chosen_socket(choice: str, home: Path) -> Path | None:
    """The socket for a job to try, by the setting `model_host`; None to load models in its own process."""
    path = host_socket(choice, home)
    if choice == OFF or (choice == AUTO and not path.exists()):
        return None
    return path


@contextlib.contextmanager
def reachable(path: Path) -> Iterator[str]:
    """The path in a form that is short enough for the kernel, for the time of the block."""
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


def is_own(connection: socket.socket) -> bool:
    """Whether the process at the other end belongs to this user."""
    _, user, _ = _CREDENTIALS.unpack(
        connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    )
    return bool(user == os.geteuid())


class Connection:
    """Whole frames from a socket, waiting only as long as asked."""

    def __init__(self, path: Path, *, seconds: float) -> None:
        """Raises OSError: nobody listens there, or somebody else's process does."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._received = bytearray()
        try:
            self._socket.settimeout(seconds)
            with reachable(path) as address:
                self._socket.connect(address)
        except BaseException:
            self._socket.close()
            raise
        if not is_own(self._socket):
            self._socket.close()
            raise PermissionError(f"the process behind {path} belongs to another user")

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Raises OSError."""
        self._socket.sendall(data)

    def receive(self, *, seconds: float) -> bytes | None:
        """The next frame's body; None if it is not there in time.

        Raises:
            OSError: the connection failed, or the other side has closed it.
        """
        self._socket.settimeout(seconds)
        while (found := self._take()) is None:
            try:
                data = self._socket.recv(1 << 18)
            except TimeoutError:
                return None
            if not data:
                raise ConnectionResetError("the other side has closed the connection")
            self._received += data
        return found

    def hang_up(self, *, seconds: float) -> None:
        """Says that nothing more is wanted and waits until the other side has closed, but only so long."""
        end = time.monotonic() + seconds
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            while (left := end - time.monotonic()) > 0:
                self._socket.settimeout(left)
                if not self._socket.recv(1 << 18):
                    return

    def _take(self) -> bytes | None:
        if len(self._received) < HEADER_BYTES:
            return None
        try:
            end = HEADER_BYTES + body_length(bytes(self._received[:HEADER_BYTES]))
        except ValueError as error:
            raise ConnectionError(f"the other side sends something else than messages: {error}") from error
        if len(self._received) < end:
            return None
        body = bytes(self._received[HEADER_BYTES:end])
        del self._received[:end]
        return body
