"""The installation of the environment, with a pip that only talks."""

import os
import pty
import subprocess
import textwrap
from importlib.metadata import version
from pathlib import Path

import pytest

from blocks.settings import PROJECT_ROOT
from deployments.scripts.changed_packages import changes

SCRIPT = PROJECT_ROOT / "deployments" / "scripts" / "install.sh"
TALKS = 12_000


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """What installs two packages into an environment that is there, by a Python that fails if `PIP_ERROR` is set."""
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(
        textwrap.dedent(f"""\
            #!/bin/sh
            case "$*" in
            *changed_packages.py*) echo "${{CHANGED:-}}" ;;
            "-m pip list"*) printf 'one==1\\ntwo==2\\n' ;;
            "-m pip install --no-deps --require-hashes"*)
                seq {TALKS}
                [ -z "${{PIP_ERROR:-}}" ] || {{ echo "ERROR: $PIP_ERROR" >&2; exit 3; }} ;;
            esac
            """)
    )
    python.chmod(0o755)
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("one==1 \\\n    --hash=sha256:0\ntwo==2 \\\n    --hash=sha256:0\n")
    return ["sh", str(SCRIPT), str(tmp_path / "venv"), str(requirements)]


def install(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={"PATH": os.defpath, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_a_terminal_pip_writes_into_a_log(command: list[str], tmp_path: Path) -> None:
    done = install(command)
    assert done.returncode == 0, done.stderr
    first, last = done.stdout.splitlines()
    assert "requirements.txt (2 pinned)" in first
    assert "has 2 packages" in last
    assert not done.stderr
    assert len((tmp_path / "venv" / "install.log").read_text().splitlines()) == TALKS


def test_a_failure_shows_the_end_of_the_log_and_where_it_is(command: list[str], tmp_path: Path) -> None:
    failed = install(command, PIP_ERROR="No matching distribution found for two==2")
    assert failed.returncode == 3
    assert "ERROR: No matching distribution found for two==2" in failed.stderr
    assert str(tmp_path / "venv" / "install.log") in failed.stderr
    assert len(failed.stderr.splitlines()) < 50
    assert "Installed" not in failed.stdout


def test_in_a_terminal_progress_is_seen(command: list[str], tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    child = subprocess.Popen(command, env={"PATH": os.defpath}, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    try:
        while piece := _read(ours):
            seen += piece
    finally:
        os.close(ours)
    assert child.wait(timeout=60) == 0
    assert str(TALKS).encode() in seen
    assert not (tmp_path / "venv" / "install.log").read_text()


@pytest.mark.parametrize("code", [0, 1])
def test_what_runs_is_stopped_before_its_packages_change(
    command: list[str], tmp_path: Path, code: int
) -> None:
    """Also that which cannot be stopped, of a broken environment say, is no reason to leave that broken."""
    contraponto = tmp_path / "venv" / "bin" / "contraponto"
    contraponto.write_text(f"#!/bin/sh\necho called: $*; exit {code}\n")
    contraponto.chmod(0o755)
    assert "called" not in install(command).stdout
    done = install(command, CHANGED="prefect 3.8.5 -> 3.8.8")
    assert done.returncode == 0
    said, called, first, last = done.stdout.splitlines()
    assert "prefect 3.8.5 -> 3.8.8" in said
    assert called == "called: down"
    assert ("pinned" in first, "Installed" in last) == (True, True)
    assert bool(done.stderr) == bool(code)


def test_only_packages_that_would_be_replaced_have_changed() -> None:
    pinned = [
        f"pytest=={version('pytest')} \\\n    --hash=sha256:0",
        "prefect[redis]==0.1 ; python_version > '3' \\\n    --hash=sha256:0",
        "prefect==0.2 ; python_version < '3'",
        "no-such-package==1",
    ]
    assert list(changes("\n".join(pinned))) == [("prefect", version("prefect"), "0.1")]


def test_what_is_installed_here_is_what_is_pinned() -> None:
    assert list(changes((PROJECT_ROOT / "requirements.txt").read_text(encoding="utf-8"))) == []


def _read(terminal: int) -> bytes:
    """What was written since; nothing once the other side has gone, which Linux calls an error."""
    try:
        return os.read(terminal, 1 << 16)
    except OSError:
        return b""
