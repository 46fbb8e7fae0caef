"""Scratch folders go away: after success, after an error, after the death of their process."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from blocks.scratch import scratch_directory, sweep_scratch
from blocks.settings import PROJECT_ROOT


def entries(home: Path) -> list[str]:
    return sorted(entry.name for entry in (home / "scratch").iterdir())


def test_a_folder_lives_as_long_as_its_block(tmp_path: Path) -> None:
    with scratch_directory(tmp_path, "job ../x") as folder:
        assert folder.parent == tmp_path / "scratch"
        (folder / "deep").mkdir()
        (folder / "deep" / "file").write_bytes(b"x")
        with scratch_directory(tmp_path, "job ../x") as other:
            assert other != folder
        assert (folder / "deep" / "file").exists()
    assert entries(tmp_path) == []


def test_an_error_removes_the_folder_and_comes_through(tmp_path: Path) -> None:
    def work() -> None:
        with scratch_directory(tmp_path, "job") as folder:
            (folder / "file").write_bytes(b"x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert entries(tmp_path) == []


def test_leftovers_of_a_killed_process_are_swept_and_the_living_are_not(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys\n"
        "from blocks.scratch import scratch_directory\n"
        "with scratch_directory(pathlib.Path(sys.argv[1]), 'victim') as folder:\n"
        "    (folder / 'file').write_bytes(b'x')\n"
        "    print(folder, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT_ROOT,
    ) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        assert sweep_scratch(tmp_path) == 0
        assert (folder / "file").exists()
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    assert folder.exists()
    with scratch_directory(tmp_path, "next") as following:
        assert not folder.exists()
        assert following.exists()
    assert entries(tmp_path) == []


def test_the_lock_of_a_process_killed_before_or_after_its_folder_is_removed(tmp_path: Path) -> None:
    place = tmp_path / "scratch"
    place.mkdir()
    (place / "killed.lock").touch()
    with FileLock(place / "about-to-make-its-folder.lock"):
        assert sweep_scratch(tmp_path) == 0
        assert entries(tmp_path) == ["about-to-make-its-folder.lock"]


def test_processes_killed_at_any_moment_leave_nothing_after_the_next_sweep(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys\n"
        "from blocks.scratch import scratch_directory\n"
        "while True:\n"
        "    with scratch_directory(pathlib.Path(sys.argv[1]), 'victim') as folder:\n"
        "        (folder / 'file').write_bytes(b'x')\n"
        "        print('.', end='', flush=True)\n"
    )
    for _ in range(4):
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(tmp_path)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=PROJECT_ROOT,
            )
            for _ in range(3)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.read(20) == b"." * 20, "they sweep beside each other and none fails"
        for process in processes:
            process.kill()
            process.communicate(timeout=10)
        sweep_scratch(tmp_path)
        assert entries(tmp_path) == []


def test_nothing_to_sweep(tmp_path: Path) -> None:
    assert sweep_scratch(tmp_path / "missing") == 0
