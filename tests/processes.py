"""Whether programs that a test has started still run."""

import os
import sys
from pathlib import Path

import pytest

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


def running(mark: str) -> bool:
    """Whether a live process has `mark` among its arguments."""
    for directory in Path("/proc").iterdir():
        if directory.name.isdigit() and int(directory.name) != os.getpid():
            try:
                found = mark.encode() in (directory / "cmdline").read_bytes()
            except OSError:
                continue
            if found:
                return True
    return False
