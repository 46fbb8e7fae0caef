"""A real S3-speaking server (moto) in a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import httpx
from botocore.config import Config

from deployments.processes.sockets import free_port

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """Its address; `folder` takes its log."""
    port = free_port()
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "MOTO_S3_DEFAULT_MAX_KEYS": "20"},
        )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            if server.poll() is not None:
                raise RuntimeError(f"The S3 server ended: {log.read_text()}")
            try:
                httpx.get(address, timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        else:
            raise RuntimeError("The S3 server did not start within 60 s.")
        yield address
    finally:
        server.terminate()
        server.wait(20)


@contextmanager
def s3_client(address: str) -> Iterator["S3Client"]:
    """A client of that server."""
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(s3={"addressing_style": "path"}),
    )
    try:
        yield client
    finally:
        client.close()


def in_bucket(address: str) -> dict[str, str]:
    """The settings of a media store in its bucket `media`, by their names."""
    return {
        "store": "s3://media/contraponto",
        "s3_endpoint_url": address,
        "s3_access_key_id": "key",
        "s3_secret_access_key": "secret",
    }
