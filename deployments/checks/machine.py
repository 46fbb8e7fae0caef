"""Checks of the machine itself: Python, the disk, the settings."""

import shutil
import sys
from collections.abc import Iterator

from blocks.settings import Settings, unrecognised
from deployments.checks.check import Check, judged

_LEAST_FREE_GB = 2


def machine(settings: Settings) -> Iterator[Check]:
    """Whether Python is new enough, the disk has room and every setting is understood."""
    yield judged("Python", well=sys.version_info >= (3, 11), remark=sys.version.split()[0])
    place = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(place).free / 1e9
    enough = free >= _LEAST_FREE_GB
    fix = "" if enough else "free some space, or set CONTRAPONTO_HOME to another disk"
    yield judged("disk", well=enough, remark=f"{free:.1f} GB free at {place}", fix=fix)
    if unknown := unrecognised():
        remark = f"not understood: {', '.join(unknown)}"
        yield judged("settings", well=False, remark=remark, fix="correct or remove these names")
