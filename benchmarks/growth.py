"""What may grow in a stack that runs for long: its processes, its database, Valkey, and files."""

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import psutil
import redis

from benchmarks.own_stack import OwnStack
from deployments.embedded import postgres, valkey
from deployments.processes.environment import Surroundings

_GROWTH = 1.1
_OWN = re.compile(r"[0-9a-f-]{8,}.*")
"""What keys of one kind do not share: an id, and what follows it."""
_DATA = ("postgres", "valkey", "logs", "models")
"""Folders of the home that are looked at otherwise, or hold nothing of jobs."""


@dataclass(frozen=True)
class Kind:
    """One sort of number."""

    unit: str
    slack: float
    """Growth that means nothing, however little there was."""


_MEMORY = Kind("MB", 5)
_ROWS = Kind("rows", 40)
_THINGS = Kind("", 15)


@dataclass(frozen=True)
class Measure:
    """One number of the stack."""

    value: float
    kind: Kind


Sight = dict[str, Measure]
"""The stack at one moment: every number by its name."""


def look(stack: OwnStack, pool: str) -> Sight:
    """Everything that might grow; memory and descriptors of the worker of one pool."""
    home = stack.directory / ".contraponto"
    surroundings = Surroundings(home=home, project=stack.directory)
    return {
        **_processes(stack, pool),
        **asyncio.run(_database(postgres.database_url(surroundings))),
        **_valkey(valkey.redis_url(surroundings)),
        "files": Measure(_files(home), _THINGS),
    }


def table(sights: Sequence[Sight]) -> str:
    """A row for each number that is not nothing, a column for each moment."""
    names = [name for name in sights[-1] if any(sight[name].value for sight in sights if name in sight)]
    width = max(map(len, names))
    lines = [f"{'':{width}}  " + " ".join(f"{number:>8}" for number in range(1, len(sights) + 1))]
    for name in names:
        values = [sight[name].value if name in sight else 0 for sight in sights]
        cells = " ".join(f"{value:8.0f}" for value in values)
        lines.append(f"{name:{width}}  {cells}  {sights[-1][name].kind.unit}".rstrip())
    return "\n".join(lines)


def grown(middle: Sequence[Sight], last: Sequence[Sight]) -> list[str]:
    """What is larger at the end than in the middle, by more than a tenth; one sentence each."""
    found = []
    for name, measure in last[-1].items():
        before, after = (
            sum(sight[name].value for sight in sights if name in sight) / len(sights)
            for sights in (middle, last)
        )
        if after > _GROWTH * before and after - before > measure.kind.slack:
            unit = f" {measure.kind.unit}" if measure.kind.unit else ""
            found.append(f"{name}: {before:.0f} in the middle, {after:.0f}{unit} at the end")
    gone = {name for sight in middle for name in sight} - last[-1].keys()
    return found + [f"{name}: not there any more" for name in sorted(gone) if name.endswith("memory")]


def _processes(stack: OwnStack, pool: str) -> Sight:
    marks: dict[str, Callable[[str, str], bool]] = {
        "server": lambda command, _: _is_server(command),
        "services": lambda command, _: "deployments.embedded.background" in command,
        "launcher": lambda command, _: "service.py" in command and f"--pool {pool}" in command,
        "worker": lambda command, _: (
            "worker start" in command and f"--pool {pool}" in command and "service.py" not in command
        ),
        "zygote": lambda command, parent: (
            "deployments.launcher.zygote" in command and f"--pool {pool}" in parent
        ),
        "deliveries": lambda command, _: "in_process_worker" in command and "webhooks" in command,
        "listener": lambda command, _: "deployments.listener" in command,
    }
    found: dict[str, list[tuple[float, int, int]]] = {}
    members = [process for process in psutil.process_iter() if _belongs(process, stack.directory)]
    for process in members:
        # Runs and their helpers come and go.
        with contextlib.suppress(psutil.NoSuchProcess):
            command = " ".join(process.cmdline())
            parent = process.parent()
            of_parent = " ".join(parent.cmdline()) if parent else ""
            for name, is_it in marks.items():
                if is_it(command, of_parent):
                    memory = process.memory_info().rss / 1e6
                    found.setdefault(name, []).append((memory, process.num_fds(), process.num_threads()))
    sight: Sight = {"processes": Measure(len(members), Kind("", 3))}
    for name in (name for name in marks if name in found):
        memory, descriptors, threads = (sum(part) for part in zip(*found[name], strict=True))
        sight[f"{name}: memory"] = Measure(memory, _MEMORY)
        sight[f"{name}: descriptors"] = Measure(descriptors, _THINGS)
        sight[f"{name}: threads"] = Measure(threads, _THINGS)
    return sight


def _is_server(command: str) -> bool:
    """One process, or several on a port."""
    return "deployments.embedded.serve" in command or "deployments.embedded.one_of_several" in command


def _belongs(process: psutil.Process, directory: Path) -> bool:
    try:
        return process.environ().get("CONTRAPONTO_HOME", "").startswith(str(directory))
    except (psutil.Error, OSError):
        return False


async def _database(url: str) -> Sight:
    """The size of Prefect's database, and the rows of each table."""
    asked = urlsplit(url)
    host = parse_qs(asked.query)["host"][0]
    connection = await asyncpg.connect(
        host=host, user=asked.username, database=asked.path.strip("/"), timeout=30
    )
    try:
        size = await connection.fetchval("SELECT pg_database_size(current_database())")
        tables = await connection.fetch("SELECT relname FROM pg_stat_user_tables ORDER BY relname")
        rows = {
            row["relname"]: await connection.fetchval(f'SELECT count(*) FROM "{row["relname"]}"')  # noqa: S608
            for row in tables
        }
    finally:
        await connection.close()
    return {
        "database": Measure(size / 1e6, _MEMORY),
        **{f"table {name}": Measure(count, _ROWS) for name, count in rows.items()},
    }


def _valkey(url: str) -> Sight:
    with redis.Redis.from_url(url, socket_timeout=30) as client:
        used = client.info("memory")["used_memory"]
        entries = sum(client.xlen(key) for key in client.scan_iter(_type="stream"))
        kinds = Counter(_OWN.sub("*", key.decode(errors="replace")) for key in client.scan_iter())
    return {
        "Valkey": Measure(used / 1e6, Kind("MB", 1)),
        "Valkey: keys": Measure(kinds.total(), _THINGS),
        **{f"Valkey: keys {kind}": Measure(count, _THINGS) for kind, count in sorted(kinds.items())},
        "Valkey: entries of streams": Measure(entries, _ROWS),
    }


def _files(home: Path) -> int:
    return sum(
        1
        for folder in home.iterdir()
        if folder.is_dir() and folder.name not in _DATA
        for path in folder.rglob("*")
        if path.is_file()
    )
