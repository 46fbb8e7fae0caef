"""compose.yaml as it stands, started by Compose on the tests' own engine, and its server as callers reach it."""

import functools
import json
import os
import random
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from typing_extensions import override

from deployments.processes.environment import PROJECT
from deployments.processes.sockets import free_port
from tests.system.checkout import Checkout
from tests.system.docker.debian import program
from tests.system.docker.engine import Engine

NAME = "contraponto"
_AUTHORITY = "/data/caddy/pki/authorities/local/root.crt"


@dataclass(frozen=True, kw_only=True)
class Project(Checkout):
    """A project of Compose; requests go through its proxy."""

    docker: Engine
    https: int
    metrics: int

    @classmethod
    def write(cls, directory: Path, docker: Engine, *, image: str, settings: dict[str, str]) -> "Project":
        """The files that a person has who follows docs/containers.md, with ports that are free here."""
        for name in ("docker/compose.yaml", "docker/env.example", "proxy/Caddyfile"):
            target = directory / "deployments" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / "deployments" / name, target)
        folder = directory / "deployments" / "docker"
        https, metrics, password = _quiet_port(), _quiet_port(), "wears-a-hat-outdoors"
        example = (folder / "env.example").read_text(encoding="utf-8")
        values = {
            "API_AUTH": f"contraponto:{password}",
            "POSTGRES_PASSWORD": "p0stgres",
            "REDIS_PASSWORD": "r3dis",
            "COMPOSE_PROFILES": "no-gpu,metrics,proxy",
            "IMAGE": image,
            # A range: each replica of the server takes one. Zero is any that is free.
            "PUBLISH": "127.0.0.1:0",
            "PUBLISH_METRICS": f"127.0.0.1:{metrics}",
            "PUBLISH_HTTP": "127.0.0.1:0",
            "PUBLISH_HTTPS": f"127.0.0.1:{https}",
        }
        lines = [line for line in example.splitlines() if line.lstrip("# ").partition("=")[0] not in values]
        _write(folder / ".env", [*lines, *(f"{name}={value}" for name, value in values.items())])
        _write(folder / "settings.env", [f"{name}={value}" for name, value in settings.items()])
        return cls(directory, {}, ("contraponto", password), docker=docker, https=https, metrics=metrics)

    def compose(self, *arguments: str, seconds: float = 600) -> str:
        """What Compose prints; fails unless it succeeds."""
        result = subprocess.run(
            [
                str(program("docker-compose")),
                *("--env-file", str(self.directory / "deployments/docker/.env")),
                *("-f", str(self.directory / "deployments/docker/compose.yaml"), *arguments),
            ],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.directory),
                "DOCKER_HOST": self.docker.host,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert result.returncode == 0, f"{arguments}: {result.stderr[-4000:]}\n{self._what_they_say()}"
        return result.stdout

    def up(self, *options: str) -> None:
        """Everything started, with two servers, and all that ends by itself ended well."""
        self.compose("up", "--detach", "--scale", "server=2", *options)

    def containers(self, service: str) -> list[dict[str, Any]]:
        """Those of a service, running or ended, as the engine knows them."""
        labels = (f"label=com.docker.compose.project={NAME}", f"label=com.docker.compose.service={service}")
        found = self.docker.docker("ps", "--all", "--quiet", "--filter", labels[0], "--filter", labels[1])
        return json.loads(self.docker.docker("inspect", *found.split())) if found else []

    @property
    @override
    def address(self) -> str:
        return f"https://localhost:{self.https}"

    @functools.cached_property
    def trust(self) -> ssl.SSLContext:
        """In the proxy's own authority: nobody else signs `localhost`."""
        return ssl.create_default_context(cadata=self.compose("exec", "-T", "proxy", "cat", _AUTHORITY))

    def client(self) -> httpx.Client:
        """A caller of the API."""
        return httpx.Client(
            base_url=f"{self.address}/api",
            auth=self.credentials,
            verify=self.trust,
            trust_env=False,
            timeout=60,
        )

    @override
    def api(self, method: str, path: str, body: Any = None) -> httpx.Response:
        with self.client() as client:
            return client.request(method, path, json=body)

    def _what_they_say(self) -> str:
        labels = f"label=com.docker.compose.project={NAME}"
        table = self.docker.docker("ps", "--all", "--filter", labels, "--format", "{{.Names}}\t{{.Status}}")
        failed = [line.split("\t")[0] for line in table.splitlines() if "healthy)" not in line]
        logs = [f"{name}: {self.docker.docker('logs', '--tail', '20', name)[-1500:]}" for name in failed]
        return "\n".join([table, *logs])


def _quiet_port() -> int:
    """A free port of those that the kernel gives to nobody: minutes pass until it is listened on."""
    return free_port(*random.sample(range(20_000, 32_000), 50))


def _write(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
