"""A web server in a thread of the test, on loopback."""

import http.server
import threading
from abc import ABC, abstractmethod


class LoopbackServer(ABC):
    """Every request goes to `serve`, on a thread of its own."""

    def __init__(self) -> None:
        self.closing = threading.Event()
        """Set when the test ends: whoever keeps a client waiting waits no longer."""
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.serve(self)

            def do_POST(self) -> None:
                outer.serve(self)

            def do_HEAD(self) -> None:
                outer.serve(self)

            def log_message(self, *_: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # clients that hang up are part of the tests

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @abstractmethod
    def serve(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        """Answers one request."""

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
