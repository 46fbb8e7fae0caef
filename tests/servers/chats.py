"""Slack and Discord as a proxy shows them: the addresses are the real ones, who answers is this program.

Their hosts are fixed in apprise. So requests go through an HTTPS proxy, which every library on `requests` knows by
HTTPS_PROXY, and which answers in their place with a certificate that REQUESTS_CA_BUNDLE makes known.
"""

import datetime
import http.server
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.servers.http import LoopbackServer

HOSTS = ("hooks.slack.com", "discord.com")


@dataclass(frozen=True)
class Posted:
    host: str
    path: str
    body: bytes


def certificate(folder: Path, *names: str) -> Path:
    """A key and a certificate of these hosts, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


def tls_of(file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


class Chats(LoopbackServer):
    """Answers with `status` and `answer` whatever is posted to the hosts."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.status, self.answer = 200, b"ok"
        self.posted: list[Posted] = []
        super().__init__()

    @property
    def environment(self) -> dict[str, str]:
        return {"HTTPS_PROXY": f"http://127.0.0.1:{self.port}", "REQUESTS_CA_BUNDLE": str(self.file)}

    def serve(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        raise NotImplementedError

    def connect(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        host = handler.path.partition(":")[0]
        assert host in HOSTS
        handler.send_response(200)
        handler.end_headers()
        with tls_of(self.file).wrap_socket(handler.connection, server_side=True) as inner:
            stream = inner.makefile("rb")
            path = stream.readline().split()[1].decode()
            length = 0
            while (line := stream.readline().strip()) != b"":
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            self.posted.append(Posted(host, path, stream.read(length)))
            head = (
                f"HTTP/1.1 {self.status} .\r\nContent-Length: {len(self.answer)}\r\nConnection: close\r\n\r\n"
            )
            inner.sendall(head.encode() + self.answer)
            stream.close()
        handler.close_connection = True
