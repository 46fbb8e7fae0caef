"""What Prefect's server is told of how long to keep what: as Prefect itself reads it."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from blocks.settings import PROJECT_ROOT, Settings
from deployments.embedded import retention

_READ = """
from prefect.settings import get_current_settings
server = get_current_settings().server
vacuum = server.services.db_vacuum
heartbeats = vacuum.event_retention_overrides["prefect.flow-run.heartbeat"]
print(sorted(vacuum.enabled_vacuum_types), server.events.retention_period.total_seconds(),
      heartbeats.total_seconds(), vacuum.loop_seconds, vacuum.orphan_cleanup_loop_seconds, vacuum.batch_size)
"""


def _as_prefect_reads(variables: dict[str, str], home: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _READ],
        env={"PREFECT_HOME": str(home), **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        (timedelta(days=30), "604800.0 86400.0 3600.0 86400.0 1000"),
        (timedelta(days=1), "86400.0 86400.0 3600.0 21600.0 1000"),
        (timedelta(minutes=1), "60.0 60.0 30.0 30.0 1000"),
    ],
)
def test_nothing_stays_for_longer_than_ended_jobs(
    kept: timedelta, read: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRAPONTO_QUEUE_JOB_TTL", f"{kept.total_seconds():.0f}")
    variables = retention.environment(Settings())
    assert _as_prefect_reads(variables, tmp_path) == f"['events', 'orphans'] {read}"


def test_the_compose_file_says_the_same_as_the_embedded_server(tmp_path: Path) -> None:
    text = (PROJECT_ROOT / "deployments" / "docker" / "compose.yaml").read_text(encoding="utf-8")
    server = yaml.safe_load(text)["x-server"]
    told = {name: value for name, value in server.items() if "VACUUM" in name or "RETENTION" in name}
    assert _as_prefect_reads(told, tmp_path) == _as_prefect_reads(retention.environment(Settings()), tmp_path)
