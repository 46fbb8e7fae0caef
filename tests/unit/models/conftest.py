"""A hub on this machine, and wheels that carry models."""

import hashlib
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tasks.models.manifest import CarrierPackage, HubRepository, Manifest, Model, ModelFile

REVISION = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """Speaks the hub's resolve protocol: small files directly, large ones through a redirect to a "CDN"."""

    files: dict[str, bytes] = field(default_factory=dict)
    large: set[str] = field(default_factory=set)
    publishes_digests: bool = True
    cut_after: dict[str, list[int]] = field(default_factory=dict)
    """Per file: after how many bytes the next transfers break off."""
    statuses: dict[str, list[int]] = field(default_factory=dict)
    """Per file: error statuses of the next answers."""
    retry_after: str | None = None
    """Header of those answers."""
    times: dict[str, list[float]] = field(default_factory=dict)
    """Per file: when it was asked for, in seconds; large files are asked for twice."""
    instead: dict[str, bytes] = field(default_factory=dict)
    """Per file: what is sent in its place."""
    pause: float = 0.0
    """Seconds before each transfer."""
    transfers: list[tuple[str, int]] = field(default_factory=list)
    """Every transfer: file and first byte."""
    port: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def starts_of(self, name: str) -> list[int]:
        return [start for file, start in self.transfers if file == name]


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            kind, _, name = self.path.strip("/").rpartition("/")
            if name not in hub.files or not (kind == "cdn" or kind == f"org/model/resolve/{REVISION}"):
                self.send_error(404)
                return
            hub.times.setdefault(name, []).append(time.monotonic())
            if statuses := hub.statuses.get(name):
                self.send_response(statuses.pop(0))
                if hub.retry_after is not None:
                    self.send_header("Retry-After", hub.retry_after)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            content = hub.files[name]
            if kind != "cdn" and name in hub.large:
                self.send_response(302)
                self.send_header("Location", f"/cdn/{name}")
                if hub.publishes_digests:
                    self.send_header("X-Linked-Etag", f'"{hashlib.sha256(content).hexdigest()}"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self._send(name, hub.instead.get(name, content), cdn=kind == "cdn")

        def _send(self, name: str, content: bytes, *, cdn: bool) -> None:
            start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
            hub.transfers.append((name, start))
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            threading.Event().wait(hub.pause)
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            body = content[start:]
            self.send_header("Content-Length", str(len(body)))
            if cdn:
                self.send_header("ETag", f'"{hashlib.md5(content).hexdigest()}"')  # noqa: S324 - as object stores do
            elif hub.publishes_digests:
                blob = hashlib.sha1(b"blob %d\0" % len(hub.files[name]) + hub.files[name])  # noqa: S324 - as git does
                self.send_header("ETag", f'W/"{blob.hexdigest()}"')
            self.end_headers()
            cuts = hub.cut_after.get(name)
            self.wfile.write(body[: cuts.pop(0)] if cuts else body)

    return Handler


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    hub = Hub(
        files={"config.json": b'{"a": 1}\n', "model.bin": bytes(range(256)) * 8000}, large={"model.bin"}
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    hub.port = server.server_port
    monkeypatch.setenv("HF_ENDPOINT", hub.address)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    yield hub
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that refuses every connection."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)


def files_of(contents: dict[str, bytes], *, digests: bool = True) -> tuple[ModelFile, ...]:
    return tuple(
        ModelFile(path=path, size=len(content), sha256=hashlib.sha256(content).hexdigest())
        if digests
        else ModelFile(path=path)
        for path, content in contents.items()
    )


ModelFromHub = Callable[..., Manifest]


@pytest.fixture
def from_hub(hub: Hub) -> ModelFromHub:
    """A manifest whose model `m` is what the hub has; keyword arguments change the model."""

    def manifest(*, digests: bool = True, **changes: object) -> Manifest:
        values: dict[str, object] = {
            "name": "m",
            "purpose": "tests",
            "version": "1",
            "licence": "MIT",
            "files": files_of(hub.files, digests=digests),
            "hub": HubRepository(repository="org/model", revision=REVISION),
        }
        return Manifest(model=(Model.model_validate(values | changes),))

    return manifest


CarrierFactory = Callable[[str, dict[str, bytes]], CarrierPackage]


@pytest.fixture
def carrier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CarrierFactory:
    """Builds wheels into a directory that is pip's only source."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL", "PIP_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))

    def build(package: str, members: dict[str, bytes]) -> CarrierPackage:
        """`members`: file of the model -> its content, or its piece, in this package."""
        module = package.replace("-", "_")
        wheel = shelf / f"{module}-1.0-py3-none-any.whl"
        info = f"{module}-1.0.dist-info"
        with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in members.items():
                archive.writestr(f"{module}/{path}", content)
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
            archive.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            archive.writestr(f"{info}/RECORD", "")
        return CarrierPackage(
            package=package,
            version="1.0",
            size=wheel.stat().st_size,
            sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
            members={path: f"{module}/{path}" for path in members},
        )

    return build
