"""A web server in a thread of the test."""

import http.server
import threading
from abc import ABC, abstractmethod


class LoopbackServer(ABC):
    """Every request goes to `serve`, on a thread of its own."""

    address = "127.0.0.1"
    """What it listens on; containers with a network of their own do not reach loopback."""

    def __init__(self) -> None:
        self.closing = threading.Event()
        """Set when the test ends: whoever keeps a client waiting waits no longer."""
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Headers and body are written apart: the body does not wait for the client to acknowledge them.
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                outer.serve(self)

            def do_POST(self) -> None:
                outer.serve(self)

            def do_HEAD(self) -> None:
                outer.serve(self)

            def do_DELETE(self) -> None:
                outer.serve(self)

            def do_CONNECT(self) -> None:
                outer.connect(self)

            def log_message(self, *_: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # clients that hang up are part of the tests

        self._server = Server((self.address, 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def connect(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        """Be a proxy: only those are that say how."""
        handler.send_error(501)

    @abstractmethod
    def serve(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        """Answers one request."""

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
