"""When a zygote has to restart: what it has imported has changed, or it is old, large or worn."""

import site
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from deployments.processes.kernel import memory_bytes

_Mark = tuple[int, int] | None
"""Time and size of a file; None while there is none."""


def watched_files(project: Path, modules: Iterable[Path]) -> frozenset[Path]:
    """What decides what a fresh interpreter would import: sources, settings, installed packages."""
    settings = (".env", "contraponto.toml", "prefect.yaml", "prefect.toml", "pyproject.toml")
    # Installing, upgrading or removing a package changes the directory itself.
    packages = (Path(directory) for directory in site.getsitepackages())
    return frozenset({*modules, *(project / name for name in settings), *packages})


class Watch:
    """Notices that a file is not what it was when the watch began."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._marks = {path: _mark(path) for path in files}

    def changed(self) -> Path | None:
        """A file that has changed, appeared or gone."""
        return next((path for path, mark in self._marks.items() if _mark(path) != mark), None)


def _mark(path: Path) -> _Mark:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


@dataclass(frozen=True)
class Limits:
    """How long one zygote is used."""

    seconds: float = 6 * 3600
    memory: int = 1 << 30
    runs: int = 10_000


@dataclass
class Wear:
    """How much one zygote has been used."""

    limits: Limits
    runs: int = 0
    started: float = field(default_factory=time.monotonic)

    def verdict(self) -> str | None:
        """Why it should restart, in a few words; None while it need not."""
        if time.monotonic() - self.started > self.limits.seconds:
            return f"it is older than {self.limits.seconds:g} s"
        if self.runs >= self.limits.runs:
            return f"it has started {self.runs} runs"
        if (held := memory_bytes()) > self.limits.memory:
            return f"it holds {held >> 20} MB"
        return None
