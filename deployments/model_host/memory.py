"""Memory of this machine and of processes, in MB."""

from pathlib import Path

import psutil


def usable_memory_mb(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> int:
    """The machine's memory, or what the control groups above this process leave of it (containers limit it so)."""
    groups = [root]
    if own.is_file():
        for line in own.read_text(encoding="utf-8").splitlines():
            if line.startswith("0::"):
                relative = Path(line[3:].lstrip("/"))
                groups = [root / relative, *(root / parent for parent in relative.parents)]
    limits = [limit for group in groups if (limit := _limit(group)) is not None]
    return min([psutil.virtual_memory().total, *limits]) >> 20


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


def _limit(group: Path) -> int | None:
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            value = (group / name).read_text(encoding="utf-8").strip()
        except OSError:
            continue
        return None if value == "max" else int(value)
    return None
