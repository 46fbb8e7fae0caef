"""Processes whose event loops hang, and one whose loop is only busy."""

import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, time
from deployments.processes.watchdog import ended_when_hung

async def hang_here():
    time.sleep(60)

async def main():
    async with ended_when_hung(1.5):
        {inside}
    time.sleep({after})
    print("came to its end")

asyncio.run(main())
"""

_APPLICATION = """
import asyncio, time
from deployments.processes.watchdog import Watched

async def hang_here(scope, receive, send):
    await asyncio.sleep(0.1)
    time.sleep(60)

asyncio.run(Watched(hang_here, 1.5)({"type": "lifespan"}, None, None))
"""


def run(inside: str, after: float = 0) -> subprocess.CompletedProcess[str]:
    program = PROGRAM.format(inside=inside, after=after)
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False
    )


def test_a_loop_that_hangs_ends_its_process_and_says_where() -> None:
    _is_hung(run("await hang_here()"))


def test_so_does_an_application() -> None:
    """Whose life is one call."""
    ended = subprocess.run(
        [sys.executable, "-c", _APPLICATION], capture_output=True, text=True, timeout=50, check=False
    )
    _is_hung(ended)


def _is_hung(ended: subprocess.CompletedProcess[str]) -> None:
    assert ended.returncode == 1
    assert "in hang_here" in ended.stderr
    assert not ended.stdout


@pytest.mark.parametrize(
    ("inside", "after"),
    [
        ("[(time.sleep(0.2), await asyncio.sleep(0)) for _ in range(15)]", 0),
        ("await asyncio.sleep(0.1)", 2.5),
    ],
)
def test_a_busy_one_goes_on_and_afterwards_nothing_is_watched(inside: str, after: float) -> None:
    ended = run(inside, after)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "came to its end\n", "")
