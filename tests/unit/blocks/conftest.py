"""Fixtures of the block tests: an environment without anyone's settings, and a real S3 server."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from blocks.settings import OLD_NAMES, get_settings


@pytest.fixture(autouse=True)
def bare_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working directory and no settings in the environment; data under it."""
    workplace = tmp_path / "workplace"
    workplace.mkdir()
    monkeypatch.chdir(workplace)
    for name in [name for name in os.environ if name.startswith(("CONTRAPONTO_", "AWS_"))]:
        monkeypatch.delenv(name)
    for name in [old for names in OLD_NAMES.values() for old in names]:
        monkeypatch.delenv(name, raising=False)
    get_settings.cache_clear()
    yield workplace
    get_settings.cache_clear()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an S3-speaking server (moto) in a process of its own."""
    port = free_port()
    log = (tmp_path_factory.mktemp("s3") / "server.log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**os.environ, "MOTO_S3_DEFAULT_MAX_KEYS": "20"},
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            if server.poll() is not None:
                pytest.fail(f"The S3 server ended: {Path(log.name).read_text()}")
            try:
                httpx.get(address, timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        else:
            pytest.fail("The S3 server did not start within 30 s.")
        yield address
    finally:
        server.terminate()
        server.wait(20)
        log.close()
