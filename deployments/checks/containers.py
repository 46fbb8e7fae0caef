"""Checks of what jobs in containers need."""

import shutil
import subprocess
from collections.abc import Iterator

from deployments.checks.check import ANSWER_SECONDS, Check, judged


def containers() -> Iterator[Check]:
    """Whether Docker and its GPUs can be used, which only pools of containers need."""
    if shutil.which("docker") is None:
        yield judged("Docker", well=True, remark="not here: needed only for jobs in containers")
        return
    engine = _output("docker", "version", "--format", "{{.Server.Version}}")
    yield judged(
        "Docker",
        well=True,
        remark=f"engine {engine}" if engine else "no engine answers: needed only for jobs in containers",
        fix="" if engine else "start the engine, or let this user reach it (group docker)",
    )
    gpus = _output("nvidia-smi", "--list-gpus")
    if engine and gpus:
        yield _gpus(len(gpus.splitlines()))


def _gpus(count: int) -> Check:
    there = "nvidia" in (_output("docker", "info", "--format", "{{json .Runtimes}}") or "")
    there = there or shutil.which("nvidia-container-runtime-hook") is not None
    return judged(
        "GPUs in containers",
        well=True,
        remark=f"{count} GPU(s); " + ("NVIDIA's runtime is there" if there else "no NVIDIA runtime"),
        fix="" if there else "install nvidia-container-toolkit, then restart the Docker engine",
    )


def _output(*command: str) -> str | None:
    """What a program prints; None if it is not there or fails."""
    try:
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip() or None
