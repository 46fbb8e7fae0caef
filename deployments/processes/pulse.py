"""What a service without a port writes now and then: that it lives, and what it has counted since its start."""

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from deployments.processes.service import write_atomically

LISTENERS = "run/listeners"
"""Where, in a home, the listeners of messages say that they live."""

BACKGROUND = "run/background"
"""The same of the background services of the server."""

FRESH_SECONDS = 30.0
"""A service whose last sign of life is older than this does not work."""
_GONE_SECONDS = 3600
"""After so long nothing is said of it: a container that is made again has another name."""


class Pulse(BaseModel):
    """The last sign of life of a service."""

    model_config = ConfigDict(frozen=True)

    host: str
    pid: int
    at: float
    """Seconds since 1970."""
    well: bool = True
    """Whether what it needs answers."""
    counts: dict[str, dict[str, int]] = {}
    """Of each kind of thing, by what it belongs to."""

    @property
    def seconds(self) -> float:
        """Its age."""
        return max(0.0, time.time() - self.at)

    @property
    def is_fresh(self) -> bool:
        """Whether the service lives, as far as one can tell."""
        return self.seconds < FRESH_SECONDS


def beat(folder: Path, *, well: bool, counts: dict[str, dict[str, int]]) -> None:
    """Say that this process lives, in a file of this machine."""
    host = socket.gethostname()
    pulse = Pulse(host=host, pid=os.getpid(), at=time.time(), well=well, counts=counts)
    write_atomically(folder / f"{host}.json", pulse.model_dump_json())
    for other in folder.glob("*.json"):
        with contextlib.suppress(FileNotFoundError):
            if pulse.at - other.stat().st_mtime > _GONE_SECONDS:
                other.unlink()


def pulses(folder: Path) -> Iterator[Pulse]:
    """Of the services of all machines that share the folder, old ones too."""
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            yield Pulse.model_validate_json(path.read_bytes())
        except (OSError, ValidationError, json.JSONDecodeError):
            continue  # it is being removed, or of another version


def has_said(folder: Path, pid: int) -> bool:
    """Whether the process of this number has said there that it lives, and not one that had the number before."""
    try:
        started = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return False
    return any(pulse.pid == pid and started <= pulse.at <= time.time() + 1 for pulse in pulses(folder))


def is_well(folder: Path) -> bool:
    """Whether the service of this machine lives and has what it needs."""
    host = socket.gethostname()
    return any(pulse.host == host and pulse.is_fresh and pulse.well for pulse in pulses(folder))
