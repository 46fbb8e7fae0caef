"""Which packages this environment has: what runs from them is restarted when they change."""

import sys
from pathlib import Path


def installed_packages() -> list[str]:
    """Their names with their versions, as the folders of their metadata are called.

    These are not read: `up` does this each time, also where there is nothing to do.
    """
    return sorted({found.name for place in sys.path for found in Path(place).glob("*.dist-info")})
