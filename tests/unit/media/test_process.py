import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tasks.errors import MissingEngineError
from tasks.media.process import ChildProcess
from tests.processes import linux_only, running
from tests.waiting import wait_until


def test_only_the_last_lines_are_kept_and_long_lines_are_cut() -> None:
    code = (
        "import sys\nfor i in range(20000): print('line', i, file=sys.stderr)\nsys.stderr.write('x' * 10**6)"
    )
    with ChildProcess([sys.executable, "-c", code], deadline=60) as child:
        assert child.wait() == 0
    assert sum(map(len, child.messages)) <= 200 * 1000
    assert child.messages[-1].startswith("x")


def test_the_exit_status_is_the_programs() -> None:
    with ChildProcess([sys.executable, "-c", "raise SystemExit(3)"], deadline=60) as child:
        assert child.wait() == 3
    assert not child.expired


def test_the_deadline_kills_and_says_so() -> None:
    with ChildProcess([sys.executable, "-c", "import time; time.sleep(600)"], deadline=0.3) as child:
        assert child.wait() < 0
    assert child.expired


@linux_only
def test_the_whole_group_ends_with_the_block(tmp_path: Path) -> None:
    mark = f"group-{tmp_path.name}-{os.getpid()}"
    code = f"""\
import subprocess, sys
subprocess.run([sys.executable, "-c", "import time; time.sleep(600)", "{mark}"])
"""
    with ChildProcess([sys.executable, "-c", code, f"parent-{mark}"], deadline=60):
        wait_until(partial(running, f"\0{mark}"), "the start of the child")
    wait_until(lambda: not running(mark), "the end of the child")


@linux_only
def test_the_child_dies_with_its_killed_parent(tmp_path: Path) -> None:
    mark = f"orphan-{tmp_path.name}-{os.getpid()}"
    code = f"""\
import sys
from tasks.media.process import ChildProcess
command = [sys.executable, "-c", "import time; time.sleep(600)", "child-{mark}"]
with ChildProcess(command, deadline=600) as child:
    child.wait()
"""
    parent = subprocess.Popen([sys.executable, "-c", code])
    try:
        wait_until(partial(running, f"\0child-{mark}"), "the start of the child")
    finally:
        parent.kill()
        parent.wait()
    wait_until(lambda: not running(f"child-{mark}"), "the end of the child")


def test_a_missing_program_is_named() -> None:
    with pytest.raises(MissingEngineError, match="no-such-program"):
        ChildProcess(["/nowhere/no-such-program"], deadline=1)
