"""A PostgreSQL for tests: the one of the embedded stack, in a folder of its own."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deployments.embedded import postgres
from deployments.processes.environment import Surroundings
from tests.waiting import wait_until


@contextmanager
def running_postgres(home: Path) -> Iterator[str]:
    """Its address, as SQLAlchemy writes it without a driver."""
    surroundings = Surroundings(home=home)
    service = postgres.service(surroundings)
    with subprocess.Popen(
        service.command,
        cwd=service.directory,
        env=service.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_until(lambda: service.is_ready(process.pid), what="PostgreSQL")
            yield postgres.database_url(surroundings).replace("+asyncpg", "")
        finally:
            process.send_signal(service.stop_signal)
            process.wait(timeout=30)
