"""The command of the process pools, taken apart and run as a worker does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prefect.utilities.processutils import command_from_string

from deployments.launcher import RUN_COMMAND


@pytest.mark.parametrize("path", ["", "/a path/with 'quotes'/launch.py"])
def test_it_uses_the_launcher_of_the_worker_if_there_is_one(tmp_path: Path, path: str) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!{sys.executable}\nimport sys\nprint(sys.argv[1:])\n")
    python.chmod(0o755)
    result = subprocess.run(
        command_from_string(RUN_COMMAND),
        env={"PATH": f"{tmp_path}{os.pathsep}{os.defpath}", "CONTRAPONTO_LAUNCHER": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    options = ["-I", "-S", "-E", path] if path else ["-m"]
    assert result.stdout == f"{[*options, 'prefect.engine']}\n"
