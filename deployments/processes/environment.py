"""The surroundings that every service of a stack starts in."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from deployments.processes.log_lines import JSON_VARIABLES
from deployments.processes.service import STACK_VARIABLE

PROJECT = Path(__file__).resolve().parents[2]
"""The checkout: the directory of prefect.yaml, flows/ and tasks/."""


@dataclass(frozen=True)
class Surroundings:
    """Where a stack lives: its data (`home`) and the checkout whose flows it runs (`project`)."""

    home: Path
    project: Path = PROJECT
    log_format: str = "text"
    """`json`: every line that services and jobs print is a JSON object."""

    @property
    def prefect_home(self) -> Path:
        """Prefect's own directory: profiles, leases, results of runs that name no other storage."""
        return self.home / "prefect"

    @property
    def temporary(self) -> Path:
        """Temporary files of the services and their jobs; emptied by `down`."""
        return self.home / "tmp"

    def environment(self, **extra: str) -> dict[str, str]:
        """The environment of a service: the caller's, without what it says about another Prefect server."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("PREFECT_") or name.startswith("PREFECT_LOGGING_")
        }
        return inherited | {
            # `python`, `prefect` and the modules are those of this checkout, not of the caller's shell.
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", os.defpath)]),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(self.project), inherited.get("PYTHONPATH", "")])),
            "PYTHONUNBUFFERED": "1",
            # Prefect's workers share one directory below /tmp, which belongs to whoever came first.
            "TMPDIR": str(self.temporary),
            "CONTRAPONTO_HOME": str(self.home),
            STACK_VARIABLE: str(self.home),
            "PREFECT_HOME": str(self.prefect_home),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            **(JSON_VARIABLES if self.log_format == "json" else {}),
            **extra,
        }


def prefect_program() -> str:
    """The `prefect` command of the environment that this process runs in."""
    beside = Path(sys.executable).with_name("prefect")
    return str(beside) if beside.exists() else shutil.which("prefect") or "prefect"
