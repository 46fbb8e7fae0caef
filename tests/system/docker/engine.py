"""A Docker engine of the test's own: its data, its socket and its end touch no other engine of the machine."""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.waiting import wait_until

_SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_CLIENT = "/usr/bin/docker"
_NETWORKS = "10.213.0.0/24"
THIS_MACHINE = "10.213.0.1"
"""Its address for containers on the one network that there is room for; beyond this machine they reach nothing."""

_HOOK = """#!/bin/sh
# Stands for NVIDIA's hook, which the engine calls for containers that asked for GPUs: keeps what it was told.
state=$(cat)
bundle=$(printf %s "$state" | sed 's/.*"bundle":"\\([^"]*\\)".*/\\1/')
cp "$bundle/config.json" "@FOLDER@/$$.json"
"""


@dataclass(frozen=True)
class Engine:
    """A running engine."""

    directory: Path

    @property
    def host(self) -> str:
        """What DOCKER_HOST is set to."""
        return f"unix://{self.directory}/docker.sock"

    def docker(self, *arguments: str, stdin: Path | None = None, seconds: float = 180) -> str:
        """What a command of the client prints; fails unless it succeeds."""
        with stdin.open("rb") if stdin else contextlib.nullcontext(subprocess.DEVNULL) as source:
            result = subprocess.run(
                [_CLIENT, *arguments],
                env={"DOCKER_HOST": self.host, "PATH": _SYSTEM_PATH, "HOME": str(self.directory)},
                stdin=source,
                capture_output=True,
                timeout=seconds,
                check=False,
            )
        output = result.stdout.decode(errors="replace")
        assert result.returncode == 0, (
            f"docker {arguments}: {output[-3000:]}\n{result.stderr.decode()[-3000:]}"
        )
        return output.strip()

    def inspect(self, name: str) -> dict[str, Any]:
        """All that the engine knows of a container or an image."""
        found: dict[str, Any] = json.loads(self.docker("inspect", name))[0]
        return found

    def containers_of(self, job_id: str) -> list[str]:
        """Containers of a flow run, also those that have ended."""
        label = f"label=io.prefect.flow-run-id={job_id}"
        return self.docker("ps", "--all", "--quiet", "--no-trunc", "--filter", label).split()

    def containers_with_gpus(self) -> list[dict[str, Any]]:
        """The runtime configuration of each container for which the engine called NVIDIA's hook."""
        return [json.loads(path.read_text()) for path in (self.directory / "gpu").glob("*.json")]


@contextlib.contextmanager
def engine(directory: Path) -> Iterator[Engine]:
    """An engine that has NVIDIA's runtime as far as it can tell, without a network before one is made."""
    programs, told = directory / "bin", directory / "gpu"
    programs.mkdir()
    told.mkdir()
    hook = programs / "nvidia-container-runtime-hook"
    hook.write_text(_HOOK.replace("@FOLDER@", str(told)))
    hook.chmod(0o755)
    started = Engine(directory)
    log = directory / "log"
    with log.open("wb") as output:
        daemon = subprocess.Popen(
            [
                "dockerd",
                *("--data-root", str(directory / "data"), "--exec-root", str(directory / "exec")),
                *("--pidfile", str(directory / "docker.pid"), "--host", started.host),
                *("--iptables=false", "--ip6tables=false", "--bridge=none"),
                # The address of "this machine" is that of a bridge, which is not there.
                *("--host-gateway-ip", "127.0.0.1"),
                # So that a test knows the address under which containers on a network find this machine.
                *("--default-address-pool", f"base={_NETWORKS},size=24"),
            ],
            env={**os.environ, "PATH": f"{programs}:{_SYSTEM_PATH}"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        wait_until(
            lambda: daemon.poll() is not None or (directory / "docker.sock").is_socket(),
            what="the engine's socket",
            seconds=240,
        )
        assert daemon.poll() is None, log.read_text()[-3000:]
        started.docker("info")
        yield started
    finally:
        _stop(daemon, started)


def _stop(daemon: subprocess.Popen[bytes], stopped: Engine) -> None:
    if daemon.poll() is None:
        with contextlib.suppress(AssertionError):
            for container in stopped.docker("ps", "--all", "--quiet").split():
                stopped.docker("rm", "--force", container)
    daemon.terminate()
    try:
        daemon.wait(60)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait(10)
    for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
        place = line.split(" ")[1]
        if place.startswith(f"{stopped.directory}/"):
            subprocess.run(["umount", place], check=False, timeout=30)
