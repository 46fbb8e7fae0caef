"""Programs that are run to their end."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from deployments.processes.service import ServiceError


def output_of(
    command: Sequence[str],
    *,
    failure: str,
    seconds: float,
    environment: Mapping[str, str],
    directory: Path | None = None,
    apart: bool = False,
) -> str:
    """What a program prints that succeeds in time.

    Args:
        command: Program and arguments; its input is empty.
        failure: What is said where it does not succeed, as a sentence without its full stop.
        seconds: How long it may take; then it is killed.
        environment: All of its environment.
        directory: Where it runs.
        apart: Whether it begins a session of its own: what it starts outlives the terminal.

    Raises:
        ServiceError: It failed, and the hint has its output; or it took too long.
    """
    try:
        result = subprocess.run(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
            start_new_session=apart,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ServiceError(
            f"{failure}: it took more than {seconds:g} seconds.",
            hint="This machine has too much to do, or too little memory. Try again when it has less to do.",
        ) from error
    if result.returncode != 0:
        raise ServiceError(
            f"{failure}.", hint=result.stdout.strip() or f"It ended with status {result.returncode}."
        )
    return result.stdout
