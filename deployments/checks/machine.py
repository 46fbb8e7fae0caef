"""Checks of the machine itself: Python, the disk, the settings."""

import shutil
import sys
from collections.abc import Iterator

from blocks.settings import Settings
from deployments.checks.check import Check, judged
from deployments.checks.setting_names import setting_names

_LEAST_FREE_GB = 2


def machine(settings: Settings) -> Iterator[Check]:
    """Whether Python is new enough, the disk has room and every setting is understood."""
    yield judged("Python", well=sys.version_info >= (3, 11), remark=sys.version.split()[0])
    place = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(place).free / 1e9
    enough = free >= _LEAST_FREE_GB
    fix = "" if enough else "free some space, or set CONTRAPONTO_HOME to another disk"
    yield judged("disk", well=enough, remark=f"{free:.1f} GB free at {place}", fix=fix)
    yield from setting_names()
    yield from _webhook_retries(settings)


def _webhook_retries(settings: Settings) -> Iterator[Check]:
    """A number of retries that an earlier system's `.env` brings may leave the longest delays unused."""
    retries, delays = settings.webhook_max_retries, settings.webhook_retry_delays
    if retries is not None and retries < len(delays):
        given_up = f"a delivery is given up after {sum(delays[:retries]):g} s of waiting"
        yield judged(
            "webhook retries",
            well=True,
            remark=f"CONTRAPONTO_WEBHOOK_MAX_RETRIES uses {retries} of {len(delays)} delays: {given_up}",
            fix="leave CONTRAPONTO_WEBHOOK_MAX_RETRIES empty to use all of them",
        )
