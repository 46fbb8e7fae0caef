import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.processes.service import (
    STACK_VARIABLE,
    end_processes_of,
    last_lines,
    processes_of,
    revision_of,
    write_atomically,
)

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"


def test_orphans_of_a_stack_are_found_by_their_environment_and_ended(tmp_path: Path) -> None:
    stacks = {home: os.environ | {STACK_VARIABLE: str(tmp_path / home)} for home in ("mine", "theirs")}
    mine, theirs = (
        subprocess.Popen([sys.executable, "-c", STUBBORN], env=environment, stdout=subprocess.PIPE)
        for environment in stacks.values()
    )
    with mine, theirs:
        try:
            for child in (mine, theirs):
                assert child.stdout is not None
                child.stdout.readline()
            assert [process.pid for process in processes_of(tmp_path / "mine")] == [mine.pid]
            end_processes_of(tmp_path / "mine", seconds=0.1)
            mine.wait(20)
            assert processes_of(tmp_path / "mine") == []
            assert theirs.poll() is None
        finally:
            mine.kill()
            theirs.kill()


def test_a_secret_file_is_never_readable_by_others(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_atomically(path, "new", mode=0o600)
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, "a folder of bytes: \udce3", encoding="utf-8")
    assert path.read_bytes() == b"a folder of bytes: \xe3"
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "não", encoding="ascii")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("text", "expected"), [("", ""), ("a\nb\nc\n", "b\nc"), ("é" * 20_000, "é" * 20_000)]
)
def test_last_lines(tmp_path: Path, text: str, expected: str) -> None:
    log = tmp_path / "x.log"
    assert last_lines(log) == ""
    log.write_text(text)
    assert expected.endswith(last_lines(log, count=2).lstrip("�"))
    assert bool(last_lines(log)) == bool(text)


def test_a_revision_tells_changes_and_nothing_else() -> None:
    assert revision_of({"a": 1, "b": 2}) == revision_of({"b": 2, "a": 1})
    assert revision_of({"a": 1}) != revision_of({"a": 2})
    assert "hunter2" not in revision_of({"password": "hunter2"})
