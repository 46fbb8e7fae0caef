"""The processors of this machine, and the memory (in MB) of processes."""

import os
from pathlib import Path

from tasks.media.memory import control_groups, resident_mb

_CONTROL_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")


def usable_cpus(root: Path = _CONTROL_GROUPS, own: Path = _OWN_GROUP) -> int:
    """The processors that this process may use, or what the control groups leave of them."""
    quotas = [quota for group in control_groups(root, own) if (quota := _quota(group)) is not None]
    return max(1, int(min([len(os.sched_getaffinity(0)), *quotas])))


def peak_mb(pid: int) -> float:
    """The most that a process has held so far; 0 when it is gone."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        return 0.0
    return resident_mb(pid)


def _quota(group: Path) -> float | None:
    try:
        quota, period = (group / "cpu.max").read_text(encoding="utf-8").split()[:2]
    except (OSError, ValueError):
        return None
    return None if quota == "max" else int(quota) / int(period)
