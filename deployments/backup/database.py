"""Prefect's database in one file, by PostgreSQL's own pg_dump and pg_restore: the state of one moment."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast
from urllib.parse import unquote, urlsplit, urlunsplit

from deployments.backup.manifest import BackupError
from deployments.backup.tls import reachable_without_tls
from deployments.embedded.database import ask
from deployments.embedded.postgres import program
from deployments.processes.commands import output_of

FILE = "database.dump"
_CONNECT_SECONDS = 15
_MOST_SECONDS = 6 * 3600
"""Of a dump or a restore. A database that takes longer has tools of its own."""
_NOT_BEFORE_17 = b"SET transaction_timeout = 0;\n"
"""What pg_restore writes for a server of its own version, and an earlier one refuses."""
_HEAD_LINES = 40
_HINT_CHARACTERS = 2000


def size(url: str) -> int:
    """Bytes that the database takes; its dump takes less."""
    [found] = ask(url, "SELECT pg_database_size(current_database())")
    return int(str(found))


def is_empty(url: str) -> bool:
    """Whether the database has no tables."""
    return ask(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == (0,)


def dump(url: str, folder: Path) -> None:
    """Write the database as it is now to a file in the folder; those who use it go on."""
    with _access(url) as (address, environment):
        output_of(
            [
                *(str(program("pg_dump")), f"--dbname={address}", "--no-password", "--format=custom"),
                *("--no-owner", "--no-privileges", f"--file={folder / FILE}"),
            ],
            failure="pg_dump failed",
            seconds=_MOST_SECONDS,
            environment=environment,
        )


def restore(folder: Path, url: str) -> None:
    """Fill an empty database with what `dump` wrote: all of it or nothing.

    The role needs no more rights than to make tables and the extension pg_trgm. The server may be earlier than the
    one that the dump is of: pg_restore's statements go through here to psql, without the one that it would refuse.

    Raises:
        BackupError: it could not be done.
    """
    read = [
        *(str(program("pg_restore")), "--no-owner", "--no-privileges", "--no-comments", "--file=-"),
        str(folder / FILE),
    ]
    with (
        _access(url) as (address, environment),
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(read, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors) as reading,
        subprocess.Popen(
            [
                *(str(program("psql")), f"--dbname={address}", "--no-password", "--no-psqlrc", "--quiet"),
                *("--single-transaction", "--set=ON_ERROR_STOP=1"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=environment,
        ) as writing,
    ):
        statements, target = cast("IO[bytes]", reading.stdout), cast("IO[bytes]", writing.stdin)
        try:
            for_any_version(statements, target)
            # What is cut off must not be committed.
            is_whole = reading.wait(_MOST_SECONDS) == 0
        except BrokenPipeError:  # psql has ended, and says why
            is_whole = False
        if not is_whole:
            writing.kill()
            reading.kill()
        try:
            target.close()
        except BrokenPipeError:
            is_whole = False
        if writing.wait(_MOST_SECONDS) != 0 or not is_whole:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()[:_HINT_CHARACTERS]
            raise BackupError("The database could not be restored.", hint=said)


def for_any_version(statements: IO[bytes], target: IO[bytes]) -> None:
    """Copy SQL, without the setting at its head that earlier servers do not know."""
    for _ in range(_HEAD_LINES):
        if (line := statements.readline()) != _NOT_BEFORE_17:
            target.write(line)
    shutil.copyfileobj(statements, target, 1_048_576)


@contextmanager
def _access(url: str) -> Iterator[tuple[str, dict[str, str]]]:
    """An address that others may see in the list of processes, and the environment with the password.

    Raises:
        BackupError: a file that the address names cannot be read.
    """
    with reachable_without_tls(url) as near:
        address, password = _without_password(near)
        secret = {"PGPASSWORD": password} if password else {}
        yield address, os.environ | secret | {"PGCONNECT_TIMEOUT": str(_CONNECT_SECONDS)}


def _without_password(url: str) -> tuple[str, str | None]:
    """An address that others may see in the list of processes, and the password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url, None
    user, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{place}")), unquote(parts.password)
