"""Another user of the machine: a process that was root and has become somebody else before it does anything."""

import os
import subprocess
import sys

import pytest

NOBODY = 65_534
"""Also the user that PostgreSQL runs as where a stack belongs to root."""
SOMEBODY = 61_234
"""A user of whom nothing on the machine knows."""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

# The interpreter may lie where only root reads: it starts as root and goes on as the other.
_BECOME = "import os, sys; os.setgroups([]); os.setgid({user}); os.setuid({user})\n"
_IMPORTS = "import encodings.idna, json, pathlib, socket, time, urllib.error, urllib.request\n"


def starts(user: int, script: str, *arguments: str) -> "subprocess.Popen[str]":
    """A Python script that runs as this user, its standard input and output open."""
    return subprocess.Popen(
        [sys.executable, "-I", "-c", _IMPORTS + _BECOME.format(user=user) + script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
    )


def says(user: int, script: str, *arguments: str, given: str = "") -> str:
    """What a script prints that runs as this user; `given`, however long, is its standard input."""
    with starts(user, script, *arguments) as process:
        printed, _ = process.communicate(given, timeout=60)
    assert process.returncode == 0, printed
    return printed.strip()
