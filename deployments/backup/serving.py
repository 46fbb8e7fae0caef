"""A service of the stack that answers for as long as it is needed: the one that runs, or one started for it."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deployments.processes.environment import Surroundings
from deployments.processes.kernel import die_with
from deployments.processes.private import OWNER_ONLY
from deployments.processes.service import Service, ServiceError, last_lines

_POLL_SECONDS = 0.1


@contextmanager
def serving(service: Service, surroundings: Surroundings) -> Iterator[None]:
    """Have it answer; one that was started here is stopped in the end, and dies with this process.

    Raises:
        ServiceError: it does not start.
    """
    if service.is_ready(0):
        yield
        return
    log = surroundings.home / "logs" / f"{service.name}-backup.log"
    log.parent.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
    parent = os.getpid()
    with (
        log.open("wb") as output,
        subprocess.Popen(
            service.command,
            cwd=service.directory,
            env=dict(service.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Alone in its group: Ctrl-C at a terminal is for this process, which then stops it in order.
            process_group=0,
            preexec_fn=lambda: die_with(parent),  # noqa: PLW1509 - no thread is running yet
        ) as process,
    ):
        try:
            _wait(service, process, log)
            yield
        finally:
            process.send_signal(service.stop_signal)
            try:
                process.wait(service.stop_seconds)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(service: Service, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + service.start_seconds
    while not service.is_ready(process.pid):
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServiceError(
                f"'{service.name}' does not start.", hint=f"The end of {log}:\n{last_lines(log)}"
            )
        time.sleep(_POLL_SECONDS)
