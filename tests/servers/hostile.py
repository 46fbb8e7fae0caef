"""Endpoints of webhooks that hold up whoever posts to them, each in a way of its own."""

import contextlib
import functools
import socket
import socketserver
import ssl
import struct
import threading
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
_LARGE = 100 * 2**20
_PIECE = bytes(64 * 2**10)


class HostileEndpoint:
    """Listens on a loopback address and answers each connection in its way, one of `WAYS`."""

    def __init__(
        self,
        answer: "Callable[[Peer], None]",
        address: str = "127.0.0.1",
        certificate: Path | None = None,
    ) -> None:
        """`certificate`: a file with a key, by which it speaks TLS."""
        self.closing = threading.Event()
        self.connections = 0
        self.sent = 0
        """Bytes of answers, so far."""
        self._answer = answer
        context = None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                outer.connections += 1
                # Whoever hangs up ends it.
                with contextlib.suppress(OSError):
                    connection = self.request
                    if context is not None:
                        connection = context.wrap_socket(connection, server_side=True)
                    outer._answer(Peer(connection, outer))

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False
            address_family = socket.AF_INET6 if ":" in address else socket.AF_INET

            def handle_error(self, *_: object) -> None:
                pass

        self._server = Server((address, 0), Handler)
        self.port: int = self._server.server_address[1]
        host = f"[{address}]" if ":" in address else address
        self.url = f"http{'s' if certificate else ''}://{host}:{self.port}/hook"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


class Peer:
    """One connection."""

    def __init__(self, connection: socket.socket, endpoint: HostileEndpoint) -> None:
        self._connection = connection
        self._endpoint = endpoint

    @property
    def open(self) -> bool:
        return not self._endpoint.closing.is_set()

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)
        self._endpoint.sent += len(data)

    def wait(self, seconds: float) -> None:
        self._endpoint.closing.wait(seconds)

    def read_request(self) -> None:
        """All of it; what comes after the head is as long as the head says."""
        read = b""
        while b"\r\n\r\n" not in read:
            read += self._connection.recv(65_536)
        head, _, body = read.partition(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        while len(body) < length:
            body += self._connection.recv(65_536)

    def reset(self) -> None:
        """Hang up without a word."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()


def _silent(peer: Peer) -> None:
    while peer.open:
        peer.wait(1)


def _one_byte_a_second(data: bytes) -> Callable[[Peer], None]:
    def answer(peer: Peer) -> None:
        for byte in data:
            peer.send(bytes([byte]))
            peer.wait(1)

    return answer


def _slow_body(peer: Peer) -> None:
    peer.read_request()
    peer.send(_HEAD + b"Content-Length: 600\r\n\r\n")
    _one_byte_a_second(b"a" * 600)(peer)


def _endless_headers(peer: Peer) -> None:
    peer.read_request()
    peer.send(_HEAD)
    while peer.open:
        peer.send(b"X-More: " + b"a" * 8000 + b"\r\n")


def _endless_continue(peer: Peer) -> None:
    peer.read_request()
    while peer.open:
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def _large_body(peer: Peer) -> None:
    peer.read_request()
    peer.send(_HEAD + f"Content-Length: {_LARGE}\r\n\r\n".encode())
    for _ in range(_LARGE // len(_PIECE)):
        peer.send(_PIECE)


@functools.cache
def gzip_bomb() -> bytes:
    """A hundred kilobytes that become a hundred megabytes. Takes a moment the first time."""
    packing = zlib.compressobj(wbits=31)  # gzip
    return b"".join(packing.compress(_PIECE) for _ in range(_LARGE // len(_PIECE))) + packing.flush()


def _gzip_bomb(peer: Peer) -> None:
    packed = gzip_bomb()
    peer.read_request()
    peer.send(_HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode() + packed)


def _reset_after_body(peer: Peer) -> None:
    peer.read_request()
    peer.reset()


def _nonsense(peer: Peer) -> None:
    peer.read_request()
    peer.send(b"\x00\xff" * 1000 + b"\r\n\r\n")


def good(peer: Peer) -> None:
    """Takes the message, as endpoints should."""
    peer.read_request()
    peer.send(b"HTTP/1.1 204 No Content\r\n\r\n")


WAYS: dict[str, Callable[[Peer], None]] = {
    "silent": _silent,
    "one byte of the head a second": _one_byte_a_second(_HEAD * 20),
    "one byte of the body a second": _slow_body,
    "endless headers": _endless_headers,
    "endless interim answers": _endless_continue,
    "100 MB": _large_body,
    "gzip bomb": _gzip_bomb,
    "reset after the body": _reset_after_body,
    "nonsense": _nonsense,
}


def self_signed(folder: Path, host: str = "127.0.0.1") -> Path:
    """A certificate that nobody vouches for, with its key, as one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "self-signed.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
