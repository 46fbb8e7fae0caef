"""Marks of runs: who holds one, and which are found lost."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from deployments.launcher.taken import lost, take
from deployments.processes.environment import PROJECT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="runs are forked on Linux only")

RUN = UUID("0195c0de-0000-4000-8000-000000000001")
GUARD = """
import os, sys, time
from pathlib import Path
from deployments.launcher.taken import take
taken = take(Path(sys.argv[1]), sys.argv[2])
if os.fork() == 0:
    taken.close()
    print("forked", os.getpid(), flush=True)
    time.sleep(600)
os.wait()
"""


def test_a_run_is_lost_once_its_guard_is_gone_though_the_run_itself_lives(tmp_path: Path) -> None:
    monitor = subprocess.Popen(
        [sys.executable, "-c", GUARD, tmp_path, str(RUN)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert monitor.stdout is not None
    run = int(monitor.stdout.readline().split()[1])
    try:
        assert list(lost(tmp_path)) == []
        monitor.kill()
        monitor.wait()
        [found] = lost(tmp_path)
        assert found.run_id == RUN
        assert abs(found.alive - datetime.now(UTC)) < timedelta(minutes=1)
    finally:
        os.kill(run, signal.SIGKILL)
        monitor.stdout.close()


def test_what_the_worker_knows_of_is_not_lost(tmp_path: Path) -> None:
    taken = take(tmp_path, str(RUN))
    taken.touch()
    taken.remove()
    taken.close()
    assert list(lost(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_a_second_start_of_a_run_has_a_mark_of_its_own(tmp_path: Path) -> None:
    first, second = take(tmp_path, str(RUN)), take(tmp_path, str(RUN))
    first.close()
    [found] = lost(tmp_path)
    assert found.path == first.path != second.path
    found.path.unlink()
    assert list(lost(tmp_path)) == []
    second.close()
    assert [run.path for run in lost(tmp_path)] == [second.path]


def test_a_lost_run_is_found_by_one_at_a_time(tmp_path: Path) -> None:
    take(tmp_path, str(RUN)).close()
    take(tmp_path, str(other := uuid4())).close()
    looking = lost(tmp_path)
    first = next(looking).run_id
    [seen_meanwhile] = lost(tmp_path)
    assert {first, seen_meanwhile.run_id} == {RUN, other}
    looking.close()  # type: ignore[attr-defined] # a generator


def test_when_it_lived_last_is_when_it_was_touched_last(tmp_path: Path) -> None:
    taken = take(tmp_path, str(RUN))
    os.utime(taken.path, (1_000_000_000, 1_000_000_000))
    taken.close()
    [found] = lost(tmp_path)
    assert found.alive == datetime.fromtimestamp(1_000_000_000, UTC)


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    for name in (".half", "notes.txt"):
        (tmp_path / name).touch()
    assert list(lost(tmp_path)) == []
    assert len(list(tmp_path.iterdir())) == 2
