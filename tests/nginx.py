"""The proxy's file as it stands, in a real nginx; only names, ports and paths are others."""

import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from deployments.processes.environment import PROJECT
from deployments.processes.sockets import free_port
from tests.waiting import wait_until

FILE = PROJECT / "deployments" / "proxy" / "contraponto.conf"
PROGRAM = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
SUBMITS_ONLY = {
    "# proxy_set_header X-Contraponto-Submits-Only 1;": "proxy_set_header X-Contraponto-Submits-Only 1;"
}
"""The option, taken."""


@dataclass(frozen=True)
class Proxy:
    url: httpx.URL
    trust: ssl.SSLContext
    """Of its certificate, which nobody else has signed."""
    log: Path

    def client(self, auth: tuple[str, str] | None = None) -> httpx.Client:
        return httpx.Client(
            base_url=self.url.join("/api"), verify=self.trust, trust_env=False, auth=auth, timeout=60
        )

    def answers(self) -> bool:
        try:
            with self.client() as client:
                client.get("/health")
        except httpx.TransportError:
            return False
        return True


@contextmanager
def before(upstream: str, folder: Path, changes: Mapping[str, str]) -> Iterator[Proxy]:
    """nginx before the server at `upstream` (address:port), for the time of the block."""
    assert PROGRAM, "nginx is not installed; `make test-engine` installs it on Debian"
    folder.chmod(0o755)
    port = free_port()
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    _sign(certificate, key)
    text = FILE.read_text(encoding="utf-8")
    for written, here in {
        "server 127.0.0.1:4200;": f"server {upstream};",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "/etc/ssl/certs/contraponto.pem": str(certificate),
        "/etc/ssl/private/contraponto.key": str(key),
        "/var/log/nginx/contraponto.log": str(folder / "access.log"),
        **changes,
    }.items():
        assert written in text, written
        text = text.replace(written, here)
    (folder / "contraponto.conf").write_text(text)
    paths = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root; " if os.geteuid() == 0 else ""
    whole = folder / "nginx.conf"
    whole.write_text(
        f"daemon off; {user}pid {folder}/pid; error_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\n{paths}include {folder}/contraponto.conf;\n}}\n"
    )
    with subprocess.Popen([PROGRAM, "-c", str(whole), "-e", str(folder / "error.log")]) as server:
        trust = ssl.create_default_context(cafile=certificate)
        running = Proxy(httpx.URL(f"https://127.0.0.1:{port}"), trust, folder / "access.log")
        try:
            wait_until(running.answers, what="the proxy", seconds=20)
            yield running
        finally:
            server.terminate()
            server.wait(20)


def _sign(certificate: Path, key: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
