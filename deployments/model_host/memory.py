"""Memory (in MB) and processors of this machine, and the memory of processes."""

import os
from collections.abc import Iterator
from pathlib import Path

import psutil

_CONTROL_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")


def usable_memory_mb(root: Path = _CONTROL_GROUPS, own: Path = _OWN_GROUP) -> int:
    """The machine's memory, or what the control groups above this process leave of it (containers limit it so)."""
    limits = [limit for group in _groups(root, own) if (limit := _limit(group)) is not None]
    return min([psutil.virtual_memory().total, *limits]) >> 20


def usable_cpus(root: Path = _CONTROL_GROUPS, own: Path = _OWN_GROUP) -> int:
    """The processors that this process may use, or what the control groups leave of them."""
    quotas = [quota for group in _groups(root, own) if (quota := _quota(group)) is not None]
    return max(1, int(min([len(os.sched_getaffinity(0)), *quotas])))


def resident_mb(pid: int) -> float:
    """What a process holds now; 0 when it is gone."""
    try:
        return float(psutil.Process(pid).memory_info().rss) / (1 << 20)
    except psutil.NoSuchProcess:
        return 0.0


def peak_mb(pid: int) -> float:
    """The most that a process has held so far; 0 when it is gone."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        return 0.0
    return resident_mb(pid)


def _groups(root: Path, own: Path) -> Iterator[Path]:
    yield root
    if own.is_file():
        for line in own.read_text(encoding="utf-8").splitlines():
            if line.startswith("0::"):
                relative = Path(line[3:].lstrip("/"))
                yield from (root / parent for parent in (relative, *relative.parents))


def _quota(group: Path) -> float | None:
    try:
        quota, period = (group / "cpu.max").read_text(encoding="utf-8").split()[:2]
    except (OSError, ValueError):
        return None
    return None if quota == "max" else int(quota) / int(period)


def _limit(group: Path) -> int | None:
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            value = (group / name).read_text(encoding="utf-8").strip()
        except OSError:
            continue
        return None if value == "max" else int(value)
    return None
