"""XML-RPC over a Unix socket, with a timeout: how supervisord is asked.

Not `supervisor.xmlrpc.SupervisorTransport`, which `childutils.getRPCInterface` uses: on a Unix socket that one has no
timeout and takes none, so a supervisord that hangs would hang whoever asks. (Of one that never answered, it still
waited after 35 s; this one gives up after `_ANSWER_SECONDS`.) A timeout would have to be put into its connection and
its private `_get_connection`, which is no less than what is here.
"""

import http.client
import socket
import xmlrpc.client
from pathlib import Path
from typing import Any

_ANSWER_SECONDS = 10


class UnixTransport(xmlrpc.client.Transport):
    """XML-RPC over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        """A connection to the socket, whatever host is named."""
        del host  # there is only one
        return _UnixConnection(self._path)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("supervisor", timeout=_ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(str(self._path))
        except OSError:
            self.close()
            raise
