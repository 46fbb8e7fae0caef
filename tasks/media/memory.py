"""How much memory a program that works on media may hold, so that no film takes all of the machine's."""

from collections.abc import Iterator
from pathlib import Path

import psutil

_CONTROL_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")
_SHARE = 2
"""One program may hold 1/2 of the memory: the largest pictures that are taken need a fifth of 8 GB."""

_chosen_mb: int | None = None


def usable_memory_mb(root: Path = _CONTROL_GROUPS, own: Path = _OWN_GROUP) -> int:
    """The machine's memory, or what the control groups above this process leave of it (containers limit it so)."""
    limits = [limit for group in control_groups(root, own) if (limit := _limit(group)) is not None]
    return min([psutil.virtual_memory().total, *limits]) >> 20


def resident_mb(pid: int) -> float:
    """What a process holds now; 0 when it is gone."""
    try:
        return float(psutil.Process(pid).memory_info().rss) / (1 << 20)
    except psutil.Error:
        return 0.0


def choose_bound(megabytes: int | None) -> None:
    """Sets how much each program that is started from now on may hold; None for half of the memory."""
    global _chosen_mb  # noqa: PLW0603 - one machine, one bound
    _chosen_mb = megabytes


def bound_mb() -> int:
    """How much a program may hold."""
    return _chosen_mb or usable_memory_mb() // _SHARE


def control_groups(root: Path, own: Path) -> Iterator[Path]:
    """The control groups above a process, whose file of them is `own`."""
    yield root
    if own.is_file():
        for line in own.read_text(encoding="utf-8").splitlines():
            if line.startswith("0::"):
                relative = Path(line[3:].lstrip("/"))
                yield from (root / parent for parent in (relative, *relative.parents))


def _limit(group: Path) -> int | None:
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            value = (group / name).read_text(encoding="utf-8").strip()
        except OSError:
            continue
        return None if value == "max" else int(value)
    return None
